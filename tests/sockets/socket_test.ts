/** What the tests of sockets share. */

import { type TestOptions, test } from "node:test";
import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import type { Capability } from "../../src/backend/capabilities.ts";
import type { UdpBindOptions, UdpConnectOptions } from "../../src/sockets/udp_options.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assertEquals } from "../support/assert.ts";
import { testBackend } from "../support/backend.ts";

const probe: AsyncBackend = await testBackend();

/** The backend under test: its name, and what it can do. */
export const backendName: string = probe.name;
/** What the backend under test can do. */
export const capabilities: AsyncBackend["capabilities"] = probe.capabilities;

/** Opens sockets that are closed at the end of the test. */
export interface Sockets {
	readonly backend: AsyncBackend;
	/** On 127.0.0.1, unless told otherwise. */
	bind(options?: UdpBindOptions): Promise<UdpSocket>;
	connect(options: UdpConnectOptions): Promise<UdpSocket>;
	/** A port of 127.0.0.1 at which nobody listens. */
	deadPort(): Promise<number>;
}

/** A test of real sockets. It fails, too, when it leaves something behind. */
export function socketTest(
	name: string,
	body: (sockets: Sockets) => Promise<void>,
	{ needs = [], skip = false, ...options }: TestOptions & { needs?: readonly Capability[] } = {},
): void {
	const missing = needs.filter((capability) => !capabilities[capability]);
	const reason = missing.length > 0 ? `the ${backendName} backend has no ${missing.join(", ")}` : skip;
	test(name, { timeout: 20_000, ...options, skip: reason }, async () => {
		const backend = await testBackend();
		const opened: UdpSocket[] = [];
		const keep = async (socket: Promise<UdpSocket>): Promise<UdpSocket> => {
			opened.push(await socket);
			return socket;
		};
		try {
			await body({
				backend,
				bind: (options) => keep(UdpSocket.bind({ backend, host: "127.0.0.1", ...options })),
				connect: (options) => keep(UdpSocket.connect({ backend, ...options })),
				deadPort: async () => {
					const socket = await UdpSocket.bind({ backend, host: "127.0.0.1" });
					await socket.close();
					return socket.localAddress.port;
				},
			});
		} finally {
			await Promise.all(opened.map((socket) => socket.close()));
		}
		assertEquals(backend.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 }, "Expected nothing to be left");
	});
}

/** The bytes of a text. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** The text of bytes. */
export const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** The text of the next datagram. Fails when none comes. */
export async function next(socket: UdpSocket): Promise<string> {
	return text((await socket.receive({ timeout: 5_000 })).data);
}

/** Fails when a datagram arrives that was sent before this call: one sent now, over the same loopback, arrives behind it. */
export async function assertNothingArrives(socket: UdpSocket, sender: UdpSocket): Promise<void> {
	await sender.send(bytes("end marker"), sender.remoteAddress === undefined ? socket.localAddress : undefined);
	assertEquals(await next(socket), "end marker");
}
