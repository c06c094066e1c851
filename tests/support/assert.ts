/** The assertions of `@std/assert` that the tests use, by the same names, on `node:assert/strict`. */

import nodeAssert from "node:assert/strict";

/** A class whose instances are caught, such as `TypeError`. Abstract classes will do. */
// biome-ignore lint/suspicious/noExplicitAny: only `any` accepts every constructor's parameters
type Class<T> = abstract new (...args: any[]) => T;

const withMessage = (text: string, message: string | undefined): string =>
	message === undefined ? text : `${text}: ${message}`;

/** Puts `message` in front of what the check says: node:assert drops the difference, and formats "%" in the message. */
function explain(message: string | undefined, check: () => void): void {
	if (message === undefined) return check();
	try {
		check();
	} catch (error) {
		if (!(error instanceof nodeAssert.AssertionError)) throw error;
		const { actual, expected, operator } = error;
		throw new nodeAssert.AssertionError({ message: `${message}: ${error.message}`, actual, expected, operator });
	}
}

/** Throws unless `value` is truthy. */
export function assert(value: unknown, message?: string): asserts value {
	if (!value) nodeAssert.fail(message ?? "Expected a truthy value");
}

/** Throws unless `value` is falsy. */
export function assertFalse(value: unknown, message?: string): void {
	if (value) nodeAssert.fail(message ?? "Expected a falsy value");
}

/** Throws unless both are deeply and strictly equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
	explain(message, () => nodeAssert.deepStrictEqual(actual, expected));
}

/** Throws if both are deeply and strictly equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
	explain(message, () => nodeAssert.notDeepStrictEqual(actual, expected));
}

/** Throws unless both are the same value, as by `Object.is`. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
	explain(message, () => nodeAssert.strictEqual(actual, expected));
}

/** Throws if both are the same value, as by `Object.is`. */
export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void {
	explain(message, () => nodeAssert.notStrictEqual(actual, expected));
}

/** Throws if `value` is `undefined` or `null`. */
export function assertExists<T>(value: T, message?: string): asserts value is NonNullable<T> {
	if (value === undefined || value === null) {
		nodeAssert.fail(withMessage(`Expected a value, got ${value}`, message));
	}
}

/** Throws unless `value` is an instance of `expected`. */
export function assertInstanceOf<T>(value: unknown, expected: Class<T>, message?: string): asserts value is T {
	if (value instanceof expected) return;
	const actual = value instanceof Error ? `${value.name}: ${value.message}` : String(value);
	nodeAssert.fail(withMessage(`Expected an instance of "${expected.name}", got "${actual}"`, message));
}

/** Throws unless `text` matches `pattern`. */
export function assertMatch(text: string, pattern: RegExp, message?: string): void {
	explain(message, () => nodeAssert.match(text, pattern));
}

/** Throws unless `text` contains `part`. */
export function assertStringIncludes(text: string, part: string, message?: string): void {
	if (!text.includes(part)) nodeAssert.fail(withMessage(`Expected "${text}" to contain "${part}"`, message));
}

/** Throws unless every item of `expected` is deeply equal to one of `actual`. */
export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, message?: string): void {
	const equal = (a: T, b: T): boolean => {
		try {
			nodeAssert.deepStrictEqual(a, b);
			return true;
		} catch {
			return false;
		}
	};
	const items = Array.from(actual);
	const missing = Array.from(expected).filter((wanted) => !items.some((item) => equal(item, wanted)));
	explain(withMessage("Expected the array to contain every item", message), () =>
		nodeAssert.deepStrictEqual(missing, []),
	);
}

