import type * as crypto from "node:crypto";
import { builtinModule } from "./builtin_module.ts";

const load = (): typeof crypto => builtinModule<typeof crypto>("node:crypto");

/** The size of a digest, and of a key, in bytes. */
export const DIGEST_SIZE = 32;

/** The SHA-256 of `data`, or the HMAC-SHA-256 with a key. */
export function digestOf(data: Uint8Array, key: Uint8Array | undefined): Uint8Array {
	const { createHash, createHmac } = load();
	return (key === undefined ? createHash("sha256") : createHmac("sha256", key)).update(data).digest();
}

/** Whether two digests are equal, in a time that does not tell where they differ. */
export function digestsEqual(a: Uint8Array, b: Uint8Array): boolean {
	return load().timingSafeEqual(a, b);
}

/** A random key. */
export function randomKey(): Uint8Array {
	return load().randomBytes(DIGEST_SIZE);
}
