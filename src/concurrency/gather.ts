/** @internal Waits for all, then gives the results in order, or throws what failed. */
export async function gather<T>(awaitables: Iterable<PromiseLike<T> | (() => PromiseLike<T> | T)>): Promise<T[]> {
	// Each function runs at once, in the context of the caller, and so obeys the caller's cancel scope.
	const outcomes = await Promise.allSettled(
		Array.from(awaitables, (item) => (typeof item === "function" ? new Promise<T>((resolve) => resolve(item())) : item)),
	);
	const errors = new Set(outcomes.filter((outcome) => outcome.status === "rejected").map((outcome) => outcome.reason));
	if (errors.size === 1) throw [...errors][0];
	if (errors.size > 1) throw new AggregateError(errors, `${errors.size} of the gathered operations failed`);
	return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
}
