import { ClosedResourceError } from "../../src/errors.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { bytes, next, socketTest, text } from "./socket_test.ts";

socketTest("the port is free as soon as close() has resolved, 50 times in a row", async ({ backend, bind }) => {
	const first = await bind();
	const { port } = first.localAddress;
	await first.close();
	for (let i = 0; i < 50; i++) {
		const socket = await UdpSocket.bind({ backend, host: "127.0.0.1", port });
		// Both halves are busy.
		const receiving = socket.receive().catch((error: unknown) => error);
		const sending = socket.send(bytes("x"), socket.localAddress).catch((error: unknown) => error);
		await socket.close();
		await Promise.all([receiving, sending]);
	}
});

socketTest("close() ends a pending receive, and every call after it", async ({ bind }) => {
	const [a, b] = [await bind(), await bind()];
	const receiving = a.receive().catch((error: unknown) => error);
	await a.close();
	assertInstanceOf(await receiving, ClosedResourceError);
	assert(a.closed);
	await assertRejects(() => a.receive(), ClosedResourceError);
	await assertRejects(() => a.send(bytes("x"), b.localAddress), ClosedResourceError);
	await assertRejects(() => a.joinGroup("239.1.2.3"), ClosedResourceError);
	await assertRejects(() => a.core.send(bytes("x"), 9, "127.0.0.1"), ClosedResourceError);
	assertEquals(a.kernelDrops, undefined);
	assert(a.localAddress.port > 0, "the address is still known");
});

socketTest("close() can be called again, also at the same time", async ({ bind }) => {
	const socket = await bind();
	await Promise.all([socket.close(), socket.close(), socket[Symbol.asyncDispose]()]);
	await socket.close();
});

socketTest("iterating ends when the socket is closed, and leaves it open when the loop is left", async ({ bind }) => {
	const [a, b] = [await bind(), await bind()];
	for (let i = 0; i < 3; i++) await a.send(bytes(`${i}`), b.localAddress);
	const received: string[] = [];
	for await (const { data } of b) {
		received.push(text(data));
		if (received.length === 2) break;
	}
	assert(!b.closed);
	for await (const { data } of b) {
		received.push(text(data));
		void b.close();
	}
	assertEquals(received, ["0", "1", "2"]);
	for await (const datagram of b) assert(false, `received ${datagram.address} after closing`);
});

socketTest(
	"datagrams in flight are sent before the socket closes, and without waiting longer",
	async ({ backend, bind }) => {
		for (let round = 0; round < 5; round++) {
			const [a, b] = [await bind(), await bind()];
			const { port } = b.localAddress;
			for (let i = 0; i < 100; i++) void a.core.send(Uint8Array.of(i), port, "127.0.0.1");
			const confirmed = [1, 2, 3].map((i) => a.send(Uint8Array.of(100 + i), b.localAddress));
			const started = backend.now();
			await a.close();
			assert(backend.now() - started < 900, "close() waited for its time limit");
			await Promise.all(confirmed);
			for (let i = 0; i < 100; i++) assertEquals((await b.receive({ timeout: 5_000 })).data[0], i);
			for (let i = 1; i <= 3; i++) assertEquals((await b.receive({ timeout: 5_000 })).data[0], 100 + i);
		}
	},
);

socketTest("what nobody received is dropped and counted when the socket is closed", async ({ bind }) => {
	const [a, b] = [await bind(), await bind()];
	for (let i = 0; i < 5; i++) await a.send(bytes("x"), b.localAddress);
	await eventually("five datagrams wait", () => b.core.queuedDatagrams === 5);
	await b.close();
	assertEquals(b.dropped, 5);
	assertEquals(b.core.queuedDatagrams, 0);
});

socketTest("a socket that is opened in a cancelled scope is not left open", async ({ backend }) => {
	let caught: unknown;
	await backend.moveOnAfter(0, async () => {
		try {
			await UdpSocket.bind({ backend, host: "127.0.0.1" });
		} catch (error) {
			caught = error;
			throw error;
		}
	});
	assertEquals((caught as Error).name, "CancelledError");
	// Cancelled while it opens: what is open too late closes by itself.
	const controller = backend.openCancelScope();
	await backend.runScope(controller, async () => {
		const binding = UdpSocket.bind({ backend, host: "127.0.0.1" });
		controller.cancel();
		await binding;
	});
	assert(controller.cancelledCaught);
});

socketTest("a socket outlives the scope and the task that opened it", async ({ backend, bind }) => {
	let socket: UdpSocket | undefined;
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await backend.timeout(1_000, async (scope) => {
				socket = await bind();
				scope.deadline = Infinity;
			});
		});
	});
	const [a, b] = [await bind(), socket as UdpSocket];
	await a.send(bytes("x"), b.localAddress);
	assertEquals(await next(b), "x");
});
