import { HuffmanCode } from "./huffman_code.ts";
import { malformed } from "./item_scanner.ts";

/** For length symbols from 257: the shortest match, and how many bits are added to it (RFC 1951, section 3.2.5). */
const LENGTH_BASE = [
	3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BITS = [
	0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];

/** In which order the lengths of the code for code lengths come (section 3.2.7). */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const END_OF_BLOCK = 256;

const FIXED_LITERALS = new HuffmanCode(
	Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
);
const FIXED_DISTANCES = new HuffmanCode(new Array(30).fill(5));

type Stage = "block" | "stored" | "header" | "orders" | "lengths" | "symbols" | "end";

/**
 * Finds the end of deflated data, and how much it inflates to, without inflating it. It goes on where it stopped when more
 * bytes are there. What else is wrong with the data is left to whoever inflates it.
 */
export class DeflateScanner {
	/** How many bytes the data so far inflates to. */
	output = 0;
	#stage: Stage = "block";
	/** The place, in bits behind the data's start. A step that lacks bits is taken again from where it began. */
	#bit = 0;
	#isLast = false;
	#literals = FIXED_LITERALS;
	#distances = FIXED_DISTANCES;
	#literalCount = 0;
	#distanceCount = 0;
	#orderCount = 0;
	#orderCode = FIXED_LITERALS;
	readonly #lengths: number[] = [];
	#buffer: Uint8Array = new Uint8Array(0);
	#start = 0;
	#bits = 0;

	/**
	 * The length in bytes of the data that begins at `start`, or -1 if it is not all there.
	 *
	 * @throws {DeserializeError} when it is not deflated data; `fatal`.
	 */
	scan(buffer: Uint8Array, start: number, end: number): number {
		this.#buffer = buffer;
		this.#start = start;
		this.#bits = (end - start) * 8;
		while (this.#stage !== "end") {
			const before = this.#bit;
			if (!this.#step()) {
				this.#bit = before;
				return -1;
			}
		}
		return Math.ceil(this.#bit / 8);
	}

	/** Forgets the data, to begin with other. */
	reset(): void {
		this.output = 0;
		this.#stage = "block";
		this.#bit = 0;
	}

	/** Takes `count` bits, 16 at most, the first one lowest; or -1. */
	#take(count: number): number {
		if (this.#bit + count > this.#bits) return -1;
		let value = 0;
		for (let i = 0; i < count; i++) {
			const at = this.#bit++;
			value |= (((this.#buffer[this.#start + (at >>> 3)] as number) >> (at & 7)) & 1) << i;
		}
		return value;
	}

	/** The next symbol of a code, or -1. */
	#symbol(code: HuffmanCode): number {
		let walked = 0;
		for (let length = 1; length <= HuffmanCode.MAX_LENGTH; length++) {
			const bit = this.#take(1);
			if (bit === -1) return -1;
			walked = (walked << 1) | bit;
			const symbol = code.symbolAt(walked, length);
			if (symbol !== -1) return symbol;
		}
		throw malformed("a code of the deflated data stands for nothing");
	}

	/** Whether the step was taken; otherwise bits are missing. */
	#step(): boolean {
		switch (this.#stage) {
			case "block":
				return this.#block();
			case "stored":
				return this.#stored();
			case "header":
				return this.#header();
			case "orders":
				return this.#order();
			case "lengths":
				return this.#codeLength();
			default:
				return this.#literalOrMatch();
		}
	}

	#block(): boolean {
		const header = this.#take(3);
		if (header === -1) return false;
		this.#isLast = (header & 1) === 1;
		if (header >> 1 === 3) throw malformed("a block of the deflated data has no known type");
		this.#stage = header >> 1 === 0 ? "stored" : header >> 1 === 1 ? "symbols" : "header";
		this.#literals = FIXED_LITERALS;
		this.#distances = FIXED_DISTANCES;
		return true;
	}

	#stored(): boolean {
		this.#bit = Math.ceil(this.#bit / 8) * 8;
		const length = this.#take(16);
		const complement = this.#take(16);
		if (length === -1 || complement === -1) return false;
		if ((length ^ complement) !== 0xffff) throw malformed("the length of a stored block is damaged");
		this.#bit += length * 8;
		if (this.#bit > this.#bits) return false;
		this.output += length;
		this.#endBlock();
		return true;
	}

	#header(): boolean {
		const header = this.#take(14);
		if (header === -1) return false;
		this.#literalCount = (header & 0x1f) + 257;
		this.#distanceCount = ((header >> 5) & 0x1f) + 1;
		this.#orderCount = (header >> 10) + 4;
		if (this.#literalCount > 286 || this.#distanceCount > 30) throw malformed("a deflate code is too large");
		this.#lengths.length = 0;
		this.#stage = "orders";
		return true;
	}

	#order(): boolean {
		const length = this.#take(3);
		if (length === -1) return false;
		this.#lengths.push(length);
		if (this.#lengths.length < this.#orderCount) return true;
		const lengths: number[] = new Array(ORDER.length).fill(0);
		for (const [i, one] of this.#lengths.entries()) lengths[ORDER[i] as number] = one;
		this.#orderCode = new HuffmanCode(lengths);
		this.#lengths.length = 0;
		this.#stage = "lengths";
		return true;
	}

	#codeLength(): boolean {
		const symbol = this.#symbol(this.#orderCode);
		if (symbol === -1) return false;
		if (symbol < 16) {
			this.#lengths.push(symbol);
		} else {
			const repeat = this.#take(symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
			if (repeat === -1) return false;
			const previous = symbol === 16 ? this.#lengths.at(-1) : 0;
			if (previous === undefined) throw malformed("a deflate code repeats a length that was not given");
			for (let i = repeat + (symbol === 18 ? 11 : 3); i > 0; i--) this.#lengths.push(previous);
		}
		const total = this.#literalCount + this.#distanceCount;
		if (this.#lengths.length > total) throw malformed("a deflate code has too many lengths");
		if (this.#lengths.length === total) {
			this.#literals = new HuffmanCode(this.#lengths.slice(0, this.#literalCount));
			this.#distances = new HuffmanCode(this.#lengths.slice(this.#literalCount));
			this.#stage = "symbols";
		}
		return true;
	}

	#literalOrMatch(): boolean {
		const symbol = this.#symbol(this.#literals);
		if (symbol === -1) return false;
		if (symbol < END_OF_BLOCK) {
			this.output++;
			return true;
		}
		if (symbol === END_OF_BLOCK) {
			this.#endBlock();
			return true;
		}
		const base = LENGTH_BASE[symbol - 257];
		if (base === undefined) throw malformed("a match of the deflated data has no known length");
		const extra = this.#take(LENGTH_BITS[symbol - 257] as number);
		if (extra === -1) return false;
		const distance = this.#symbol(this.#distances);
		if (distance === -1 || this.#take(DISTANCE_BITS[distance] as number) === -1) return false;
		this.output += base + extra;
		return true;
	}

	#endBlock(): void {
		this.#stage = this.#isLast ? "end" : "block";
	}
}
