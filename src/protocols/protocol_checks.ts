/** @throws {TypeError} when `value` lacks a method. */
export function requireMethod<Name extends string>(
	argument: string,
	value: { [K in Name]: unknown },
	method: Name,
): void {
	if (typeof value?.[method] !== "function") {
		throw new TypeError(`Cannot use "${argument}": it has no method "${method}"`);
	}
}

/** What went wrong, for a message. */
export function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : "something other than an Error was thrown";
}
