/** The conformance suite finds what it is there to find: drivers with one defect each. */

import { test } from "node:test";
import { Simulation } from "../backends/simulated/mod.ts";
import { createBackend } from "../src/backend/async_backend.ts";
import type { Driver, RawDatagramEvents, RawDatagramSocket } from "../src/backend/driver.ts";
import { type ConformanceReport, checkConformance } from "../src/testing/mod.ts";
import { assertEquals } from "./support/assert.ts";

/** Checks the simulated driver with something changed. */
async function check(change: (driver: Driver) => Partial<Driver>): Promise<ConformanceReport> {
	// A driver that is broken may never come to an end.
	const simulation = new Simulation({ maxEvents: 20_000 });
	const { driver } = simulation.host("10.0.0.1");
	return checkConformance({
		setup: () => createBackend({ ...driver, ...change(driver) }),
		execute: (_backend, body) => simulation.run(body),
		broadcast: "255.255.255.255",
	});
}

/** A driver whose sockets, or what they report, are changed. */
function withSockets(
	changeSocket: (socket: RawDatagramSocket, events: RawDatagramEvents) => Partial<RawDatagramSocket>,
	changeEvents: (events: RawDatagramEvents) => Partial<RawDatagramEvents> = () => ({}),
): (driver: Driver) => Partial<Driver> {
	return (driver) => ({
		openUdp: async (options, events) => {
			const socket = (await driver.openUdp?.(options, { ...events, ...changeEvents(events) })) as RawDatagramSocket;
			const whole: RawDatagramSocket = {
				localAddress: socket.localAddress,
				bufferedAmount: 0,
				send: (...args) => socket.send(...args),
				close: () => socket.close(),
				joinGroup: (...args) => socket.joinGroup?.(...args),
				leaveGroup: (...args) => socket.leaveGroup?.(...args),
				kernelDrops: () => socket.kernelDrops?.(),
			};
			return Object.assign(whole, changeSocket(socket, events));
		},
	});
}

test("the driver that all the others are made of passes", async () => {
	const { failed, results } = await check(withSockets(() => ({})));
	assertEquals(
		[failed, results.filter(({ status }) => status === "failed").map(({ id, error }) => [id, error])],
		[0, []],
	);
});

const shared = new Uint8Array(65_536);

const DEFECTS: Readonly<Record<string, readonly [string, (driver: Driver) => Partial<Driver>]>> = {
	"a clock that goes back": [
		"clock.monotonic",
		({ now }) => {
			let calls = 0;
			return { now: () => now() - (calls++ % 3) };
		},
	],
	"timers that add up instead of replacing": [
		"clock.reset",
		({ createTimer }) => ({
			createTimer: (callback) => ({
				start: (delay) => createTimer(callback).start(delay),
				stop() {},
			}),
		}),
	],
	"timers that cannot be stopped": [
		"clock.stop",
		({ createTimer }) => ({
			createTimer: (callback) => {
				const timer = createTimer(callback);
				return { start: (delay) => timer.start(delay), stop() {} };
			},
		}),
	],
	"defer as a microtask": ["clock.defer", () => ({ defer: (callback) => queueMicrotask(callback) })],
	"datagrams truncated to 1,024 bytes": [
		"udp.sizes",
		withSockets(
			() => ({}),
			(events) => ({ message: (data, host, port) => events.message(data.slice(0, 1_024), host, port) }),
		),
	],
	"empty datagrams lost": [
		"udp.sizes",
		withSockets(
			() => ({}),
			(events) => ({ message: (data, ...from) => void (data.length > 0 && events.message(data, ...from)) }),
		),
	],
	"one buffer for everything received": [
		"udp.own-data",
		withSockets(
			() => ({}),
			(events) => ({
				message(data, host, port) {
					shared.set(data);
					events.message(shared.subarray(0, data.length), host, port);
				},
			}),
		),
	],
	"a sender's address that is wrong": [
		"udp.round-trip",
		withSockets(
			() => ({}),
			(events) => ({ message: (data, host, port) => events.message(data, host, port + 1) }),
		),
	],
	"datagrams sent in reverse order": [
		"udp.order",
		(driver) =>
			withSockets((socket) => {
				let waiting: Parameters<RawDatagramSocket["send"]>[] = [];
				return {
					send(...args) {
						if (waiting.push(args) > 1) return;
						driver.defer(() => {
							const batch = waiting.reverse();
							waiting = [];
							for (const one of batch) socket.send(...one);
						});
					},
				};
			})(driver),
	],
	"sending that never answers": [
		"udp.round-trip",
		withSockets((socket) => ({ send: (data, port, host) => socket.send(data, port, host) })),
	],
	"a port that is not told": [
		"udp.addresses",
		withSockets((socket) => ({ localAddress: { host: socket.localAddress.host, port: 0 } })),
	],
	"a port that is kept after closing": ["udp.rebind", withSockets(() => ({ close: async () => {} }))],
	"closing before what was handed over is sent": [
		"udp.close-sends",
		(driver) =>
			withSockets((socket) => {
				let closed = false;
				return {
					send: (data, port, host, done) =>
						driver.defer(() => {
							if (closed) done?.();
							else socket.send(data, port, host, done);
						}),
					close() {
						closed = true;
						return socket.close();
					},
				};
			})(driver),
	],
	"a dead peer that nobody hears of": [
		"connected.refused",
		withSockets(
			() => ({}),
			() => ({ error() {} }),
		),
	],
	"groups that are not left": ["multicast.membership", withSockets(() => ({ leaveGroup() {} }))],
	"a count of drops that is invented": ["options.kernel-drops", withSockets(() => ({ kernelDrops: () => 7 }))],
	"reusePort claimed and ignored": [
		"options.reuse-port",
		({ openUdp }) => ({
			openUdp: (options, events) => {
				const { reusePort: _ignored, ...rest } = options;
				return openUdp?.(rest, events) as Promise<RawDatagramSocket>;
			},
		}),
	],
	"the wrong error code": [
		"udp.in-use",
		({ openUdp }) => ({
			openUdp: async (options, events) => {
				try {
					return (await openUdp?.(options, events)) as RawDatagramSocket;
				} catch (error) {
					throw new Error("it did not work", { cause: error });
				}
			},
		}),
	],
};

for (const [name, [id, defect]] of Object.entries(DEFECTS)) {
	test(`found: ${name}`, { timeout: 20_000 }, async () => {
		const { results } = await check(defect);
		const found = results.find((result) => result.id === id);
		assertEquals(found?.status, "failed", `${id} did not find it`);
	});
}
