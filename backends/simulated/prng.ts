/** What chance is drawn for. Each purpose has a stream of its own, so that a draw more in one leaves the others alone. */
export type Purpose = "network" | "faults" | "user";

const STREAMS: Readonly<Record<Purpose, number>> = { network: 1, faults: 2, user: 3 };

/**
 * Checks a seed.
 *
 * @throws {TypeError} when it is not an integer that is represented exactly.
 */
export function checkSeed(seed: number | bigint): number | bigint {
	if (typeof seed === "bigint" || Number.isSafeInteger(seed)) return seed;
	throw new TypeError(`Cannot use ${String(seed)} as "seed": not a safe integer or a bigint`);
}

/** A stream of random numbers in [0, 1) with a resolution of 2^-32, by the generator sfc32. The same on every runtime. */
export function randomStream(seed: number | bigint, purpose: Purpose): () => number {
	const bits = BigInt.asUintN(64, BigInt(seed));
	let a = STREAMS[purpose];
	let b = Number(bits & 0xffffffffn) | 0;
	let c = Number(bits >> 32n) | 0;
	let counter = 1;
	const next = (): number => {
		const sum = (((a + b) | 0) + counter) | 0;
		counter = (counter + 1) | 0;
		a = b ^ (b >>> 9);
		b = (c + (c << 3)) | 0;
		c = (((c << 21) | (c >>> 11)) + sum) | 0;
		return (sum >>> 0) / 0x1_0000_0000;
	};
	// The first outputs still show the seed: sfc's author discards 12.
	for (let i = 0; i < 20; i++) next();
	return next;
}
