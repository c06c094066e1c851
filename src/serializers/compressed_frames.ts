import { DeflateScanner } from "./deflate_scanner.ts";
import { malformed } from "./item_scanner.ts";

/** Finds the end of a compressed packet. */
export interface FrameScanner {
	/** How many bytes the packet so far decompresses to, as far as that is known. */
	readonly output: number;
	/** The length of the packet that begins at `start`, or -1 if it is not all there. @throws {DeserializeError} `fatal`. */
	scan(buffer: Uint8Array, start: number, end: number): number;
	/** Forgets the packet, to begin the next. */
	reset(): void;
}

/** A longer gzip header is refused: it is read again for each piece in which it arrives. */
const MAX_GZIP_HEADER = 1_024;

/** The length of a zlib header (RFC 1950, section 2.2), or -1. */
function zlibHeader(buffer: Uint8Array, start: number, end: number): number {
	if (end - start < 2) return -1;
	const method = buffer[start] as number;
	const flags = buffer[start + 1] as number;
	if ((method & 0x0f) !== 8 || method >> 4 > 7 || (method * 256 + flags) % 31 !== 0)
		throw malformed("it is not zlib data");
	if ((flags & 0x20) !== 0) throw malformed("the zlib data needs a dictionary");
	return 2;
}

/** The length of a gzip header (RFC 1952, section 2.3), or -1. */
function gzipHeader(buffer: Uint8Array, start: number, end: number): number {
	for (const [i, byte] of [0x1f, 0x8b, 8].entries()) {
		if (start + i < end && buffer[start + i] !== byte) throw malformed("it is not gzip data");
	}
	if (end - start < 10) return -1;
	const flags = buffer[start + 3] as number;
	if ((flags & 0xe0) !== 0) throw malformed("the gzip data has unknown flags");
	let at = start + 10;
	if (flags & 0x04) {
		if (at + 2 > end) return -1;
		at += 2 + (buffer[at] as number) + (buffer[at + 1] as number) * 256;
	}
	for (const flag of [0x08, 0x10]) {
		if ((flags & flag) === 0) continue;
		while (at < end && buffer[at] !== 0 && at - start < MAX_GZIP_HEADER) at++;
		at++;
	}
	if (flags & 0x02) at += 2;
	if (at - start > MAX_GZIP_HEADER) throw malformed(`the gzip header is longer than ${MAX_GZIP_HEADER} bytes`);
	return at > end ? -1 : at - start;
}

/** Deflated data between the header and the check sums of zlib or gzip. */
export class DeflateFrameScanner implements FrameScanner {
	readonly #readHeader: typeof zlibHeader;
	readonly #trailer: number;
	readonly #deflate = new DeflateScanner();
	#header = -1;

	constructor(format: "zlib" | "gzip") {
		this.#readHeader = format === "zlib" ? zlibHeader : gzipHeader;
		this.#trailer = format === "zlib" ? 4 : 8;
	}

	get output(): number {
		return this.#deflate.output;
	}

	scan(buffer: Uint8Array, start: number, end: number): number {
		if (this.#header === -1) this.#header = this.#readHeader(buffer, start, end);
		if (this.#header === -1) return -1;
		const deflated = this.#deflate.scan(buffer, start + this.#header, end);
		if (deflated === -1) return -1;
		const length = this.#header + deflated + this.#trailer;
		return start + length > end ? -1 : length;
	}

	reset(): void {
		this.#deflate.reset();
		this.#header = -1;
	}
}

const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

/** A decoder has to keep this much of the output; RFC 8878, section 3.1.1.1.2, recommends to support 8 MiB. */
const MAX_ZSTD_WINDOW = 8 * 1024 * 1024;

/** A Zstandard frame (RFC 8878, section 3.1.1). What it decompresses to is known only if its header tells. */
export class ZstdFrameScanner implements FrameScanner {
	output = 0;
	/** The length of what was scanned: the header and whole blocks. */
	#at = 0;
	#hasChecksum = false;
	#isLast = false;

	scan(buffer: Uint8Array, start: number, end: number): number {
		if (this.#at === 0 && !this.#header(buffer, start, end)) return -1;
		while (!this.#isLast) {
			const at = start + this.#at;
			if (at + 3 > end) return -1;
			const header = (buffer[at] as number) + (buffer[at + 1] as number) * 256 + (buffer[at + 2] as number) * 65_536;
			const type = (header >> 1) & 3;
			if (type === 3) throw malformed("a block of the zstd data has no known type");
			const length = 3 + (type === 1 ? 1 : header >> 3);
			if (at + length > end) return -1;
			this.#at += length;
			this.#isLast = (header & 1) === 1;
		}
		const length = this.#at + (this.#hasChecksum ? 4 : 0);
		return start + length > end ? -1 : length;
	}

	reset(): void {
		this.output = 0;
		this.#at = 0;
		this.#isLast = false;
	}

	#header(buffer: Uint8Array, start: number, end: number): boolean {
		for (const [i, byte] of ZSTD_MAGIC.entries()) {
			if (start + i < end && buffer[start + i] !== byte) throw malformed("it is not zstd data");
		}
		if (end - start < 5) return false;
		const descriptor = buffer[start + 4] as number;
		if (descriptor & 0x08) throw malformed("the zstd data has unknown flags");
		const isSingleSegment = (descriptor & 0x20) !== 0;
		const window = isSingleSegment ? 0 : 1;
		const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
		const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
		const length = 5 + window + dictionary + sizeBytes;
		if (start + length > end) return false;
		if (dictionary > 0) throw malformed("the zstd data needs a dictionary");
		if (window === 1 && windowSize(buffer[start + 5] as number) > MAX_ZSTD_WINDOW) {
			throw malformed(`the zstd data needs a window above ${MAX_ZSTD_WINDOW} bytes`);
		}
		let size = sizeBytes === 2 ? 256 : 0;
		for (let i = 0; i < sizeBytes; i++) size += (buffer[start + length - sizeBytes + i] as number) * 256 ** i;
		this.output = size;
		this.#hasChecksum = (descriptor & 4) !== 0;
		this.#at = length;
		return true;
	}
}

function windowSize(descriptor: number): number {
	const base = 2 ** (10 + (descriptor >> 3));
	return base + (base / 8) * (descriptor & 7);
}
