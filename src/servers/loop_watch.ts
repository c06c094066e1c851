import type { Deadline, TimerQueue } from "../concurrency/timer_queue.ts";

/** Milliseconds between two looks, and how late the second must be to count as blocked. */
const PERIOD = 100;
const BLOCKED = 100;

/** @internal Notices when something blocks the event loop while handlers run. Costs a timer ten times a second, and nothing per datagram. */
export class LoopWatch {
	readonly #timers: TimerQueue;
	readonly #deadline: Deadline;
	#expected = Infinity;
	#wasBusy = false;

	/** @param blocked Called with the milliseconds for which the loop was blocked. */
	constructor(timers: TimerQueue, blocked: (milliseconds: number) => void) {
		this.#timers = timers;
		this.#deadline = timers.deadline(() => {
			const now = timers.now();
			const late = now - this.#expected;
			this.#expected = Infinity;
			if (late >= BLOCKED) blocked(late);
			if (this.#wasBusy) this.#look(now);
			this.#wasBusy = false;
		});
	}

	/** Handlers run. */
	busy(): void {
		this.#wasBusy = true;
		if (this.#expected === Infinity) this.#look(this.#timers.now());
	}

	stop(): void {
		this.#deadline.clear();
	}

	#look(now: number): void {
		this.#expected = now + PERIOD;
		this.#deadline.set(this.#expected);
	}
}
