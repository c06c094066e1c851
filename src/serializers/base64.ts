/** The two alphabets of base64 (RFC 4648): `"standard"` with `+` and `/`, `"urlsafe"` with `-` and `_`. */
export type Base64Alphabet = "standard" | "urlsafe";

const COMMON = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const PAD = 0x3d;
const NONE = 0xff;

/** Translates bytes to base64 in ASCII, padded with `=`, and back, strictly. */
export class Base64Codec {
	readonly #characters: Uint8Array;
	readonly #values = new Uint8Array(256).fill(NONE);

	constructor(alphabet: Base64Alphabet) {
		this.#characters = new TextEncoder().encode(COMMON + (alphabet === "standard" ? "+/" : "-_"));
		for (const [value, character] of this.#characters.entries()) this.#values[character] = value;
	}

	/** Whether a byte is a character of base64, the padding counted. */
	has(byte: number): boolean {
		return byte === PAD || this.#values[byte] !== NONE;
	}

	encode(data: Uint8Array): Uint8Array {
		const encoded = new Uint8Array(Math.ceil(data.length / 3) * 4).fill(PAD);
		let at = 0;
		let bits = 0;
		let count = 0;
		for (const byte of data) {
			bits = (bits << 8) | byte;
			for (count += 8; count >= 6; count -= 6) {
				encoded[at++] = this.#characters[(bits >> (count - 6)) & 0x3f] as number;
			}
			bits &= 0xff;
		}
		if (count > 0) encoded[at] = this.#characters[(bits << (6 - count)) & 0x3f] as number;
		return encoded;
	}

	/** The bytes, or `undefined` if `encoded` is not what `encode` makes of any. */
	decode(encoded: Uint8Array): Uint8Array | undefined {
		let length = encoded.length;
		if (length % 4 !== 0) return undefined;
		for (let pads = 0; pads < 2 && encoded[length - 1] === PAD; pads++) length--;
		const data = new Uint8Array(Math.floor((length * 3) / 4));
		let at = 0;
		let bits = 0;
		let count = 0;
		for (let i = 0; i < length; i++) {
			const value = this.#values[encoded[i] as number] as number;
			if (value === NONE) return undefined;
			bits = ((bits & 0xff) << 6) | value;
			count += 6;
			if (count >= 8) {
				count -= 8;
				data[at++] = bits >> count;
			}
		}
		// What is left of the last character must be zero: otherwise many texts would mean the same bytes.
		return (bits & ((1 << count) - 1)) === 0 ? data : undefined;
	}
}
