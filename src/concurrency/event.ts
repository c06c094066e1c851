import type { Scheduler } from "./scheduler.ts";
import { checkWait, park, type Waiter, type WaitOptions } from "./waiter.ts";

/** Something that happens once and wakes everybody who waits for it. Make one with `backend.createEvent()`. */
export class Event {
	readonly #scheduler: Scheduler;
	readonly #waiters: Set<Waiter<void>> = new Set();
	#isSet = false;

	/** @internal Use `backend.createEvent()`. */
	constructor(scheduler: Scheduler) {
		this.#scheduler = scheduler;
	}

	/** Whether it happened. */
	get isSet(): boolean {
		return this.#isSet;
	}

	/** Lets it happen. Idempotent. */
	set(): void {
		this.#isSet = true;
		for (const waiter of this.#waiters) waiter.resolve();
		this.#waiters.clear();
	}

	/** Waits until it happened; not at all if it has. */
	async wait(options: WaitOptions = {}): Promise<void> {
		checkWait(this.#scheduler, options);
		if (this.#isSet) return;
		await park<void>(this.#scheduler, { ...options, waitsFor: "an event" }, (waiter) => {
			this.#waiters.add(waiter);
			return () => this.#waiters.delete(waiter);
		});
	}
}
