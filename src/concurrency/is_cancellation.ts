import { CancelledError } from "../errors.ts";

/** @internal Whether an error is nothing but cancellation: one, or several gathered into one error. */
export function isCancellation(error: unknown): boolean {
	if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isCancellation);
	return error instanceof CancelledError;
}
