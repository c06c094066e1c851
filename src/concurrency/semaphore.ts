import type { Scheduler } from "./scheduler.ts";
import { checkWait, park, type Waiter, type WaitOptions } from "./waiter.ts";

/** Limits how many tasks do something at a time. Fair. Make one with `backend.createSemaphore(value)`. */
export class Semaphore {
	readonly #scheduler: Scheduler;
	readonly #queue: Set<Waiter<void>> = new Set();
	readonly #max: number;
	#value: number;

	/**
	 * @internal Use `backend.createSemaphore()`.
	 * @throws {RangeError} when a value is not a whole number (the second may be `Infinity`), is negative, or the first is
	 * above the second.
	 */
	constructor(scheduler: Scheduler, value: number, max: number = Infinity) {
		if (!Number.isInteger(value) || value < 0) {
			throw new RangeError(`Cannot make a semaphore of ${value}: not a whole number of 0 or more`);
		}
		if (max !== Infinity && !Number.isInteger(max)) {
			throw new RangeError(`Cannot make a semaphore with the maximum ${max}: not a whole number`);
		}
		if (value > max) throw new RangeError(`Cannot make a semaphore of ${value}: its maximum is ${max}`);
		this.#scheduler = scheduler;
		this.#value = value;
		this.#max = max;
	}

	/** How many may still acquire it without waiting. */
	get value(): number {
		return this.#value;
	}

	/** Takes one place, without waiting if there is one. */
	async acquire(options: WaitOptions = {}): Promise<void> {
		checkWait(this.#scheduler, options);
		if (this.tryAcquire()) return;
		await park<void>(this.#scheduler, { ...options, waitsFor: "a semaphore" }, (waiter) => {
			this.#queue.add(waiter);
			return () => this.#queue.delete(waiter);
		});
	}

	/** Takes one place if there is one; answers whether it did. */
	tryAcquire(): boolean {
		if (this.#value === 0) return false;
		this.#value--;
		return true;
	}

	/**
	 * Gives one place back, to whoever waited longest.
	 *
	 * @throws {RangeError} when all places are free already.
	 */
	release(): void {
		for (const waiter of this.#queue) {
			this.#queue.delete(waiter);
			if (waiter.resolve()) return;
		}
		if (this.#value >= this.#max) throw new RangeError(`Cannot release the semaphore: its maximum is ${this.#max}`);
		this.#value++;
	}

	/** Runs `body` while holding one place. */
	async with<T>(body: () => PromiseLike<T> | T, options: WaitOptions = {}): Promise<T> {
		await this.acquire(options);
		try {
			return await body();
		} finally {
			this.release();
		}
	}
}