/** Throws unless `actual` > `expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
	if (!(actual > expected)) nodeAssert.fail(withMessage(`Expected ${actual} > ${expected}`, message));
}

/** Throws unless `actual` >= `expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
	if (!(actual >= expected)) nodeAssert.fail(withMessage(`Expected ${actual} >= ${expected}`, message));
}

/** Throws unless `actual` < `expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
	if (!(actual < expected)) nodeAssert.fail(withMessage(`Expected ${actual} < ${expected}`, message));
}

/** Throws unless `actual` <= `expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
	if (!(actual <= expected)) nodeAssert.fail(withMessage(`Expected ${actual} <= ${expected}`, message));
}

/** Throws unless both numbers differ by at most `tolerance` (default: a millionth of `expected`). */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void {
	if (Object.is(actual, expected)) return;
	const allowed = tolerance ?? Math.max(Math.abs(expected) * 1e-6, Number.EPSILON);
	if (!(Math.abs(actual - expected) <= allowed)) {
		nodeAssert.fail(withMessage(`Expected ${actual} within ${allowed} of ${expected}`, message));
	}
}

/** Throws unless `actual` has the properties of `expected`, nested ones included. */
export function assertObjectMatch(actual: object, expected: Record<PropertyKey, unknown>, message?: string): void {
	explain(message, () => nodeAssert.deepStrictEqual(project(actual, expected), expected));
}

function project(actual: object, expected: object): object {
	if (Array.isArray(expected)) return actual;
	const result: Record<PropertyKey, unknown> = {};
	for (const key of Reflect.ownKeys(expected)) {
		if (!(key in actual)) continue;
		const value: unknown = Reflect.get(actual, key);
		const wanted: unknown = Reflect.get(expected, key);
		const nested = isPlainObject(value) && isPlainObject(wanted);
		result[key] = nested ? project(value, wanted) : value;
	}
	return result;
}

function isPlainObject(value: unknown): value is object {
	return typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** Fails. */
export function fail(message?: string): never {
	nodeAssert.fail(message ?? "Failed");
}

/** Fails: the line must never be reached. */
export function unreachable(message?: string): never {
	nodeAssert.fail(message ?? "Expected this line never to be reached");
}

function checkError<E>(error: unknown, errorClass: Class<E> | undefined, includes: string | undefined): E {
	if (errorClass !== undefined && !(error instanceof errorClass)) {
		const actual = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
		throw new nodeAssert.AssertionError({
			message: `Expected an error of class "${errorClass.name}", got "${actual}"`,
			actual: error,
			expected: errorClass,
		});
	}
	if (!(error instanceof Error)) nodeAssert.fail(`Expected an Error to be thrown, got "${String(error)}"`);
	if (includes !== undefined) assertStringIncludes(error.message, includes);
	return error as E;
}

/**
 * Throws unless `fn` throws an `Error`, of class `errorClass` and with `messageIncludes` in its message when these are
 * given. Returns the error.
 */
export function assertThrows<E = Error>(fn: () => unknown, errorClass?: Class<E>, messageIncludes?: string): E {
	let result: unknown;
	try {
		result = fn();
	} catch (error) {
		return checkError(error, errorClass, messageIncludes);
	}
	if (result instanceof Promise) {
		// The rejection of a mistaken test must not end the whole run.
		result.catch(() => {});
		nodeAssert.fail("Expected the function to throw, but it returned a promise: use assertRejects");
	}
	nodeAssert.fail("Expected the function to throw");
}

/**
 * Rejects unless the promise of `fn` rejects with an `Error`, of class `errorClass` and with `messageIncludes` in its
 * message when these are given. Resolves to the error. A synchronous throw is a failure.
 */
export async function assertRejects<E = Error>(
	fn: () => PromiseLike<unknown>,
	errorClass?: Class<E>,
	messageIncludes?: string,
): Promise<E> {
	let promise: PromiseLike<unknown>;
	try {
		promise = fn();
	} catch (error) {
		throw new nodeAssert.AssertionError({
			message: `Expected a rejection, but the function threw: ${error}`,
			actual: error,
		});
	}
	if (typeof promise?.then !== "function") nodeAssert.fail("Expected the function to return a promise");
	try {
		await promise;
	} catch (error) {
		return checkError(error, errorClass, messageIncludes);
	}
	nodeAssert.fail("Expected the promise to reject");
}
