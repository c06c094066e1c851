import { SendQueueFullError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf } from "../support/assert.ts";
import { socketTest } from "./socket_test.ts";

socketTest("100,000 sends that nobody awaits stay within the limit", async ({ bind }) => {
	const limits = { sendQueueBytes: 256 * 1024 };
	const [a, b] = [await bind({ limits }), await bind()];
	const { host, port } = b.localAddress;
	const data = new Uint8Array(20);
	let most = 0;
	let taken = 0;
	let refused = 0;
	const sends: Promise<unknown>[] = [];
	for (let i = 0; i < 100_000; i++) {
		const send = i % 2 === 0 ? a.send(data, b.localAddress) : a.core.send(data, port, host);
		sends.push(
			send.then(
				() => taken++,
				(error: unknown) => {
					assertInstanceOf(error, SendQueueFullError);
					refused++;
				},
			),
		);
		most = Math.max(most, a.core.raw.bufferedAmount);
	}
	assert(most <= limits.sendQueueBytes + 64, `${most} bytes waited`);
	await Promise.all(sends);
	assertEquals(taken + refused, 100_000);
	assert(refused > 0 && taken > 0, `${taken} were taken, ${refused} refused`);
	assertEquals(a.core.raw.bufferedAmount, 0);
	// The limit is not a breaking point.
	await a.send(data, b.localAddress);
});

socketTest("empty datagrams are limited as well", async ({ bind }) => {
	const [a, b] = [await bind({ limits: { sendQueueBytes: 6_400 } }), await bind()];
	const sends = Array.from({ length: 1_000 }, () => a.send(new Uint8Array(0), b.localAddress));
	const outcomes = await Promise.allSettled(sends);
	const taken = outcomes.filter(({ status }) => status === "fulfilled").length;
	assert(taken >= 1 && taken <= 101, `${taken} were taken`);
});

socketTest("a server that sends much waits for the system, and goes on", async ({ backend, bind }) => {
	const [a, b] = [await bind(), await bind()];
	const { host, port } = b.localAddress;
	const sending = Promise.all(Array.from({ length: 200 }, () => a.core.send(new Uint8Array(1_000), port, host)));
	await backend.timeout(5_000, () => sending);
	assertEquals(a.core.raw.bufferedAmount, 0);
});

socketTest("closing ends those who wait for room, or lets them through", async ({ bind }) => {
	const [a, b] = [await bind(), await bind()];
	const { host, port } = b.localAddress;
	const sends = Array.from({ length: 200 }, () => a.core.send(new Uint8Array(1_000), port, host));
	const closing = a.close();
	const outcomes = await Promise.allSettled(sends);
	await closing;
	for (const outcome of outcomes) {
		if (outcome.status === "rejected") assertEquals(outcome.reason.name, "ClosedResourceError");
	}
});
