import { DeserializeError } from "../errors.ts";
import { decodeUtf8, encodeUtf8, TEXT_CODECS } from "./text_encoding.ts";

/** What a bencoded packet is when received. Dictionaries are objects without a prototype. */
export type BencodeValue = number | bigint | Uint8Array | BencodeValue[] | { [key: string]: BencodeValue };

/** What can be bencoded: also text, in UTF-8, and maps. */
export type BencodeInput =
	| number
	| bigint
	| string
	| Uint8Array
	| readonly BencodeInput[]
	| ReadonlyMap<string, BencodeInput>
	| { readonly [key: string]: BencodeInput };

/** How the keys of dictionaries, which are bytes, become text. */
export type BencodeKeyEncoding = "latin1" | "utf-8";

/** The bytes of a value, in pieces. */
export class BencodeEncoder {
	readonly #keyEncoding: BencodeKeyEncoding;
	readonly #maxDepth: number;
	readonly #pieces: Uint8Array[] = [];
	#length = 0;

	constructor(keyEncoding: BencodeKeyEncoding, maxDepth: number) {
		this.#keyEncoding = keyEncoding;
		this.#maxDepth = maxDepth;
	}

	/** @throws {TypeError} when bencode has no such value, or it nests too deep. */
	encode(value: BencodeInput): Uint8Array {
		this.#write(value, 0);
		const data = new Uint8Array(this.#length);
		let at = 0;
		for (const piece of this.#pieces) {
			data.set(piece, at);
			at += piece.length;
		}
		return data;
	}

	#push(piece: Uint8Array): void {
		this.#pieces.push(piece);
		this.#length += piece.length;
	}

	#bytes(data: Uint8Array): void {
		this.#push(encodeUtf8(`${data.length}:`));
		this.#push(data);
	}

	#write(value: BencodeInput, depth: number): void {
		if (typeof value === "string") {
			const data = TEXT_CODECS["utf-8"].encode(value);
			if (data === undefined) throw new TypeError("Cannot bencode the packet: a text is not well-formed");
			this.#bytes(data);
		} else if (typeof value === "bigint" || Number.isSafeInteger(value)) {
			this.#push(encodeUtf8(`i${value}e`));
		} else if (value instanceof Uint8Array) {
			this.#bytes(value);
		} else if (typeof value === "object" && value !== null) {
			if (depth === this.#maxDepth) {
				throw new TypeError(`Cannot bencode the packet: it nests deeper than "maxDepth", ${this.#maxDepth}`);
			}
			if (Array.isArray(value)) {
				this.#push(encodeUtf8("l"));
				for (const item of value) this.#write(item, depth + 1);
			} else {
				this.#push(encodeUtf8("d"));
				this.#writeEntries(value instanceof Map ? [...value] : Object.entries(value), depth + 1);
			}
			this.#push(encodeUtf8("e"));
		} else {
			throw new TypeError(
				`Cannot bencode the packet: ${String(value)} is not an integer, text, bytes, list or dictionary`,
			);
		}
	}

	#writeEntries(entries: [string, BencodeInput][], depth: number): void {
		const keyed = entries.map(([key, value]): [Uint8Array, BencodeInput] => {
			const bytes = typeof key === "string" ? TEXT_CODECS[this.#keyEncoding].encode(key) : undefined;
			if (bytes === undefined) {
				throw new TypeError(`Cannot bencode the packet: the key "${String(key)}" is not "${this.#keyEncoding}" text`);
			}
			return [bytes, value];
		});
		keyed.sort(([a], [b]) => compareBytes(a, b));
		for (const [key, value] of keyed) {
			this.#bytes(key);
			this.#write(value, depth);
		}
	}
}

/** Reads a value whose structure a scanner has checked: what is left to check are its details. */
export class BencodeDecoder {
	readonly #keyEncoding: BencodeKeyEncoding;
	readonly #data: Uint8Array;
	#at = 0;

	constructor(keyEncoding: BencodeKeyEncoding, data: Uint8Array) {
		this.#keyEncoding = keyEncoding;
		this.#data = data;
	}

	/** @throws {DeserializeError} when a number is not in its only form, or keys are not sorted and unique. */
	decode(): BencodeValue {
		const byte = this.#data[this.#at];
		if (byte === 0x69) return this.#integer();
		if (byte === 0x6c) return this.#list();
		if (byte === 0x64) return this.#dictionary();
		return new Uint8Array(this.#bytes());
	}

	#text(endMark: number): string {
		const end = this.#data.indexOf(endMark, this.#at);
		const text = TEXT_CODECS.latin1.decode(this.#data.subarray(this.#at, end)) as string;
		this.#at = end + 1;
		return text;
	}

	#integer(): number | bigint {
		this.#at++;
		const text = this.#text(0x65);
		if (!/^(?:0|-?[1-9]\d*)$/.test(text)) throw refuse(`"${text}" is not an integer's only form`);
		const number = Number(text);
		return Number.isSafeInteger(number) ? number : BigInt(text);
	}

	#bytes(): Uint8Array {
		const text = this.#text(0x3a);
		if (text.length > 1 && text.startsWith("0")) throw refuse("the length of a string begins with a zero");
		const start = this.#at;
		this.#at += Number(text);
		return this.#data.subarray(start, this.#at);
	}

	#list(): BencodeValue[] {
		this.#at++;
		const list: BencodeValue[] = [];
		while (this.#data[this.#at] !== 0x65) list.push(this.decode());
		this.#at++;
		return list;
	}

	#dictionary(): BencodeValue {
		this.#at++;
		const dictionary: { [key: string]: BencodeValue } = Object.create(null);
		let previous: Uint8Array | undefined;
		while (this.#data[this.#at] !== 0x65) {
			const bytes = this.#bytes();
			if (previous !== undefined && compareBytes(previous, bytes) >= 0) throw refuse("keys are not sorted and unique");
			previous = bytes;
			const key = this.#keyEncoding === "utf-8" ? decodeUtf8(bytes) : TEXT_CODECS.latin1.decode(bytes);
			if (key === undefined) throw refuse('a key is not "utf-8" text');
			if (key === "__proto__") throw refuse('the key "__proto__" is forbidden');
			dictionary[key] = this.decode();
		}
		this.#at++;
		return dictionary;
	}
}

function refuse(reason: string): DeserializeError {
	return new DeserializeError(`Cannot decode bencode: ${reason}`);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
	const length = Math.min(a.length, b.length);
	for (let i = 0; i < length; i++) {
		const difference = (a[i] as number) - (b[i] as number);
		if (difference !== 0) return difference;
	}
	return a.length - b.length;
}
