import { DeserializeError } from "../errors.ts";
import { canEscape, escapeBytes, unescapeBytes } from "./byte_escape.ts";
import { indexOfBytes } from "./byte_search.ts";
import { DelimitedParser } from "./delimited_parser.ts";
import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import type { PacketSerializer } from "./packet_serializer.ts";
import { concatenate, DEFAULT_LIMIT, payloadOf, requireInteger, requireSerializer } from "./serializer_options.ts";
import { encodeUtf8 } from "./text_encoding.ts";

/** Options of {@linkcode DelimitedSerializer}. */
export interface DelimitedSerializerOptions {
	/** What ends a packet: one byte or more, or their text in UTF-8. */
	readonly separator: Uint8Array | string;
	/** The largest received packet in bytes as it is sent, the separator not counted. Default: 65,536. */
	readonly limit?: number | undefined;
	/**
	 * A byte, 0 to 255, that makes packets free of the separator, on both sides: this byte itself and the first one of the
	 * separator are sent as this byte and the other one with its bit 5 flipped. With the separator `7e` and the escape `7d`
	 * that is the framing of HDLC (RFC 1662). Default: none, and a packet that holds the separator cannot be sent.
	 */
	readonly escape?: number | undefined;
}

/**
 * Puts packets on a stream with a separator behind each. A datagram has an end of its own: it carries the packet alone.
 *
 * A packet that has no bytes is not sent at all. A received packet above `limit` is refused once, and the stream goes on
 * behind its separator.
 *
 * @example
 * ```ts
 * import { BytesSerializer, DelimitedSerializer, StreamProtocol } from "netquay";
 *
 * const protocol = new StreamProtocol(new DelimitedSerializer(new BytesSerializer(), { separator: "\0" }));
 * console.log(protocol.generateChunks(Uint8Array.of(1, 2)));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class DelimitedSerializer<Sent, Received = Sent> implements IncrementalPacketSerializer<Sent, Received> {
	/** As of the payload's serializer. */
	readonly keepsData: boolean;
	readonly #payload: PacketSerializer<Sent, Received>;
	readonly #separator: Uint8Array;
	readonly #limit: number;
	readonly #escape: number | undefined;

	/**
	 * @param payload Makes the bytes of one packet.
	 * @throws {TypeError} when `payload` lacks a method, or `separator` is neither bytes nor text.
	 * @throws {RangeError} when `separator` is empty, `limit` is not a positive integer, or `escape` is not a byte, or is
	 * the first of the separator, or differs from it in bit 5 alone.
	 */
	constructor(payload: PacketSerializer<Sent, Received>, options: DelimitedSerializerOptions) {
		const { separator, limit = DEFAULT_LIMIT, escape: escapeByte } = options;
		requireSerializer("payload", payload);
		requireInteger("limit", limit, 1);
		this.keepsData = payload.keepsData ?? true;
		this.#payload = payload;
		this.#separator = bytesOf(separator);
		this.#limit = limit;
		this.#escape = escapeByte;
		if (escapeByte !== undefined) {
			requireInteger("escape", escapeByte, 0, 255);
			if (!canEscape(escapeByte, this.#separator[0] as number)) {
				throw new RangeError(`Cannot use ${escapeByte} as "escape": it cannot hide the separator's first byte`);
			}
		}
	}

	/** The bytes of the packet, without a separator. */
	serialize(packet: Sent): Uint8Array {
		return this.#payload.serialize(packet);
	}

	/**
	 * The packet that `data` is, without a separator.
	 *
	 * @throws {DeserializeError} when the payload's serializer refuses it.
	 */
	deserialize(data: Uint8Array): Received {
		return this.#payload.deserialize(data);
	}

	/**
	 * The bytes of the packet and a separator; nothing if the packet has no bytes.
	 *
	 * @throws {TypeError} when the separator is in the packet, or forms where the packet ends, and there is no `escape`.
	 */
	incrementalSerialize(packet: Sent): Uint8Array[] {
		const payload = this.#payload.serialize(packet);
		if (payload.length === 0) return [];
		const separator = this.#separator;
		if (this.#escape !== undefined) {
			return [concatenate(escapeBytes(payload, this.#escape, separator[0] as number), separator)];
		}
		const data = concatenate(payload, separator);
		if (indexOfBytes(data, separator, 0, data.length) !== payload.length) {
			throw new TypeError("Cannot send the packet: it holds the separator");
		}
		return [data];
	}

	/** A parser that hands the bytes in front of each separator to the payload's serializer. */
	createParser(): PacketParser<Received> {
		const escapeByte = this.#escape;
		return new DelimitedParser(this.#separator, this.#limit, (buffer, start, end) => {
			if (escapeByte === undefined) return this.#payload.deserialize(payloadOf(this.#payload, buffer, start, end));
			const plain = unescapeBytes(payloadOf(this.#payload, buffer, start, end), escapeByte);
			if (plain === undefined) throw new DeserializeError("Cannot read the packet: it ends inside an escape");
			return this.#payload.deserialize(plain);
		});
	}
}

function bytesOf(separator: Uint8Array | string): Uint8Array {
	const bytes = typeof separator === "string" ? encodeUtf8(separator) : separator;
	if (!(bytes instanceof Uint8Array)) throw new TypeError('Cannot use "separator": it is neither bytes nor text');
	if (bytes.length === 0) throw new RangeError('Cannot use "separator": it is empty');
	return bytes.slice();
}
