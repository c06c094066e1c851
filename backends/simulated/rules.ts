import { checkDuration } from "../../src/concurrency/durations.ts";
import type { SimulatedPacket } from "./packet.ts";

/** What a rule decides: make one with `pass()`, `drop()` or `delay()`. */
export interface Verdict {
	/** Whether the packet is dropped. */
	readonly drop: boolean;
	/** How much longer it takes, in milliseconds. */
	readonly delay: number;
}

/** Decides about every packet that is sent, before faults do. */
export type Rule = (packet: SimulatedPacket) => Verdict;

/** A rule that is in force until it is removed. */
export interface RuleGuard {
	/** Ends the rule. */
	remove(): void;
	/** The same as `remove()`, for `using`. */
	[Symbol.dispose](): void;
}

const PASS: Verdict = Object.freeze({ drop: false, delay: 0 });
const DROP: Verdict = Object.freeze({ drop: true, delay: 0 });

/** Leaves the packet to the next rule. */
export function pass(): Verdict {
	return PASS;
}

/** Drops the packet; no further rule sees it. */
export function drop(): Verdict {
	return DROP;
}

/**
 * Makes the packet later, and leaves it to the next rule. Delays of several rules add up.
 *
 * @param duration Milliseconds.
 * @throws {TypeError} {RangeError} when it is not a finite number, or is negative.
 */
export function delay(duration: number): Verdict {
	if (checkDuration("delay", duration) === Infinity) {
		throw new RangeError('Cannot use Infinity as "delay": use drop()');
	}
	return { drop: false, delay: duration };
}

/** The rules in force, the oldest first. */
export class RuleChain {
	readonly #rules: Set<{ rule: Rule }> = new Set();

	/** Puts a rule behind the others. */
	add(rule: Rule): RuleGuard {
		const entry = { rule };
		this.#rules.add(entry);
		const remove = (): void => void this.#rules.delete(entry);
		return { remove, [Symbol.dispose]: remove };
	}

	/** What all rules together decide. */
	judge(packet: SimulatedPacket): Verdict {
		if (this.#rules.size === 0) return PASS;
		let sum = 0;
		for (const { rule } of this.#rules) {
			const verdict = rule(packet);
			if (verdict.drop) return DROP;
			sum += verdict.delay;
		}
		return sum === 0 ? PASS : { drop: false, delay: sum };
	}
}
