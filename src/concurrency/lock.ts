import type { Scheduler } from "./scheduler.ts";
import { checkWait, park, type Waiter, type WaitOptions } from "./waiter.ts";

/** Mutual exclusion between tasks. Fair: first come, first served. Make one with `backend.createLock()`. */
export class Lock {
	readonly #scheduler: Scheduler;
	readonly #queue: Set<Waiter<void>> = new Set();
	#locked = false;

	/** @internal Use `backend.createLock()`. */
	constructor(scheduler: Scheduler) {
		this.#scheduler = scheduler;
	}

	/** Whether somebody holds it. */
	get locked(): boolean {
		return this.#locked;
	}

	/** How many wait for it. */
	get waiting(): number {
		return this.#queue.size;
	}

	/**
	 * Takes the lock, without waiting if it is free.
	 *
	 * @throws {CancelledError} {TimeoutError} when the wait ends first; the lock is then not held.
	 */
	async acquire(options: WaitOptions = {}): Promise<void> {
		checkWait(this.#scheduler, options);
		if (this.tryAcquire()) return;
		await park<void>(this.#scheduler, { ...options, waitsFor: "a lock" }, (waiter) => {
			this.#queue.add(waiter);
			return () => this.#queue.delete(waiter);
		});
	}

	/** Takes the lock if it is free; answers whether it did. */
	tryAcquire(): boolean {
		if (this.#locked) return false;
		this.#locked = true;
		return true;
	}

	/**
	 * Hands the lock to whoever waited longest, or frees it.
	 *
	 * @throws {Error} when it is not held.
	 */
	release(): void {
		if (!this.#locked) throw new Error("Cannot release the lock: it is not held");
		for (const waiter of this.#queue) {
			this.#queue.delete(waiter);
			if (waiter.resolve()) return;
		}
		this.#locked = false;
	}

	/** Runs `body` while holding the lock. */
	async with<T>(body: () => PromiseLike<T> | T, options: WaitOptions = {}): Promise<T> {
		await this.acquire(options);
		try {
			return await body();
		} finally {
			this.release();
		}
	}
}
