/** A conformance case found that the backend does something else than the contract says. */
export class ConformanceError extends Error {
	override name = "ConformanceError";
}

/** @internal Fails unless `condition` holds. */
export function check(condition: unknown, expected: string): asserts condition {
	if (!condition) throw new ConformanceError(`Expected ${expected}`);
}

/** @internal Fails unless both are the same value, or lists of the same values. */
export function checkEqual(actual: unknown, wanted: unknown, what: string): void {
	const same =
		Array.isArray(actual) && Array.isArray(wanted)
			? actual.length === wanted.length && actual.every((item, index) => Object.is(item, wanted[index]))
			: Object.is(actual, wanted);
	if (!same) throw new ConformanceError(`Expected ${what} to be ${show(wanted)}, got ${show(actual)}`);
}

/** @internal Fails unless the promise rejects with an error of the class, and with the code if one is given. Resolves to the error. */
export async function checkRejects<E extends Error>(
	promise: Promise<unknown>,
	// biome-ignore lint/suspicious/noExplicitAny: only `any` accepts every constructor's parameters
	errorClass: abstract new (...args: any[]) => E,
	what: string,
	code?: string,
): Promise<E> {
	let error: unknown;
	try {
		await promise;
	} catch (reason) {
		error = reason;
	}
	if (error === undefined) throw new ConformanceError(`Expected ${what} to fail with ${errorClass.name}`);
	if (!(error instanceof errorClass)) {
		throw new ConformanceError(`Expected ${what} to fail with ${errorClass.name}, got ${show(error)}`, {
			cause: error,
		});
	}
	if (code !== undefined) checkEqual((error as { code?: unknown }).code, code, `the code of the error of ${what}`);
	return error;
}

/** @internal A promise that is awaited later, or never when the case fails before: then nobody else is bothered with its error. */
export function begun<P extends Promise<unknown>>(promise: P): P {
	promise.catch(() => undefined);
	return promise;
}

function show(value: unknown): string {
	if (value instanceof Error) return `${value.name}: ${value.message}`;
	return typeof value === "string"
		? JSON.stringify(value)
		: Array.isArray(value)
			? `[${value.map(show)}]`
			: String(value);
}
