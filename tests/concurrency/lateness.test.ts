// After the event loop was blocked, what arrived in time is read before timeouts fire: nobody times out because somebody
// else was slow. Real sockets and real time, as the order of timers and input is the runtime's own.

import process from "node:process";
import { test } from "node:test";
import { nodeBackend } from "../../backends/node/mod.ts";
import { detectBackend } from "../../src/backend/detect.ts";
import { TimeoutError } from "../../src/errors.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { spawnRuntime } from "../support/runtime.ts";

const backend = process.env["NETQUAY_TEST_BACKEND"] === "node" ? nodeBackend() : await detectBackend();

function block(milliseconds: number): void {
	const end = performance.now() + milliseconds;
	while (performance.now() < end);
}

test("a datagram that arrived while the loop was blocked is received, though its limit has passed", async () => {
	const socket = await UdpSocket.bind({ host: "127.0.0.1", port: 0, backend });
	try {
		const sender = spawnRuntime("tests/fixtures/send_datagrams.ts", [String(socket.localAddress.port)]);
		const ended = new Promise((resolve) => sender.on("exit", resolve));
		try {
			await receiveLate(socket);
		} finally {
			sender.kill();
			await ended;
		}
	} finally {
		await socket.close();
	}
	assertEquals(backend.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 });
});

async function receiveLate(socket: UdpSocket): Promise<void> {
	await socket.receive({ timeout: 15_000 });
	for (let round = 0; round < 5; round++) {
		// What is queued already would be no proof.
		for (let i = 0; i < 5; i++) await socket.receive({ timeout: 5_000 });
		// From here on, the event loop comes to its timers before it comes to its sockets.
		await backend.checkpoint();
		const waiting = socket.receive({ timeout: 30 });
		block(120);
		assertEquals(new TextDecoder().decode((await waiting).data), "datagram");
		await backend.checkpoint();
		const scoped = backend.timeout(30, () => socket.receive());
		block(120);
		assertEquals((await scoped).data.length, 8);
	}
}

test("when nothing arrived, the limit still holds after a blocked loop", async () => {
	const socket = await UdpSocket.bind({ host: "127.0.0.1", port: 0, backend });
	try {
		const started = performance.now();
		const waiting = assertRejects(() => socket.receive({ timeout: 30 }), TimeoutError);
		block(120);
		await waiting;
		assert(performance.now() - started < 5_000);
	} finally {
		await socket.close();
	}
});
