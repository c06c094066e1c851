import { CancelScope } from "./cancel_scope.ts";
import { runInContext } from "./context.ts";
import { Lock } from "./lock.ts";
import type { Scheduler } from "./scheduler.ts";
import { checkWait, park, type Waiter, type WaitOptions } from "./waiter.ts";

/** Lets tasks that hold a lock wait until another says that something changed. Make one with `backend.createCondition()`. */
export class Condition {
	/** The lock that `wait()` releases meanwhile. */
	readonly lock: Lock;
	readonly #scheduler: Scheduler;
	readonly #waiters: Set<Waiter<void>> = new Set();

	/** @internal Use `backend.createCondition()`. */
	constructor(scheduler: Scheduler, lock: Lock = new Lock(scheduler)) {
		if (!(lock instanceof Lock)) throw new TypeError(`Cannot make a condition of ${String(lock)}: not a Lock`);
		this.#scheduler = scheduler;
		this.lock = lock;
	}

	/** How many wait. */
	get waiting(): number {
		return this.#waiters.size;
	}

	/**
	 * Releases the lock, waits to be notified, and takes the lock again, which it holds also when this throws.
	 *
	 * @throws {Error} when the lock is not held.
	 */
	async wait(options: WaitOptions = {}): Promise<void> {
		if (!this.lock.locked) throw new Error("Cannot wait for the condition: its lock is not held");
		checkWait(this.#scheduler, options);
		try {
			await park<void>(this.#scheduler, { ...options, waitsFor: "a condition" }, (waiter) => {
				this.#waiters.add(waiter);
				this.lock.release();
				return () => this.#waiters.delete(waiter);
			});
		} finally {
			await this.#reacquire();
		}
	}

	/**
	 * Wakes up to `count` of those who wait, the longest waiting first.
	 *
	 * @throws {Error} when the lock is not held.
	 */
	notify(count = 1): void {
		if (!this.lock.locked) throw new Error("Cannot notify: the lock of the condition is not held");
		let left = count;
		for (const waiter of this.#waiters) {
			if (left <= 0) return;
			this.#waiters.delete(waiter);
			if (waiter.resolve()) left--;
		}
	}

	/** Wakes all who wait. */
	notifyAll(): void {
		this.notify(this.#waiters.size);
	}

	/** The caller's code expects to hold the lock whatever happened, so this wait is shielded. */
	async #reacquire(): Promise<void> {
		if (this.lock.tryAcquire()) return;
		const { task, scope } = this.#scheduler.context();
		const shield = new CancelScope(this.#scheduler.timers, { shield: true });
		shield.enter(scope);
		try {
			await runInContext({ task, scope: shield }, () => this.lock.acquire());
		} finally {
			shield.exit();
		}
	}
}
