import { ProtocolCrashError } from "../errors.ts";
import type { IncrementalPacketSerializer } from "../serializers/incremental_serializer.ts";
import { requireMethod } from "../serializers/serializer_options.ts";
import type { PacketConverter } from "./packet_converter.ts";
import { reasonOf } from "./reason_of.ts";
import { StreamPacketReader } from "./stream_packet_reader.ts";

/**
 * What a stream carries: packets, by an incremental serializer and, if given, a converter. Stateless, so that one protocol
 * serves every connection; what belongs to one is in its reader. Extend it to give a protocol a name and a fixed
 * configuration.
 *
 * This one class is both stream protocols of EasyNetwork, the incremental and the buffered: a serializer's parser always
 * works on a receive buffer, and never keeps bytes. The reader decides whose buffer that is. With `feed` it is the chunk
 * that the system allocated; with `window` and `commit` it is the connection's own, which the system wrote to. Neither
 * copies a packet before it is parsed.
 *
 * @example
 * ```ts
 * import { JsonSerializer, NEED_MORE, StreamProtocol } from "netquay";
 *
 * const protocol = new StreamProtocol(new JsonSerializer<{ id: number }>());
 * const reader = protocol.createReader();
 * for (const chunk of protocol.generateChunks({ id: 1 })) reader.feed(chunk);
 * for (let packet = reader.next(); packet !== NEED_MORE; packet = reader.next()) console.log(packet.id);
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 * @typeParam SentDto What the serializer writes, where a converter is given.
 * @typeParam ReceivedDto What the serializer reads, where a converter is given.
 */
export class StreamProtocol<Sent, Received = Sent, SentDto = Sent, ReceivedDto = Received> {
	readonly #serializer: IncrementalPacketSerializer<unknown, unknown>;
	readonly #converter: PacketConverter<unknown, unknown, unknown, unknown> | undefined;

	/** @throws {TypeError} when `serializer` or `converter` lacks a method of its interface. */
	constructor(serializer: IncrementalPacketSerializer<Sent, Received>);
	constructor(
		serializer: IncrementalPacketSerializer<SentDto, ReceivedDto>,
		converter: PacketConverter<Sent, Received, SentDto, ReceivedDto>,
	);
	constructor(
		serializer: IncrementalPacketSerializer<unknown, unknown>,
		converter?: PacketConverter<unknown, unknown, unknown, unknown>,
	) {
		requireMethod("serializer", serializer, "incrementalSerialize");
		requireMethod("serializer", serializer, "createParser");
		if (converter !== undefined) {
			requireMethod("converter", converter, "toDto");
			requireMethod("converter", converter, "fromDto");
		}
		this.#serializer = serializer;
		this.#converter = converter;
	}

	/**
	 * The bytes that carry `packet`, in pieces that are not empty. No piece at all is a packet that needs no bytes: to send
	 * it is to do nothing, and succeeds. All pieces are made before the first is sent, so that a failure sends none.
	 *
	 * @throws {ProtocolCrashError} when the serializer or the converter fails, or the packet is not one of theirs; `cause`
	 * says why.
	 */
	generateChunks(packet: Sent): Uint8Array[] {
		const chunks: Uint8Array[] = [];
		try {
			const dto = this.#converter === undefined ? packet : this.#converter.toDto(packet);
			for (const chunk of this.#serializer.incrementalSerialize(dto)) {
				if (!(chunk instanceof Uint8Array)) throw new TypeError("the serializer made a chunk that is no Uint8Array");
				if (chunk.length > 0) chunks.push(chunk);
			}
		} catch (error) {
			throw new ProtocolCrashError(`Cannot serialize the packet: ${reasonOf(error)}`, { cause: error });
		}
		return chunks;
	}

	/** A reader for the packets of one connection. */
	createReader(): StreamPacketReader<Received> {
		return new StreamPacketReader<Received>(this.#serializer, this.#converter);
	}
}
