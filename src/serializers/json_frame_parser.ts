import { LimitOverrunError } from "../errors.ts";
import { NEED_MORE, type NeedMore, type PacketInput, type PacketParser } from "./incremental_serializer.ts";

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where in a document the scan stands. */
type Place = "between" | "nested" | "string" | "escape" | "plain";

/**
 * Reads JSON documents that follow each other without a separator. An array, object or string ends with its closing
 * bracket or quote; a number, `true`, `false` and `null` end in front of the next white space or control character. White
 * space between documents is skipped. Whether brackets match is left to whoever parses the document.
 */
export class JsonFrameParser<Packet> implements PacketParser<Packet> {
	readonly #limit: number;
	readonly #decode: (data: Uint8Array) => Packet;
	#place: Place = "between";
	#depth = 0;
	/** Behind `start`, this many bytes are of the document that `place` and `depth` tell of. */
	#scanned = 0;
	/** Whether the document was refused, and only its end is of interest. */
	#discarding = false;

	/**
	 * @param limit The largest document in bytes.
	 * @param decode Makes a packet of the bytes of a document.
	 */
	constructor(limit: number, decode: (data: Uint8Array) => Packet) {
		this.#limit = limit;
		this.#decode = decode;
	}

	parse(input: PacketInput): Packet | NeedMore {
		for (;;) {
			if (this.#place === "between") skipSpace(input);
			const { buffer, start } = input;
			const ended = this.#scan(input);
			if (!ended && !this.#discarding && this.#scanned <= this.#limit) return NEED_MORE;
			const length = this.#scanned;
			input.start += length;
			this.#scanned = 0;
			if (ended) skipSpace(input);
			if (this.#discarding) {
				if (!ended) return NEED_MORE;
				this.#discarding = false;
				continue;
			}
			if (length > this.#limit) {
				this.#discarding = !ended;
				throw new LimitOverrunError("limit", this.#limit);
			}
			return this.#decode(buffer.subarray(start, start + length));
		}
	}

	/** Goes on to the end of the document, or of the bytes. Whether it is that of the document. */
	#scan(input: PacketInput): boolean {
		const { buffer, start, end } = input;
		let place = this.#place;
		let depth = this.#depth;
		let ended = false;
		let at = start + this.#scanned;
		while (at < end && !ended) {
			const byte = buffer[at] as number;
			if (place === "plain" && byte <= SPACE) {
				ended = true;
				break;
			}
			at++;
			if (place === "string") {
				if (byte === BACKSLASH) place = "escape";
				else if (byte === QUOTE) {
					place = "nested";
					ended = depth === 0;
				}
			} else if (place === "escape") {
				place = "string";
			} else if (place !== "plain") {
				const opens = byte === 0x5b || byte === 0x7b;
				if (byte === QUOTE) place = "string";
				else if (opens) {
					place = "nested";
					depth++;
				} else if (place === "between") place = "plain";
				else if (byte === 0x5d || byte === 0x7d) ended = --depth === 0;
			}
		}
		this.#place = ended ? "between" : place;
		this.#depth = ended ? 0 : depth;
		this.#scanned = at - start;
		return ended;
	}
}

function skipSpace(input: PacketInput): void {
	const { buffer, end } = input;
	let at = input.start;
	while (at < end && isSpace(buffer[at] as number)) at++;
	input.start = at;
}

function isSpace(byte: number): boolean {
	return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
