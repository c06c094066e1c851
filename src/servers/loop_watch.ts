import type { Deadline, TimerQueue } from "../concurrency/timer_queue.ts";

/** Milliseconds between two looks, and how late the second must be to count as blocked. */
const PERIOD = 100;
const BLOCKED = 100;

/** @internal Notices when something blocks the event loop while handlers run. Costs a timer ten times a second. */
export class LoopWatch {
	/** Steps of handlers since the last look. Whoever takes the first calls {@linkcode LoopWatch.begin}, before it. */
	steps = 0;
	readonly #timers: TimerQueue;
	readonly #deadline: Deadline;
	#expected = Infinity;

	/** @param blocked Called with the milliseconds for which the loop was blocked, at least. */
	constructor(timers: TimerQueue, blocked: (milliseconds: number) => void) {
		this.#timers = timers;
		this.#deadline = timers.deadline(() => {
			const late = timers.now() - this.#expected;
			this.#expected = Infinity;
			if (late >= BLOCKED) blocked(late);
			if (this.steps > 0) this.begin();
			this.steps = 0;
		});
	}

	/** Looks for as long as handlers run. */
	begin(): void {
		if (this.#expected !== Infinity) return;
		this.#expected = this.#timers.now() + PERIOD;
		this.#deadline.set(this.#expected);
	}

	stop(): void {
		this.#deadline.clear();
	}
}
