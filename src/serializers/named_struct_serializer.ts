import { DeserializeError } from "../errors.ts";
import { FixedLengthParser } from "./fixed_length_serializer.ts";
import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import { errorInfoOf } from "./serializer_options.ts";
import type { StructValue } from "./struct_codes.ts";
import { StructFormat } from "./struct_format.ts";
import { TEXT_CODECS, type TextEncodingName } from "./text_encoding.ts";

/** Options of {@linkcode NamedStructSerializer}. */
export interface NamedStructSerializerOptions {
	/** The byte order. Default: `"big"`, the order of the network. */
	readonly byteOrder?: "big" | "little" | undefined;
	/** How the text of `s` and `p` fields becomes bytes; `null`: such a field is a `Uint8Array`. Default: `"utf-8"`. */
	readonly encoding?: TextEncodingName | null | undefined;
	/** Whether received text keeps the NULs at its end, which fill its field. Default: `false`. */
	readonly keepPadding?: boolean | undefined;
	/** Whether a {@linkcode DeserializeError} carries `errorInfo`, a {@linkcode DataErrorInfo}. Default: `false`. */
	readonly debug?: boolean | undefined;
}

/**
 * Binary structs of a fixed size whose values have names: objects. See {@linkcode StructSerializer} for the formats.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, NamedStructSerializer } from "netquay";
 *
 * const serializer = new NamedStructSerializer<{ id: number; name: string }>({ id: "H", name: "8s" });
 * console.log(new DatagramProtocol(serializer).makeDatagram({ id: 1, name: "netquay" }));
 * ```
 *
 * @typeParam Packet The object; nothing checks here that the formats describe its values.
 */
export class NamedStructSerializer<Packet extends object> implements IncrementalPacketSerializer<Packet> {
	/** A packet holds no view of the data. */
	readonly keepsData = false;
	/** The size of a packet in bytes. */
	readonly packetSize: number;
	readonly #format: StructFormat;
	readonly #names: readonly string[];
	/** Which of the values are text. */
	readonly #texts: readonly boolean[];
	readonly #encoding: TextEncodingName | null;
	readonly #keepPadding: boolean;
	readonly #debug: boolean;

	/**
	 * @param fields The format of each field, of one value each, in the order in which they are sent.
	 * @throws {TypeError} when a format is not one, or not of one value, or an option is not one of the known values.
	 */
	constructor(fields: Readonly<Record<keyof Packet & string, string>>, options: NamedStructSerializerOptions = {}) {
		const { byteOrder = "big", encoding = "utf-8", keepPadding = false, debug = false } = options;
		if (byteOrder !== "big" && byteOrder !== "little") {
			throw new TypeError(`Cannot use "${byteOrder}" as "byteOrder": it is not "big" or "little"`);
		}
		if (encoding !== null && !Object.hasOwn(TEXT_CODECS, encoding)) {
			throw new TypeError(`Cannot use "${encoding}" as "encoding": it is not "utf-8", "ascii", "latin1" or null`);
		}
		const formats = Object.values<string>(fields);
		this.#names = Object.keys(fields);
		formats.forEach((format, i) => {
			if (/^[!<>]/.test(format) || new StructFormat(format).length !== 1) {
				throw new TypeError(`Cannot use "${format}" as the format of "${this.#names[i]}": it is not one value`);
			}
		});
		if (formats.length === 0) throw new TypeError("Cannot use a struct without fields");
		this.#format = new StructFormat((byteOrder === "little" ? "<" : "!") + formats.join(" "));
		this.packetSize = this.#format.size;
		this.#texts = formats.map((format) => encoding !== null && /[sp]/.test(format));
		this.#encoding = encoding;
		this.#keepPadding = keepPadding;
		this.#debug = debug;
	}

	/**
	 * The bytes of the fields. Properties that are no fields are not sent.
	 *
	 * @throws {TypeError} when a field is missing or does not fit.
	 */
	serialize(packet: Packet): Uint8Array {
		return this.#format.pack(
			this.#names.map((name, i) => {
				const value: unknown = packet[name as keyof Packet];
				if (value === undefined) throw new TypeError(`Cannot pack the struct: its field "${name}" is missing`);
				if (!this.#texts[i]) return value;
				const data = typeof value === "string" ? TEXT_CODECS[this.#encoding ?? "utf-8"].encode(value) : undefined;
				if (data === undefined) {
					throw new TypeError(`Cannot pack the struct: its field "${name}" is not "${this.#encoding}" text`);
				}
				return data;
			}),
		);
	}

	/**
	 * The object of the fields in `data`.
	 *
	 * @throws {DeserializeError} when `data` is not of `packetSize` bytes, or a text is not in the encoding.
	 */
	deserialize(data: Uint8Array): Packet {
		const refuse = (reason: string): DeserializeError =>
			new DeserializeError(`Cannot unpack the struct: ${reason}`, { errorInfo: errorInfoOf(this.#debug, data) });
		if (data.length !== this.packetSize) throw refuse(`got ${data.length} bytes instead of ${this.packetSize}`);
		const values = this.#format.unpack(data).map((value, i): StructValue | string => {
			if (!this.#texts[i]) return value;
			const text = TEXT_CODECS[this.#encoding ?? "utf-8"].decode(value as Uint8Array);
			if (text === undefined) throw refuse(`its field "${this.#names[i]}" is not "${this.#encoding}" text`);
			return this.#keepPadding ? text : withoutPadding(text);
		});
		return Object.fromEntries(this.#names.map((name, i) => [name, values[i]])) as Packet;
	}

	/** As `serialize`: a struct has its own length. */
	incrementalSerialize(packet: Packet): Uint8Array[] {
		return [this.serialize(packet)];
	}

	/** A parser for structs that follow each other. None of its errors is fatal. */
	createParser(): PacketParser<Packet> {
		return new FixedLengthParser(this.packetSize, (buffer, start, end) =>
			this.deserialize(buffer.subarray(start, end)),
		);
	}
}

function withoutPadding(text: string): string {
	let end = text.length;
	while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
	return text.slice(0, end);
}
