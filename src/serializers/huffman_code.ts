import { malformed } from "./item_scanner.ts";

const MAX_LENGTH = 15;

/** A canonical Huffman code (RFC 1951, section 3.2.2): codes of one length follow each other in the order of symbols. */
export class HuffmanCode {
	/** The longest code in bits. */
	static readonly MAX_LENGTH: number = MAX_LENGTH;
	/** The first code of each length, and where its symbols begin. */
	readonly #firsts = new Uint16Array(MAX_LENGTH + 2);
	readonly #offsets = new Uint16Array(MAX_LENGTH + 2);
	readonly #symbols: Uint16Array;

	/**
	 * @param lengths The length of each symbol's code in bits, 0 for a symbol that has none.
	 * @throws {DeserializeError} when there are more codes than their lengths allow; `fatal`.
	 */
	constructor(lengths: readonly number[]) {
		const counts = new Uint16Array(MAX_LENGTH + 1);
		for (const length of lengths) if (length > 0) (counts[length] as number)++;
		let first = 0;
		let offset = 0;
		for (let length = 1; length <= MAX_LENGTH; length++) {
			first <<= 1;
			this.#firsts[length] = first;
			this.#offsets[length] = offset;
			first += counts[length] as number;
			offset += counts[length] as number;
			if (first > 1 << length) throw malformed("a Huffman code has too many codes");
		}
		this.#offsets[MAX_LENGTH + 1] = offset;
		this.#symbols = new Uint16Array(offset);
		const next = this.#offsets.slice();
		for (const [symbol, length] of lengths.entries()) {
			if (length > 0) this.#symbols[(next[length] as number)++] = symbol;
		}
	}

	/** The symbol of a code of `length` bits, or -1. */
	symbolAt(code: number, length: number): number {
		const start = this.#offsets[length] as number;
		const index = start + code - (this.#firsts[length] as number);
		return index >= start && index < (this.#offsets[length + 1] as number) ? (this.#symbols[index] as number) : -1;
	}
}
