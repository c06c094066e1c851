import { decodeUtf8 } from "./text_encoding.ts";

/** Whether the bytes of `buffer` from `start` up to `end` are UTF-8. */
export function isUtf8(buffer: Uint8Array, start: number, end: number): boolean {
	for (let i = start; i < end; i++) {
		if ((buffer[i] as number) > 0x7f) return decodeUtf8(buffer.subarray(i, end)) !== undefined;
	}
	return true;
}

const PROTO = new TextEncoder().encode("__proto__");

/** Whether the bytes of `buffer` from `start` up to `end` are the text `__proto__`. */
export function isProtoKey(buffer: Uint8Array, start: number, end: number): boolean {
	return end - start === PROTO.length && PROTO.every((byte, i) => buffer[start + i] === byte);
}

/** The unsigned integer of `size` bytes at `at`, the highest first; above 2^53 it is rounded. */
export function readUnsigned(buffer: Uint8Array, at: number, size: number): number {
	let value = 0;
	for (let i = 0; i < size; i++) value = value * 256 + (buffer[at + i] as number);
	return value;
}
