import { setImmediate } from "node:timers";
import type { VirtualClock } from "./virtual_clock.ts";

/** When a run of the event loop ends, and with what. */
export interface RunLimits {
	/** Asked before each event. */
	isOver(): boolean;
	/** The most events. */
	readonly maxEvents: number;
	/** The most virtual time, in milliseconds. */
	readonly maxVirtual: number;
	/** The error for a loop that has nothing left to do. */
	deadlock(): Error;
	/** The error for a loop that does too much. */
	exceeded(option: "maxEvents" | "maxVirtual"): Error;
}

/**
 * Runs events until it is over. After each, one turn of the runtime's event loop lets all promise jobs settle; as the
 * simulation alone makes macrotasks, what happens next depends on nothing else.
 *
 * @throws what a callback throws, or a limit's error.
 */
export function runEvents(clock: VirtualClock, limits: RunLimits): Promise<void> {
	const lastTime = clock.now() + limits.maxVirtual;
	let events = 0;
	return new Promise((resolve, reject) => {
		const turn = (): void => {
			try {
				if (limits.isOver()) return resolve();
				let needsTurn = false;
				while (!needsTurn) {
					if (clock.events.size === 0) throw limits.deadlock();
					if (++events > limits.maxEvents) throw limits.exceeded("maxEvents");
					if (clock.events.next > lastTime) throw limits.exceeded("maxVirtual");
					needsTurn = clock.step();
				}
				setImmediate(turn);
			} catch (error) {
				reject(error);
			}
		};
		setImmediate(turn);
	});
}
