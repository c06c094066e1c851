import { BusyResourceError, CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { bytes, next, socketTest } from "./socket_test.ts";

socketTest("what arrives before anybody receives is kept", async ({ bind }) => {
	const [a, b] = [await bind(), await bind()];
	for (let i = 0; i < 20; i++) await a.send(bytes(`${i}`), b.localAddress);
	await eventually("all have arrived", () => b.core.queuedDatagrams === 20);
	for (let i = 0; i < 20; i++) assertEquals(await next(b), `${i}`);
});

socketTest("a second receive at the same time is refused, and the first goes on", async ({ bind }) => {
	const [a, b] = [await bind(), await bind()];
	const first = next(b);
	await assertRejects(() => b.receive(), BusyResourceError);
	await a.send(bytes("x"), b.localAddress);
	assertEquals(await first, "x");
});

socketTest(
	"a timeout, a signal or a cancelled scope ends the wait only; the socket goes on",
	async ({ backend, bind }) => {
		const [a, b] = [await bind(), await bind()];
		await assertRejects(() => b.receive({ timeout: 10 }), TimeoutError);
		await assertRejects(() => b.receive({ timeout: 0 }), TimeoutError);
		const controller = new AbortController();
		const aborted = b.receive({ signal: controller.signal });
		controller.abort(new RangeError("enough"));
		await assertRejects(() => aborted, RangeError, "enough");
		await assertRejects(() => b.receive({ signal: AbortSignal.abort(new RangeError("before")) }), RangeError, "before");
		assertEquals(await backend.moveOnAfter(10, () => b.receive()), undefined);
		await assertRejects(() => backend.timeout(10, () => b.receive()), TimeoutError);
		await a.send(bytes("x"), b.localAddress);
		assertEquals(await next(b), "x");
	},
);

socketTest("no datagram is lost to a wait that ended", async ({ backend, bind }) => {
	const [a, b] = [await bind(), await bind()];
	for (let i = 0; i < 30; i++) {
		const sending = a.send(bytes(`${i}`), b.localAddress);
		// It may end with the datagram or without; the next call has what it did not take.
		const first = await backend.moveOnAfter(i % 3, () => next(b));
		await sending;
		assertEquals(first ?? (await next(b)), `${i}`);
	}
});

socketTest("in a cancelled scope nothing is received, though it is there", async ({ backend, bind }) => {
	const [a, b] = [await bind(), await bind()];
	await a.send(bytes("x"), b.localAddress);
	await eventually("it has arrived", () => b.core.queuedDatagrams === 1);
	const scope = backend.openCancelScope();
	await backend.runScope(scope, async () => {
		scope.cancel();
		await assertRejects(() => b.receive(), CancelledError);
		await assertRejects(() => a.send(bytes("y"), b.localAddress), CancelledError);
	});
	assertEquals(await next(b), "x");
});

socketTest("the receive queue is bounded in bytes: the newest are dropped and counted", async ({ bind }) => {
	const a = await bind();
	const b = await bind({ limits: { queuedBytes: 10_000 } });
	for (let i = 0; i < 30; i++) await a.send(new Uint8Array(936).fill(i), b.localAddress);
	await eventually("all have arrived", () => b.core.stats.received === 30);
	assertEquals(b.core.queuedDatagrams, 10);
	assert(b.core.queuedBytes <= 10_000);
	assertEquals(b.dropped, 20);
	for (let i = 0; i < 10; i++) assertEquals((await b.receive()).data[0], i);
	assertEquals(b.core.queuedBytes, 0);
});

socketTest("empty datagrams take room as well", async ({ bind }) => {
	const a = await bind();
	const b = await bind({ limits: { queuedBytes: 640 } });
	for (let i = 0; i < 15; i++) await a.send(new Uint8Array(0), b.localAddress);
	await eventually("all have arrived", () => b.core.stats.received === 15);
	assertEquals([b.core.queuedDatagrams, b.dropped], [10, 5]);
});

socketTest("a sink gets what is queued, then what arrives, until it is taken away", async ({ bind }) => {
	const [a, b] = [await bind(), await bind()];
	await a.send(bytes("queued"), b.localAddress);
	await eventually("it has arrived", () => b.core.queuedDatagrams === 1);
	const taken: string[] = [];
	b.core.consume((data, host, port) => taken.push(`${new TextDecoder().decode(data)} ${host}:${port}`));
	assertEquals(taken, [`queued ${a.localAddress}`]);
	await a.send(bytes("live"), b.localAddress);
	await eventually("it is taken", () => taken.length === 2);
	b.core.consume(undefined);
	await a.send(bytes("again queued"), b.localAddress);
	assertEquals(await next(b), "again queued");
	assertEquals(taken[1], `live ${a.localAddress}`);
});

socketTest("sending and receiving go on side by side", async ({ backend, bind }) => {
	const [a, b] = [await bind(), await bind()];
	await backend.taskGroup((group) => {
		for (const [own, other] of [
			[a, b],
			[b, a],
		] as const) {
			group.startSoon(async () => {
				for (let i = 0; i < 50; i++) await own.send(Uint8Array.of(i), other.localAddress);
			});
			group.startSoon(async () => {
				for (let i = 0; i < 50; i++) assertEquals((await own.receive({ timeout: 5_000 })).data[0], i);
			});
		}
	});
});

socketTest(
	"a receive that nobody awaits yet fails without an unhandled rejection when it is awaited later",
	async ({ bind }) => {
		const b = await bind();
		const outcome = b.receive({ timeout: 5 }).catch((error: unknown) => error);
		assertInstanceOf(await outcome, TimeoutError);
	},
);
