import { ClientClosedError } from "../errors.ts";
import { describeError, type LimitedLog } from "../logging.ts";

/** @internal Logs what escaped a handler: use of a closed client as a warning, everything else as an error. */
export function reportHandlerError(log: LimitedLog, error: unknown, client: () => string): void {
	const [misuse, rest] = safely<Split>(() => split(error), [undefined, { error }]);
	if (misuse !== undefined) {
		log.warn(
			"operation on a closed client",
			() => `There have been attempts to do operation on closed client ${client()}\n${describeError(misuse)}`,
		);
	}
	if (rest !== undefined) {
		const { error } = rest;
		log.error(
			`exception in a handler: ${errorName(error)}`,
			() => `Exception occurred during processing of request from ${client()}\n${describeError(error)}`,
		);
	}
}

type Split = [misuse: unknown, rest: { error: unknown } | undefined];

/** Separates the errors about closed clients from the others. */
function split(error: unknown): Split {
	if (error instanceof ClientClosedError) return [error, undefined];
	if (!(error instanceof AggregateError)) return [undefined, { error }];
	const misuse = error.errors.find((inner) => inner instanceof ClientClosedError);
	const others = error.errors.filter((inner) => !(inner instanceof ClientClosedError));
	if (others.length === error.errors.length) return [undefined, { error }];
	if (others.length === 0) return [misuse, undefined];
	return [misuse, { error: others.length === 1 ? others[0] : new AggregateError(others, error.message) }];
}

function errorName(error: unknown): string {
	return safely(() => (error instanceof Error ? String(error.name) : typeof error), "unknown");
}

/** @internal What is thrown may be anything, and even looking at it may throw. */
export function safely<T>(look: () => T, otherwise: T): T {
	try {
		return look();
	} catch {
		return otherwise;
	}
}
