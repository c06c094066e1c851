/** How much processor time the whole machine spends, to see whether other programs disturb a measurement. */
import { cpus } from "node:os";

function readBusy(): number {
	return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) * 1000;
}

/** Counts from its construction. */
export class BusyClock {
	readonly #busy = readBusy();
	readonly #start = performance.now();

	/** Processor time of all programs on all cores, and the time that passed: both in microseconds. */
	read(): { cpu: number; elapsed: number } {
		return { cpu: readBusy() - this.#busy, elapsed: (performance.now() - this.#start) * 1000 };
	}
}
