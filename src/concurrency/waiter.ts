import { type CancelledError, TimeoutError } from "../errors.ts";
import type { CancelScope, Interruptible } from "./cancel_scope.ts";
import { checkDuration } from "./durations.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Deadline } from "./timer_queue.ts";

/** How long to wait, and what else ends the wait. The cancel scope around the call always does. */
export interface WaitOptions {
	/** Milliseconds until the wait ends with `TimeoutError`. Default: no limit. */
	timeout?: number | undefined;
	/** Ends the wait with the signal's reason when it is aborted. */
	signal?: AbortSignal | undefined;
}

interface Wait extends WaitOptions {
	/** Names what is waited for, in the report of a deadlock. */
	waitsFor: string;
}

/** @internal One wait of one task. Settles once; what comes later is ignored. */
export class Waiter<T> implements Interruptible {
	readonly promise: Promise<T>;
	readonly waitsFor: string;
	readonly #scope: CancelScope;
	readonly #settle: { resolve: (value: T) => void; reject: (error: unknown) => void };
	#onInterrupt: (() => void) | undefined;
	#deadline: Deadline | undefined;
	#signal: AbortSignal | undefined;
	#onAbort: (() => void) | undefined;
	#settled = false;

	constructor(scope: CancelScope, waitsFor: string) {
		let settle: { resolve: (value: T) => void; reject: (error: unknown) => void } | undefined;
		this.promise = new Promise((resolve, reject) => {
			settle = { resolve, reject };
		});
		this.#settle = settle as NonNullable<typeof settle>;
		this.waitsFor = waitsFor;
		this.#scope = scope;
		scope.addWait(this);
	}

	/** Ends the wait with a value. Answers false if it had ended before. */
	resolve(value: T): boolean {
		if (!this.#end()) return false;
		this.#settle.resolve(value);
		return true;
	}

	/** Ends the wait with an error. Answers false if it had ended before. */
	reject(error: unknown): boolean {
		if (!this.#end()) return false;
		this.#settle.reject(error);
		return true;
	}

	/** Ends the wait from outside: whoever would have resolved it is told first, by the function `start` returned. */
	interrupt(error: CancelledError | unknown): void {
		if (this.#settled) return;
		this.#onInterrupt?.();
		this.reject(error);
	}

	/** @internal */
	arm(scheduler: Scheduler, wait: WaitOptions, onInterrupt: (() => void) | undefined): void {
		if (this.#settled) return;
		this.#onInterrupt = onInterrupt;
		if (wait.timeout !== undefined && wait.timeout !== Infinity) {
			this.#deadline = scheduler.timers.deadline(() => this.interrupt(new TimeoutError()));
			this.#deadline.set(scheduler.timers.now() + wait.timeout);
		}
		if (wait.signal !== undefined) {
			const signal = wait.signal;
			this.#signal = signal;
			this.#onAbort = () => this.interrupt(signal.reason);
			signal.addEventListener("abort", this.#onAbort, { once: true });
		}
	}

	#end(): boolean {
		if (this.#settled) return false;
		this.#settled = true;
		this.#scope.removeWait(this);
		this.#deadline?.clear();
		if (this.#onAbort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort);
		return true;
	}
}

/**
 * @internal Throws what a wait would end with at once: the cancellation of the scope around it, or an aborted signal.
 * Also checks the options.
 */
export function checkWait(scheduler: Scheduler, wait: WaitOptions = {}): void {
	if (wait.timeout !== undefined) checkDuration("timeout", wait.timeout);
	const { scope } = scheduler.context();
	if (scope.cancelledBy() !== undefined) throw scope.cancellation();
	wait.signal?.throwIfAborted();
}

/**
 * @internal The one way in which a task waits: until `start`'s waiter is resolved, the scope is cancelled, the timeout
 * passes or the signal is aborted.
 *
 * @param start Registers the waiter with whatever will resolve it. May return how to unregister it when interrupted.
 */
export function park<T>(
	scheduler: Scheduler,
	wait: Wait,
	// biome-ignore lint/suspicious/noConfusingVoidType: a `start` with nothing to undo returns nothing
	start: (waiter: Waiter<T>) => (() => void) | void,
): Promise<T> {
	try {
		checkWait(scheduler, wait);
	} catch (error) {
		return Promise.reject(error);
	}
	const waiter = new Waiter<T>(scheduler.context().scope, wait.waitsFor);
	try {
		waiter.arm(scheduler, wait, start(waiter) ?? undefined);
	} catch (error) {
		waiter.reject(error);
	}
	return waiter.promise;
}
