import { LimitOverrunError } from "../errors.ts";
import {
	type IncrementalPacketSerializer,
	NEED_MORE,
	type NeedMore,
	type PacketInput,
	type PacketParser,
} from "./incremental_serializer.ts";
import type { PacketSerializer } from "./packet_serializer.ts";
import { DEFAULT_LIMIT, payloadOf, requireInteger, requireSerializer } from "./serializer_options.ts";

/**
 * One packet per connection and direction: all that the peer sends until it closes its side, or shuts it down. Whoever
 * sends a packet closes its own side behind it.
 *
 * A connection on which nothing was sent carries no packet. Above the limit the packet is refused once, and what follows
 * is dropped.
 *
 * @example
 * ```ts
 * import { EndOfStreamSerializer, StreamProtocol, StringLineSerializer } from "netquay";
 *
 * const protocol = new StreamProtocol(new EndOfStreamSerializer(new StringLineSerializer()));
 * const reader = protocol.createReader();
 * reader.feed(new TextEncoder().encode("netquay\n"));
 * reader.end();
 * console.log(reader.next());
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class EndOfStreamSerializer<Sent, Received = Sent> implements IncrementalPacketSerializer<Sent, Received> {
	/** As of the payload's serializer. */
	readonly keepsData: boolean;
	readonly #payload: PacketSerializer<Sent, Received>;
	readonly #limit: number;

	/**
	 * @param payload Makes the bytes of one packet.
	 * @param options `limit` is the largest received packet in bytes, 65,536 by default.
	 * @throws {TypeError} when `payload` lacks a method.
	 * @throws {RangeError} when `limit` is not a positive integer.
	 */
	constructor(payload: PacketSerializer<Sent, Received>, options: { readonly limit?: number | undefined } = {}) {
		const { limit = DEFAULT_LIMIT } = options;
		requireSerializer("payload", payload);
		requireInteger("limit", limit, 1);
		this.keepsData = payload.keepsData ?? true;
		this.#payload = payload;
		this.#limit = limit;
	}

	/** The bytes of the packet. */
	serialize(packet: Sent): Uint8Array {
		return this.#payload.serialize(packet);
	}

	/**
	 * The packet that `data` is.
	 *
	 * @throws {DeserializeError} when the payload's serializer refuses it.
	 */
	deserialize(data: Uint8Array): Received {
		return this.#payload.deserialize(data);
	}

	/** The bytes of the packet. */
	incrementalSerialize(packet: Sent): Uint8Array[] {
		return [this.#payload.serialize(packet)];
	}

	/** A parser that hands all bytes of the stream to the payload's serializer when it has ended. */
	createParser(): PacketParser<Received> {
		return new EndOfStreamParser(this.#limit, this.#payload);
	}
}

class EndOfStreamParser<Packet> implements PacketParser<Packet> {
	readonly #limit: number;
	readonly #payload: PacketSerializer<never, Packet>;
	#refused = false;

	constructor(limit: number, payload: PacketSerializer<never, Packet>) {
		this.#limit = limit;
		this.#payload = payload;
	}

	parse(input: PacketInput): NeedMore {
		if (!this.#refused && input.end - input.start <= this.#limit) return NEED_MORE;
		input.start = input.end;
		if (this.#refused) return NEED_MORE;
		this.#refused = true;
		throw new LimitOverrunError("limit", this.#limit);
	}

	end(input: PacketInput): Packet | NeedMore {
		const { buffer, start, end } = input;
		if (start === end) return NEED_MORE;
		input.start = end;
		return this.#payload.deserialize(payloadOf(this.#payload, buffer, start, end));
	}
}
