import { type ItemLimits, ItemScanner, malformed } from "./item_scanner.ts";
import { isProtoKey, isUtf8, readUnsigned } from "./utf8_check.ts";

const INDEFINITE = 31;

/** Finds the end of a CBOR data item (RFC 8949, section 3). */
export class CborScanner extends ItemScanner {
	readonly #tags: ReadonlySet<number>;
	#header = 1;

	constructor(limits: ItemLimits, tags: ReadonlySet<number>) {
		super(limits);
		this.#tags = tags;
	}

	protected override read(buffer: Uint8Array, at: number, end: number): boolean {
		const byte = buffer[at] as number;
		const major = byte >> 5;
		const info = byte & 0x1f;
		if (info >= 28 && info < INDEFINITE) throw malformed(`no CBOR item begins with the byte ${byte}`);
		if (info === INDEFINITE) return this.#indefinite(major);
		const width = info < 24 ? 0 : 2 ** (info - 24);
		if (end - at < 1 + width) return false;
		const argument = width === 0 ? info : readUnsigned(buffer, at + 1, width);
		this.#header = this.size = 1 + width;
		if (major === 2 || major === 3) {
			this.size += argument;
		} else if (major === 4 || major === 5) {
			this.isMap = major === 5;
			this.children = this.isMap ? 2 * argument : argument;
		} else if (major === 6) {
			this.isMap = false;
			this.children = 1;
			if (!this.#tags.has(argument)) this.refusal ??= `the tag ${argument} is not in "tags"`;
		} else if (major === 7 && (info < 20 || info === 24)) {
			this.refusal ??= `the simple value ${argument} is not assigned`;
		}
		return true;
	}

	#indefinite(major: number): boolean {
		this.size = 1;
		if (major === 7) {
			this.isEndMark = true;
		} else if (major === 4 || major === 5) {
			this.isMap = major === 5;
			this.children = Number.POSITIVE_INFINITY;
		} else {
			throw malformed("only arrays and maps may be of indefinite length");
		}
		return true;
	}

	protected override inspect(buffer: Uint8Array, at: number, isKey: boolean): void {
		const major = (buffer[at] as number) >> 5;
		if (major === 3) {
			const start = at + this.#header;
			const end = at + this.size;
			if (!isUtf8(buffer, start, end)) this.refusal ??= "a text is not UTF-8";
			if (isKey && isProtoKey(buffer, start, end)) this.refusal ??= 'the key "__proto__" is forbidden';
		} else if (isKey && major > 1) {
			this.refusal ??= "the key of a map is neither a text nor an integer";
		}
	}
}
