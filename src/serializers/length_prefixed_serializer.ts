import { LimitOverrunError } from "../errors.ts";
import {
	type IncrementalPacketSerializer,
	NEED_MORE,
	type NeedMore,
	type PacketInput,
	type PacketParser,
} from "./incremental_serializer.ts";
import { type LengthPrefix, type LengthPrefixKind, lengthPrefix } from "./length_prefix.ts";
import type { PacketSerializer } from "./packet_serializer.ts";
import { concatenate, DEFAULT_LIMIT, payloadOf, requireInteger, requireSerializer } from "./serializer_options.ts";

/** Options of {@linkcode LengthPrefixedSerializer}. */
export interface LengthPrefixedSerializerOptions {
	/** The width of the length in bytes, or `"varint"`: LEB128, as in Protocol Buffers. Default: `4`. */
	readonly prefix?: LengthPrefixKind | undefined;
	/** The byte order of the length; a varint has none. Default: `"big"`, the order of the network. */
	readonly byteOrder?: "big" | "little" | undefined;
	/** The largest received packet in bytes, the prefix not counted. Default: 65,536. */
	readonly limit?: number | undefined;
}

/**
 * Puts packets on a stream with their length in front. A datagram has a length of its own: it carries the packet alone.
 *
 * A received length is checked before anything is kept for it. A packet above `limit` is refused as soon as its length is
 * there; then exactly as many bytes as it announced are skipped. A length above 2^53 - 1 is fatal.
 *
 * @example
 * ```ts
 * import { JsonSerializer, LengthPrefixedSerializer, StreamProtocol } from "netquay";
 *
 * const protocol = new StreamProtocol(new LengthPrefixedSerializer(new JsonSerializer(), { prefix: 2 }));
 * console.log(protocol.generateChunks({ id: 1 }));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class LengthPrefixedSerializer<Sent, Received = Sent> implements IncrementalPacketSerializer<Sent, Received> {
	/** As of the payload's serializer. */
	readonly keepsData: boolean;
	readonly #payload: PacketSerializer<Sent, Received>;
	readonly #prefix: LengthPrefix;
	readonly #limit: number;

	/**
	 * @param payload Makes the bytes of one packet.
	 * @throws {TypeError} when `payload` lacks a method, or `prefix` or `byteOrder` is not one of the known values.
	 * @throws {RangeError} when `limit` is not a positive integer.
	 */
	constructor(payload: PacketSerializer<Sent, Received>, options: LengthPrefixedSerializerOptions = {}) {
		const { prefix = 4, byteOrder = "big", limit = DEFAULT_LIMIT } = options;
		requireSerializer("payload", payload);
		if (![1, 2, 4, 8, "varint"].includes(prefix)) {
			throw new TypeError(`Cannot use "${prefix}" as "prefix": it is not 1, 2, 4, 8 or "varint"`);
		}
		if (byteOrder !== "big" && byteOrder !== "little") {
			throw new TypeError(`Cannot use "${byteOrder}" as "byteOrder": it is not "big" or "little"`);
		}
		requireInteger("limit", limit, 1);
		this.keepsData = payload.keepsData ?? true;
		this.#payload = payload;
		this.#prefix = lengthPrefix(prefix, byteOrder === "little");
		this.#limit = limit;
	}

	/** The bytes of the packet, without their length. */
	serialize(packet: Sent): Uint8Array {
		return this.#payload.serialize(packet);
	}

	/**
	 * The packet that `data` is, without its length.
	 *
	 * @throws {DeserializeError} when the payload's serializer refuses it.
	 */
	deserialize(data: Uint8Array): Received {
		return this.#payload.deserialize(data);
	}

	/**
	 * The length of the packet and its bytes.
	 *
	 * @throws {RangeError} when the prefix cannot hold the length.
	 */
	incrementalSerialize(packet: Sent): Uint8Array[] {
		const data = this.#payload.serialize(packet);
		if (data.length > this.#prefix.max) {
			throw new RangeError(`Cannot send the packet: its length, ${data.length}, does not fit the length prefix`);
		}
		return [concatenate(this.#prefix.encode(data.length), data)];
	}

	/** A parser that hands as many bytes as each length says to the payload's serializer. */
	createParser(): PacketParser<Received> {
		return new LengthPrefixedParser(this.#prefix, this.#limit, this.#payload);
	}
}

/** Waits until a packet is in the receive buffer with its length, which is cheap to read again. */
class LengthPrefixedParser<Packet> implements PacketParser<Packet> {
	readonly #prefix: LengthPrefix;
	readonly #limit: number;
	readonly #payload: PacketSerializer<never, Packet>;
	/** How many bytes of a refused packet are yet to come. */
	#toSkip = 0;

	constructor(prefix: LengthPrefix, limit: number, payload: PacketSerializer<never, Packet>) {
		this.#prefix = prefix;
		this.#limit = limit;
		this.#payload = payload;
	}

	parse(input: PacketInput): Packet | NeedMore {
		this.#skip(input);
		const begin = input.start;
		const length = this.#prefix.read(input);
		if (length > this.#limit) {
			this.#toSkip = length;
			this.#skip(input);
			throw new LimitOverrunError("limit", this.#limit);
		}
		const { buffer, start, end } = input;
		if (length === -1 || end - start < length) {
			input.start = begin;
			return NEED_MORE;
		}
		input.start = start + length;
		return this.#payload.deserialize(payloadOf(this.#payload, buffer, start, input.start));
	}

	#skip(input: PacketInput): void {
		const skipped = Math.min(this.#toSkip, input.end - input.start);
		this.#toSkip -= skipped;
		input.start += skipped;
	}
}
