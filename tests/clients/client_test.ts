/** What the tests of clients share. */

import { type TestOptions, test } from "node:test";
import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import type { Capabilities } from "../../src/backend/capabilities.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assertEquals } from "../support/assert.ts";
import { testBackend } from "../support/backend.ts";

/** What the backend under test can do. */
export const capabilities: Capabilities = (await testBackend()).capabilities;

/** A test on real sockets that fails when it leaves something behind. */
export function netTest(name: string, body: (backend: AsyncBackend) => Promise<void>, options: TestOptions = {}): void {
	test(name, { timeout: 20_000, ...options }, async () => {
		const backend = await testBackend();
		await body(backend);
		assertNothingLeft(backend);
	});
}

/** Fails when sockets, tasks, waits or timers are left. */
export function assertNothingLeft(backend: AsyncBackend): void {
	assertEquals(backend.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 });
}

/** Runs `body` with a socket on loopback, and closes it. */
export async function withPeer(backend: AsyncBackend, body: (peer: UdpSocket) => Promise<void>): Promise<void> {
	const peer = await UdpSocket.bind({ backend, host: "127.0.0.1" });
	try {
		await body(peer);
	} finally {
		await peer.close();
	}
}

/** A port on loopback at which nobody listens. */
export async function deadPort(backend: AsyncBackend): Promise<number> {
	const socket = await UdpSocket.bind({ backend, host: "127.0.0.1" });
	await socket.close();
	return socket.localAddress.port;
}

/** The bytes of a text. */
export function bytes(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}

/** The text of bytes. */
export function text(data: Uint8Array): string {
	return new TextDecoder().decode(data);
}
