/** The published conformance suite, on every backend that runs here. */

import { networkInterfaces } from "node:os";
import { describe, test } from "node:test";
import { nodeDriver } from "../backends/node/mod.ts";
import { Simulation } from "../backends/simulated/mod.ts";
import { switchboardDriver } from "../examples/custom_backend.ts";
import { createBackend } from "../src/backend/async_backend.ts";
import { detectBackend } from "../src/backend/detect.ts";
import { type ConformanceOptions, conformanceCases } from "../src/testing/mod.ts";
import { assertEquals } from "./support/assert.ts";
import { runInRuntime } from "./support/runtime.ts";

const ipv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === "::1"));
const simulation = new Simulation();
const simulated = simulation.host("10.0.0.1");

const SUBJECTS: Readonly<Record<string, ConformanceOptions>> = {
	"the runtime's own backend": { setup: async () => createBackend((await detectBackend()).driver), ipv6 },
	"the Node driver": { setup: () => createBackend(nodeDriver), ipv6 },
	"the simulated backend": {
		setup: () => simulated,
		execute: (_backend, body) => simulation.run(body),
		broadcast: "255.255.255.255",
	},
	"examples/custom_backend.ts": { setup: () => createBackend(switchboardDriver()) },
};

for (const [name, options] of Object.entries(SUBJECTS)) {
	describe(`conformance of ${name}`, () => {
		for (const { id, title, run } of conformanceCases(options)) test(`${id}: ${title}`, { timeout: 20_000 }, run);
	});
}

test("every case has an id of its own", () => {
	const ids = conformanceCases({ setup: () => simulated }).map(({ id }) => id);
	assertEquals(ids.length, new Set(ids).size);
});

test("examples/custom_backend.ts shows itself and ends", { timeout: 30_000 }, async () => {
	const { code, stdout, stderr } = await runInRuntime("examples/custom_backend.ts");
	assertEquals([code, stderr], [0, ""]);
	const nothing = JSON.stringify({ sockets: 0, tasks: 0, waits: 0, timers: 0 });
	assertEquals(stdout.split("\n"), ['"hello" was answered with "HELLO"', `Left behind: ${nothing}`, ""]);
});
