import { DeserializeError } from "../errors.ts";
import {
	type IncrementalPacketSerializer,
	NEED_MORE,
	type NeedMore,
	type PacketInput,
	type PacketParser,
} from "./incremental_serializer.ts";
import type { PacketSerializer } from "./packet_serializer.ts";
import { payloadOf, requireInteger, requireSerializer } from "./serializer_options.ts";

/**
 * Packets that are all of one size, on a stream and in datagrams.
 *
 * @example
 * ```ts
 * import { BytesSerializer, FixedLengthSerializer, StreamProtocol } from "netquay";
 *
 * const protocol = new StreamProtocol(new FixedLengthSerializer(new BytesSerializer(), { size: 2 }));
 * console.log(protocol.generateChunks(Uint8Array.of(1, 2)));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class FixedLengthSerializer<Sent, Received = Sent> implements IncrementalPacketSerializer<Sent, Received> {
	/** As of the payload's serializer. */
	readonly keepsData: boolean;
	/** The size of a packet in bytes. */
	readonly packetSize: number;
	readonly #payload: PacketSerializer<Sent, Received>;

	/**
	 * @param payload Makes the bytes of one packet.
	 * @param options `size` is the size of a packet in bytes.
	 * @throws {TypeError} when `payload` lacks a method.
	 * @throws {RangeError} when `size` is not a positive integer.
	 */
	constructor(payload: PacketSerializer<Sent, Received>, options: { readonly size: number }) {
		requireSerializer("payload", payload);
		requireInteger("size", options.size, 1);
		this.keepsData = payload.keepsData ?? true;
		this.packetSize = options.size;
		this.#payload = payload;
	}

	/**
	 * The bytes of the packet.
	 *
	 * @throws {RangeError} when they are not `packetSize`.
	 */
	serialize(packet: Sent): Uint8Array {
		const data = this.#payload.serialize(packet);
		if (data.length !== this.packetSize) {
			throw new RangeError(`Cannot send the packet: it takes ${data.length} bytes instead of ${this.packetSize}`);
		}
		return data;
	}

	/**
	 * The packet that `data` is.
	 *
	 * @throws {DeserializeError} when `data` is not of `packetSize` bytes, or the payload's serializer refuses it.
	 */
	deserialize(data: Uint8Array): Received {
		if (data.length !== this.packetSize) {
			throw new DeserializeError(`Cannot read the packet: got ${data.length} bytes instead of ${this.packetSize}`);
		}
		return this.#payload.deserialize(data);
	}

	/**
	 * The bytes of the packet.
	 *
	 * @throws {RangeError} when they are not `packetSize`.
	 */
	incrementalSerialize(packet: Sent): Uint8Array[] {
		return [this.serialize(packet)];
	}

	/** A parser that hands each `packetSize` bytes to the payload's serializer. */
	createParser(): PacketParser<Received> {
		return new FixedLengthParser(this.packetSize, (buffer, start, end) =>
			this.#payload.deserialize(payloadOf(this.#payload, buffer, start, end)),
		);
	}
}

/** Reads packets of one size. */
export class FixedLengthParser<Packet> implements PacketParser<Packet> {
	readonly #size: number;
	readonly #decode: (buffer: Uint8Array, start: number, end: number) => Packet;

	constructor(size: number, decode: (buffer: Uint8Array, start: number, end: number) => Packet) {
		this.#size = size;
		this.#decode = decode;
	}

	parse(input: PacketInput): Packet | NeedMore {
		const { buffer, start, end } = input;
		if (end - start < this.#size) return NEED_MORE;
		input.start += this.#size;
		return this.#decode(buffer, start, input.start);
	}
}
