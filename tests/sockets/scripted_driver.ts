/** A driver in virtual time whose socket does what a test says: for what no real system does on demand. */

import { Simulation } from "../../backends/simulated/mod.ts";
import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import type { RawDatagramEvents, RawUdpOptions } from "../../src/backend/driver.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assertEquals } from "../support/assert.ts";

/** An error of the system. */
export function systemError(code: string): Error {
	return Object.assign(new Error(`scripted ${code}`), { code });
}

/** What the driver's socket was asked to send. */
export interface Attempt {
	readonly at: number;
	readonly text: string;
	/** Whether there was a callback. */
	readonly confirmed: boolean;
}

/** The scripted socket. */
export interface Script {
	readonly backend: AsyncBackend;
	readonly options: RawUdpOptions;
	/** What the driver calls back to the core. */
	readonly events: RawDatagramEvents;
	/** Every attempt to send. */
	readonly attempts: Attempt[];
	/** How often the core closed the driver's socket. */
	closed: number;
	/** What the driver says about its buffer. */
	bufferedAmount: number;
	/** Answers each attempt: with nothing when it is sent, with an error, or with `"later"` to say nothing. */
	answer: (attempt: Attempt) => Error | "later" | undefined;
	/** The callbacks of the attempts that were answered "later". */
	readonly late: ((error?: unknown) => void)[];
	/** What closing does. */
	closing: () => Promise<void>;
}

/** Runs `body` with a socket on the scripted driver, in virtual time. */
export function scripted(
	body: (socket: UdpSocket, script: Script) => Promise<void>,
	{ peer, limits = {} }: { peer?: { host: string; port: number }; limits?: { sendQueueBytes?: number } } = {},
): Promise<void> {
	return new Simulation().run(async ({ driver }) => {
		const scripts: Script[] = [];
		const capabilities = { udp: true, udpConnected: true };
		const backend = createBackend({
			...driver,
			name: "scripted",
			capabilities,
			openUdp: async (options, events) => {
				const script: Script = {
					backend,
					options,
					events,
					attempts: [],
					closed: 0,
					bufferedAmount: 0,
					answer: () => undefined,
					late: [],
					closing: async () => {},
				};
				scripts.push(script);
				return {
					localAddress: { host: "127.0.0.1", port: 1234 },
					get bufferedAmount() {
						return script.bufferedAmount;
					},
					send(data, port, host, done) {
						const attempt = { at: backend.now(), text: new TextDecoder().decode(data), confirmed: done !== undefined };
						script.attempts.push(attempt);
						const answer = script.answer(attempt);
						if (answer === "later") script.late.push(done ?? ((error) => events.sendError(error, data, port, host)));
						else if (done !== undefined) done(answer);
						else if (answer !== undefined) events.sendError(answer, data, port, host);
					},
					close: () => {
						script.closed++;
						return script.closing();
					},
				};
			},
		});
		const common = { backend, limits };
		const socket = await (peer === undefined
			? UdpSocket.bind({ ...common, host: "127.0.0.1" })
			: UdpSocket.connect({ ...common, ...peer }));
		await body(socket, scripts[0] as Script);
		await socket.close();
		assertEquals(backend.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 });
	});
}

/** A peer, and a destination. */
export const PEER = { host: "127.0.0.1", port: 9 } as const;
