import { DeserializeError } from "../errors.ts";
import type { PacketSerializer } from "./packet_serializer.ts";

/** The default limit of a packet on a stream, in bytes; it is EasyNetwork's. */
export const DEFAULT_LIMIT = 65_536;

/** How many containers may nest in a packet by default. */
export const DEFAULT_MAX_DEPTH = 64;

/** How many values a packet may hold by default. */
export const DEFAULT_MAX_NODES = 100_000;

/** What a {@linkcode DeserializeError} carries with the option `debug` of most serializers. */
export interface DataErrorInfo {
	/** A copy of the received bytes. */
	readonly data: Uint8Array;
}

/** The `errorInfo` for `data`, if errors are to carry one. */
export function errorInfoOf(debug: boolean, data: Uint8Array): DataErrorInfo | undefined {
	return debug ? { data: new Uint8Array(data) } : undefined;
}

/** What `decode` makes of `data`; with `debug`, its errors carry the data. */
export function decodeWith<T>(debug: boolean, data: Uint8Array, decode: () => T): T {
	if (!debug) return decode();
	try {
		return decode();
	} catch (error) {
		if (!(error instanceof DeserializeError) || error.errorInfo !== undefined) throw error;
		const { fatal } = error;
		throw new DeserializeError(error.message, { cause: error, errorInfo: errorInfoOf(true, data), fatal });
	}
}

/** @throws {RangeError} when `value` is not an integer from `min` to `max`. */
export function requireInteger(name: string, value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): void {
	if (!Number.isInteger(value) || value < min || value > max) {
		const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
		throw new RangeError(`Cannot use ${String(value)} as "${name}": it is not an integer ${range}`);
	}
}

/** @throws {TypeError} when `value` lacks a method. */
export function requireMethod<Name extends string>(name: string, value: { [K in Name]?: unknown }, method: Name): void {
	if (typeof value?.[method] !== "function") {
		throw new TypeError(`Cannot use "${name}": it has no method "${method}"`);
	}
}

/** @throws {TypeError} when `value` lacks a method of a serializer. */
export function requireSerializer(name: string, value: PacketSerializer<never, unknown>): void {
	requireMethod(name, value, "serialize");
	requireMethod(name, value, "deserialize");
}

/**
 * The payload as the serializer may have it: a view of the receive buffer, or a copy unless it promises not to keep it.
 */
export function payloadOf(
	serializer: PacketSerializer<never, unknown>,
	buffer: Uint8Array,
	start: number,
	end: number,
): Uint8Array {
	// By the constructor, since `slice` of a Node Buffer is a view.
	const view = buffer.subarray(start, end);
	return serializer.keepsData === false ? view : new Uint8Array(view);
}

/** Both arrays, one behind the other. */
export function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
	const joined = new Uint8Array(first.length + second.length);
	joined.set(first);
	joined.set(second, first.length);
	return joined;
}
