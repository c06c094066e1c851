import { checkDuration } from "../../src/concurrency/durations.ts";
import { randomStream } from "./prng.ts";

/** What goes wrong with datagrams, on every link and on loopback alike. By default, nothing does. */
export interface DatagramFaults {
	/** The probability that a datagram is lost, 0 to 1. Default: 0. */
	readonly loss: number;
	/** The probability that a datagram arrives twice, 0 to 1. Default: 0. */
	readonly duplication: number;
	/** How long a datagram is on its way, in milliseconds: evenly spread, each one on its own, so they overtake each other. Default: 0. */
	readonly delay: { readonly min: number; readonly max: number };
	/** The largest packet that arrives, in bytes, with its headers (28 bytes for IPv4, 48 for IPv6). Default: `Infinity`. */
	readonly mtu: number;
	/**
	 * How many bytes a socket's receive buffer holds, unless it asks for a size of its own; what does not fit is dropped,
	 * and counted by `kernelDrops`. As on Linux, each datagram takes 768 bytes more than its data. Default: 212 992.
	 */
	readonly receiveBuffer: number;
}

const NO_FAULTS: DatagramFaults = {
	loss: 0,
	duplication: 0,
	delay: { min: 0, max: 0 },
	mtu: Infinity,
	receiveBuffer: 212_992,
};

/**
 * Checks the faults and fills in the defaults.
 *
 * @throws {TypeError} when a value is not a number.
 * @throws {RangeError} when a probability is not between 0 and 1, a size or a delay is negative, or the delays are reversed.
 */
export function checkFaults(some: Partial<DatagramFaults>): DatagramFaults {
	const faults = { ...NO_FAULTS, ...some };
	for (const option of ["loss", "duplication"] as const) {
		if (checkDuration(option, faults[option]) > 1) {
			throw new RangeError(`Cannot use ${faults[option]} as "${option}": it is more than 1`);
		}
	}
	for (const option of ["mtu", "receiveBuffer"] as const) checkDuration(option, faults[option]);
	const min = checkDuration("delay.min", faults.delay.min);
	const max = checkDuration("delay.max", faults.delay.max);
	if (min > max) throw new RangeError(`Cannot use ${min} as "delay.min": "delay.max" is ${max}`);
	if (max === Infinity) throw new RangeError('Cannot use Infinity as "delay.max": the datagrams would never arrive');
	return faults;
}

/** Decides what happens to each packet. */
export class FaultDice {
	readonly #faults: DatagramFaults;
	readonly #chance: () => number;
	readonly #delays: () => number;

	constructor(faults: DatagramFaults, seed: number | bigint) {
		this.#faults = faults;
		this.#chance = randomStream(seed, "faults");
		this.#delays = randomStream(seed, "network");
	}

	/** The delay of each copy that arrives: none when the packet is lost, two when it is duplicated. */
	roll(): number[] {
		// Every packet takes the same draws, so that the fate of one does not move those of the others.
		const { loss, duplication } = this.#faults;
		const lost = this.#chance() < loss;
		const twice = this.#chance() < duplication;
		const delays = [this.#delay(), this.#delay()];
		return lost ? [] : twice ? delays : delays.slice(0, 1);
	}

	#delay(): number {
		const { min, max } = this.#faults.delay;
		return min + (max - min) * this.#delays();
	}
}
