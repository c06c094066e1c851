/** The size of the heap without garbage, for tests of leaks. */

import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { eventLoopTurns } from "./backend_test.ts";

function garbageCollector(): (() => void) | undefined {
	const { Bun, gc } = globalThis as { Bun?: { gc(force: boolean): void }; gc?: () => void };
	if (Bun !== undefined) return () => Bun.gc(true);
	if (gc !== undefined) return gc;
	try {
		setFlagsFromString("--expose-gc");
		return runInNewContext("gc") as () => void;
	} catch {
		return undefined;
	}
}

const collect = garbageCollector();

/** Why the heap cannot be measured here, or `false`: for the `skip` option. */
export const noHeap: string | false =
	collect === undefined ? "this runtime does not let a test collect garbage" : false;

/** Bytes in use, after garbage was collected. */
export async function heapInUse(): Promise<number> {
	for (let i = 0; i < 3; i++) {
		await eventLoopTurns(2);
		collect?.();
	}
	return process.memoryUsage().heapUsed;
}

/**
 * How many bytes the heap grows with each run of `body`. As caches and tables grow in steps, and some garbage is found
 * late, this is the median of several batches.
 */
export async function leakPerRound(rounds: number, body: () => PromiseLike<unknown> | unknown): Promise<number> {
	const batches = 6;
	const growths: number[] = [];
	let before: number | undefined;
	for (let batch = 0; batch < batches; batch++) {
		for (let i = 0; i < rounds / batches; i++) await body();
		const after = await heapInUse();
		if (before !== undefined) growths.push(after - before);
		before = after;
	}
	growths.sort((a, b) => a - b);
	return (growths[Math.floor(growths.length / 2)] as number) / (rounds / batches);
}
