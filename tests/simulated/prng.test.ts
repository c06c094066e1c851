import { test } from "node:test";
import { Simulation } from "../../backends/simulated/mod.ts";
import { randomStream } from "../../backends/simulated/prng.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "../support/assert.ts";

const draw = (next: () => number, count: number): number[] => Array.from({ length: count }, next);

test("a seed gives the same numbers on every runtime", () => {
	const words = (seed: number): number[] => draw(randomStream(seed, "user"), 3).map((value) => value * 2 ** 32);
	assertEquals(words(1), [1_579_184_206, 882_391_060, 2_048_784_074]);
	assertEquals(words(-5), [1_249_708_878, 156_209_464, 2_670_011_721]);
});

test("seeds and purposes have streams of their own", () => {
	const streams = new Set<string>();
	for (const seed of [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, 1n << 63n]) {
		for (const purpose of ["network", "faults", "user"] as const) {
			streams.add(draw(randomStream(seed, purpose), 4).join());
		}
	}
	assertEquals(streams.size, 21);
	assertEquals(draw(randomStream(7, "user"), 4), draw(randomStream(7n, "user"), 4));
});

test("the numbers are spread evenly, and each is independent of the one before", () => {
	const next = randomStream(42, "faults");
	const tenths = Array.from({ length: 10 }, () => 0);
	let product = 0;
	let before = next();
	const rounds = 100_000;
	for (let i = 0; i < rounds; i++) {
		const value = next();
		assert(value >= 0 && value < 1);
		tenths[Math.floor(value * 10)] = (tenths[Math.floor(value * 10)] as number) + 1;
		product += (value - 0.5) * (before - 0.5);
		before = value;
	}
	for (const count of tenths) assertAlmostEquals(count, rounds / 10, 400);
	assertAlmostEquals(product / rounds, 0, 0.002);
});

test("the first numbers of neighbouring seeds have nothing in common", () => {
	const tenths = Array.from({ length: 10 }, () => 0);
	for (let seed = 0; seed < 10_000; seed++) {
		const tenth = Math.floor(randomStream(seed, "user")() * 10);
		tenths[tenth] = (tenths[tenth] as number) + 1;
	}
	for (const count of tenths) assertAlmostEquals(count, 1_000, 130);
});

test("random() is the user's stream of the simulation's seed", () => {
	const [one, same, other] = [new Simulation({ seed: 3 }), new Simulation({ seed: 3n }), new Simulation({ seed: 4 })];
	const drawn = draw(() => one.random(), 5);
	assertEquals(
		draw(() => same.random(), 5),
		drawn,
	);
	assertNotEquals(
		draw(() => other.random(), 5),
		drawn,
	);
});

test("a seed is an integer that is represented exactly", () => {
	for (const seed of [1.5, Number.NaN, 2 ** 53, "1" as unknown as number]) {
		assertThrows(() => new Simulation({ seed }), TypeError, `Cannot use ${seed} as "seed"`);
	}
});
