import { test } from "node:test";
import { assert, assertEquals, assertNotEquals } from "../support/assert.ts";
import { busyWorld } from "./world.ts";

/**
 * What the world of seed 1 hashes to, on every runtime. A change of how the core waits or sends may change it; then
 * all runtimes must agree on the new one.
 */
const GOLDEN = { hash: "d01b13b4308bae68", lines: 2_347, time: 1_597.11 };

test("a busy world goes the same way on every runtime", async () => {
	const { simulation, answered, retried, failed, finalised } = await busyWorld(1, 20, 20);
	assertEquals(answered + failed, 400);
	assert(retried > 20, `${retried}`);
	assertEquals(finalised, 20);
	const time = Number.parseFloat(simulation.trace.at(-1) as string);
	assertEquals({ hash: simulation.traceHash, lines: simulation.trace.length, time }, GOLDEN);
});

test("the same seed goes the same way twice in one process, line by line", async () => {
	const [first, second] = [await busyWorld(2, 8, 10), await busyWorld(2, 8, 10)];
	assertEquals(second.simulation.trace, first.simulation.trace);
	assertEquals(second.simulation.traceHash, first.simulation.traceHash);
});

test("two worlds that run at the same time do not touch each other", async () => {
	const alone = await busyWorld(3, 4, 5);
	const [together] = await Promise.all([busyWorld(3, 4, 5), busyWorld(4, 4, 5)]);
	assertEquals(together.simulation.traceHash, alone.simulation.traceHash);
});

test("every seed goes a way of its own", async () => {
	const hashes = new Set<string>();
	for (let seed = 10; seed < 30; seed++) hashes.add((await busyWorld(seed, 3, 4)).simulation.traceHash);
	assertEquals(hashes.size, 20);
});

test("the hash changes with the last line of the trace, and is FNV-1a of all lines", async () => {
	const { simulation } = await busyWorld(5, 2, 2);
	const expected = fnv(simulation.trace.map((line) => `${line}\n`).join(""));
	assertEquals(simulation.traceHash, expected);
	const before = simulation.traceHash;
	simulation.inject({ from: { host: "10.0.0.9", port: 1 }, to: { host: "10.0.0.1", port: 1 }, data: new Uint8Array() });
	assertNotEquals(simulation.traceHash, before);
});

function fnv(text: string): string {
	let hash = 0xcbf29ce484222325n;
	for (const char of text) hash = BigInt.asUintN(64, (hash ^ BigInt(char.charCodeAt(0))) * 0x100000001b3n);
	return hash.toString(16).padStart(16, "0");
}
