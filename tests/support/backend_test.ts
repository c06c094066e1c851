/** Tests on the simulated backend that also fail when something is left behind. */

import { test } from "node:test";
import { setImmediate } from "node:timers";
import { Simulation } from "../../backends/simulated/mod.ts";
import { systemClock } from "../../backends/system_clock.ts";
import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import { assertEquals } from "./assert.ts";

/** The body of a test on a backend. */
export type BackendBody = (backend: AsyncBackend) => PromiseLike<void> | void;

/** A test in virtual time. It fails, too, when resources are left behind, or a rejection that nobody handles. */
export function simTest(name: string, body: BackendBody): void {
	test(name, () => runInSimulation(body));
}

/** As {@linkcode simTest}, with the clock of the runtime: for what is about real time. */
export function clockTest(name: string, body: BackendBody): void {
	test(name, () => checked((use) => body(use(clockBackend()))));
}

/** A backend of the runtime's clock, which has no sockets. */
export function clockBackend(): AsyncBackend {
	return createBackend({ ...systemClock, name: "clock", capabilities: {} });
}

/** What {@linkcode simTest} runs. Rejects when the test fails. */
export function runInSimulation(body: BackendBody): Promise<void> {
	return checked((use) => new Simulation({ seed: 1 }).run((backend) => body(use(backend))));
}

async function checked(
	body: (use: (backend: AsyncBackend) => AsyncBackend) => PromiseLike<void> | void,
): Promise<void> {
	const backends: AsyncBackend[] = [];
	await body((backend) => {
		backends.push(backend);
		return backend;
	});
	// The runners of all runtimes fail a test that is running when a rejection turns out to be unhandled.
	await eventLoopTurns(3);
	for (const backend of backends) {
		const left = Object.entries(backend.liveResources()).filter(([, count]) => count !== 0);
		assertEquals(left, [], "Expected nothing to be left behind");
	}
}

/** Turns of the event loop: the runtimes report an unhandled rejection behind the promise jobs of one. */
export async function eventLoopTurns(count: number): Promise<void> {
	for (let i = 0; i < count; i++) await new Promise<void>((resolve) => void setImmediate(resolve));
}
