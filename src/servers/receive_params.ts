import { checkDuration } from "../concurrency/durations.ts";

/** What a handler may yield: how to wait for the next packet. */
export interface ReceiveParams {
	/** Milliseconds until `TimeoutError` is thrown in at the `yield`. Ignored where the packet is there already. Default: the server's idle timeout. */
	readonly timeout?: number | undefined;
	/** Ends the wait by throwing the signal's reason in at the `yield`. */
	readonly signal?: AbortSignal | undefined;
}

/**
 * @internal Checks what a handler yielded.
 * @throws {TypeError} {RangeError} to be thrown in at the `yield`.
 */
export function checkReceiveParams(value: unknown): ReceiveParams | undefined {
	if (value === undefined) return undefined;
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new TypeError(`Cannot wait for a packet with ${show(value)}: expected nothing or { timeout, signal }`);
	}
	const { timeout, signal } = value as ReceiveParams;
	checkDuration("timeout", timeout);
	if (signal !== undefined && !isSignal(signal)) {
		throw new TypeError(`Cannot use ${show(signal)} as "signal": not an AbortSignal`);
	}
	// What was checked, whatever a getter or a proxy says the next time.
	return { timeout, signal };
}

/** Something made from the prototype alone passes `instanceof`, but throws at the first use. */
function isSignal(value: unknown): boolean {
	try {
		return value instanceof AbortSignal && typeof value.aborted === "boolean";
	} catch {
		return false;
	}
}

function show(value: unknown): string {
	return typeof value === "object" && value !== null ? Object.prototype.toString.call(value) : String(value);
}
