import { currentContext } from "./context.ts";
import { isCancellation } from "./is_cancellation.ts";
import { Waiter } from "./waiter.ts";

/**
 * @internal Waits for all, then gives the results in order, or throws what failed. Cancellation ends the functions by
 * their own waits, as they run in the scope of the caller; of a promise, it ends the waiting.
 */
export async function gather<T>(awaitables: Iterable<PromiseLike<T> | (() => PromiseLike<T> | T)>): Promise<T[]> {
	const outcomes = await Promise.allSettled(
		Array.from(awaitables, (item) =>
			typeof item === "function" ? new Promise<T>((resolve) => resolve(item())) : interruptible(item),
		),
	);
	const reasons = outcomes.filter((outcome) => outcome.status === "rejected").map((outcome) => outcome.reason);
	if (reasons.length === 0) return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
	const errors = [...new Set(reasons.filter((reason) => !isCancellation(reason)))];
	if (errors.length === 0) throw reasons[0];
	if (errors.length === 1) throw errors[0];
	throw new AggregateError(errors, `${errors.length} of the gathered operations failed`);
}

function interruptible<T>(promise: PromiseLike<T>): PromiseLike<T> {
	const scope = currentContext()?.scope;
	if (scope === undefined) return promise;
	const waiter = new Waiter<T>(scope, "a gathered promise");
	promise.then(
		(value) => waiter.resolve(value),
		(error) => waiter.reject(error),
	);
	if (scope.cancelledBy() !== undefined) waiter.interrupt(scope.cancellation());
	return waiter.promise;
}
