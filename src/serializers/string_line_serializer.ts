import { DeserializeError } from "../errors.ts";
import { DelimitedParser } from "./delimited_parser.ts";
import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import { DEFAULT_LIMIT, requireInteger } from "./serializer_options.ts";
import { TEXT_CODECS, type TextEncodingName } from "./text_encoding.ts";

/** What ends a line. */
export type Newline = "LF" | "CR" | "CRLF";

/** Options of {@linkcode StringLineSerializer}. */
export interface StringLineSerializerOptions {
	/** What ends a line. Default: `"LF"`. */
	readonly newline?: Newline | undefined;
	/** How text becomes bytes, strictly both ways. Default: `"utf-8"` (EasyNetwork's is ASCII). */
	readonly encoding?: TextEncodingName | undefined;
	/** Whether received packets keep the newlines at their end. Default: `false`. */
	readonly keepEnd?: boolean | undefined;
	/** The largest line received on a stream, in bytes, its newline not counted; a larger one is skipped. Default: 65,536. */
	readonly limit?: number | undefined;
	/** Whether a {@linkcode DeserializeError} carries `errorInfo`, a {@linkcode StringLineErrorInfo}. Default: `false`. */
	readonly debug?: boolean | undefined;
}

/** What a {@linkcode DeserializeError} of {@linkcode StringLineSerializer} carries with the option `debug`. */
export interface StringLineErrorInfo {
	/** A copy of the received bytes. */
	readonly data: Uint8Array;
}

const NEWLINES: Readonly<Record<Newline, string>> = { LF: "\n", CR: "\r", CRLF: "\r\n" };

/**
 * Lines of text. On a stream each packet is a line, also an empty one. A datagram is a line already, so none is ended by a
 * newline when sent; when received, all newlines at the end are taken off, and those in between are kept. A byte order mark
 * is text like any other.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, StringLineSerializer } from "netquay";
 *
 * const protocol = new DatagramProtocol(new StringLineSerializer({ newline: "CRLF", encoding: "ascii" }));
 * console.log(protocol.buildPacket(new TextEncoder().encode("PING\r\n")));
 * ```
 */
export class StringLineSerializer implements IncrementalPacketSerializer<string> {
	/** A packet holds no view of the data. */
	readonly keepsData = false;
	readonly #newline: string;
	readonly #encoding: TextEncodingName;
	readonly #codec: (typeof TEXT_CODECS)[TextEncodingName];
	readonly #keepEnd: boolean;
	readonly #limit: number;
	readonly #debug: boolean;

	/**
	 * @throws {TypeError} when `newline` or `encoding` is not one of the known names.
	 * @throws {RangeError} when `limit` is not a positive integer.
	 */
	constructor(options: StringLineSerializerOptions = {}) {
		const { newline = "LF", encoding = "utf-8", keepEnd = false, limit = DEFAULT_LIMIT, debug = false } = options;
		if (!Object.hasOwn(NEWLINES, newline)) {
			throw new TypeError(`Cannot use "${newline}" as "newline": it is not "LF", "CR" or "CRLF"`);
		}
		if (!Object.hasOwn(TEXT_CODECS, encoding)) {
			throw new TypeError(`Cannot use "${encoding}" as "encoding": it is not "utf-8", "ascii" or "latin1"`);
		}
		this.#newline = NEWLINES[newline];
		this.#encoding = encoding;
		this.#codec = TEXT_CODECS[encoding];
		requireInteger("limit", limit, 1);
		this.#keepEnd = keepEnd;
		this.#limit = limit;
		this.#debug = debug;
	}

	/**
	 * The bytes of the text, without a newline.
	 *
	 * @throws {TypeError} when `packet` is not a string, or holds a character that the encoding lacks.
	 */
	serialize(packet: string): Uint8Array {
		if (typeof packet !== "string") {
			throw new TypeError(`Cannot send the packet as a line: expected a string, got ${typeof packet}`);
		}
		const data = this.#codec.encode(packet);
		if (data === undefined) {
			throw new TypeError(`Cannot send the packet as a line: it holds a character that "${this.#encoding}" lacks`);
		}
		return data;
	}

	/**
	 * The bytes of the text and, unless it ends in one, a newline. Nothing at all for an empty text: an empty line is sent as
	 * the text of a newline.
	 *
	 * @throws {TypeError} as by `serialize`, or when there is a newline inside the text: it would be several packets.
	 */
	incrementalSerialize(packet: string): Uint8Array[] {
		if (packet === "") return [];
		const newline = this.#newline;
		const line = typeof packet === "string" && !packet.endsWith(newline) ? packet + newline : packet;
		const data = this.serialize(line);
		if (line.indexOf(newline) !== line.length - newline.length) {
			throw new TypeError("Cannot send the packet as a line: there is a newline inside it");
		}
		return [data];
	}

	/** A parser for the lines of a stream. It takes off one newline, unless `keepEnd` is set. None of its errors is fatal. */
	createParser(): PacketParser<string> {
		const newline = new TextEncoder().encode(this.#newline);
		const kept = this.#keepEnd ? newline.length : 0;
		return new DelimitedParser(newline, this.#limit, (buffer, start, end) =>
			this.#decode(buffer.subarray(start, end + kept)),
		);
	}

	/**
	 * The text, without the newlines at its end unless `keepEnd` is set.
	 *
	 * @throws {DeserializeError} when `data` is not text in the encoding.
	 */
	deserialize(data: Uint8Array): string {
		const text = this.#decode(data);
		return this.#keepEnd ? text : this.#stripEnd(text);
	}

	#decode(data: Uint8Array): string {
		const text = this.#codec.decode(data);
		if (text === undefined) {
			const errorInfo: StringLineErrorInfo | undefined = this.#debug ? { data: new Uint8Array(data) } : undefined;
			throw new DeserializeError(`Cannot decode a line: the data is not "${this.#encoding}" text`, { errorInfo });
		}
		return text;
	}

	#stripEnd(text: string): string {
		const newline = this.#newline;
		let end = text.length;
		while (text.endsWith(newline, end)) end -= newline.length;
		return end === text.length ? text : text.slice(0, end);
	}
}
