import { ItemScanner, malformed } from "./item_scanner.ts";

/** How many characters an integer may have: turning digits into a number costs more than linear time. */
const MAX_INTEGER = 1_024;

/** The digits of 2^53. */
const MAX_LENGTH_DIGITS = 16;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Finds the end of a bencoded value. */
export class BencodeScanner extends ItemScanner {
	protected override read(buffer: Uint8Array, at: number, end: number): boolean {
		const byte = buffer[at] as number;
		this.size = 1;
		if (byte === 0x65) {
			this.isEndMark = true;
		} else if (byte === 0x6c || byte === 0x64) {
			this.children = Number.POSITIVE_INFINITY;
			this.isMap = byte === 0x64;
		} else if (byte === 0x69) {
			return this.#readInteger(buffer, at, end);
		} else if (isDigit(byte)) {
			return this.#readString(buffer, at, end);
		} else {
			throw malformed(`no bencoded value begins with the byte ${byte}`);
		}
		return true;
	}

	protected override inspect(buffer: Uint8Array, at: number, isKey: boolean): void {
		if (isKey && buffer[at] === 0x69) this.refusal ??= "an integer is the key of a dictionary";
	}

	#readInteger(buffer: Uint8Array, at: number, end: number): boolean {
		const last = Math.min(end, at + MAX_INTEGER);
		for (let i = at + 1; i < last; i++) {
			if (buffer[i] === 0x65) {
				this.size = i + 1 - at;
				return true;
			}
			if (!isDigit(buffer[i]) && !(i === at + 1 && buffer[i] === 0x2d)) throw malformed("an integer holds no digit");
		}
		if (last === at + MAX_INTEGER) throw malformed(`an integer is longer than ${MAX_INTEGER} characters`);
		return false;
	}

	#readString(buffer: Uint8Array, at: number, end: number): boolean {
		let length = 0;
		for (let i = at; i < end; i++) {
			const byte = buffer[i] as number;
			if (byte === 0x3a) {
				this.size = i + 1 - at + length;
				return true;
			}
			if (!isDigit(byte) || i - at >= MAX_LENGTH_DIGITS) throw malformed("the length of a string is not a number");
			length = length * 10 + (byte - 0x30);
		}
		return false;
	}
}
