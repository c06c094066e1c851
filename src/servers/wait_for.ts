import type { Scheduler } from "../concurrency/scheduler.ts";
import { park } from "../concurrency/waiter.ts";

/** @internal Waits for what a promise stands for. Cancellation ends the wait, and leaves alone what it waits for. */
export function waitFor<T>(scheduler: Scheduler, promise: Promise<T>, waitsFor: string): Promise<T> {
	// Where the wait does not even begin, a later rejection is nobody's fault.
	promise.catch(() => undefined);
	return park<T>(scheduler, { waitsFor }, (waiter) => {
		promise.then(
			(value) => waiter.resolve(value),
			(error) => waiter.reject(error),
		);
	});
}
