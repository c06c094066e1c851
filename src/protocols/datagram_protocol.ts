import { DatagramProtocolParseError, DeserializeError, PacketConversionError, ProtocolCrashError } from "../errors.ts";
import type { PacketSerializer } from "../serializers/packet_serializer.ts";
import { requireMethod } from "../serializers/serializer_options.ts";
import type { PacketConverter } from "./packet_converter.ts";
import { reasonOf } from "./reason_of.ts";

/**
 * What one datagram holds: a packet, by a serializer and, if given, a converter. Stateless, so that one protocol serves
 * every socket and peer. Extend it to give a protocol a name and a fixed configuration.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, JsonSerializer } from "netquay";
 *
 * class ChatProtocol extends DatagramProtocol<{ text: string }, unknown> {
 * 	constructor() {
 * 		super(new JsonSerializer<{ text: string }, unknown>({ maxDepth: 4 }));
 * 	}
 * }
 * const protocol = new ChatProtocol();
 * console.log(protocol.buildPacket(protocol.makeDatagram({ text: "hello" })));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 * @typeParam SentDto What the serializer writes, where a converter is given.
 * @typeParam ReceivedDto What the serializer reads, where a converter is given.
 */
export class DatagramProtocol<Sent, Received = Sent, SentDto = Sent, ReceivedDto = Received> {
	readonly #serializer: PacketSerializer<unknown, unknown>;
	readonly #converter: PacketConverter<unknown, unknown, unknown, unknown> | undefined;

	/** @throws {TypeError} when `serializer` or `converter` lacks a method of its interface. */
	constructor(serializer: PacketSerializer<Sent, Received>);
	constructor(
		serializer: PacketSerializer<SentDto, ReceivedDto>,
		converter: PacketConverter<Sent, Received, SentDto, ReceivedDto>,
	);
	constructor(
		serializer: PacketSerializer<unknown, unknown>,
		converter?: PacketConverter<unknown, unknown, unknown, unknown>,
	) {
		requireMethod("serializer", serializer, "serialize");
		requireMethod("serializer", serializer, "deserialize");
		if (converter !== undefined) {
			requireMethod("converter", converter, "toDto");
			requireMethod("converter", converter, "fromDto");
		}
		this.#serializer = serializer;
		this.#converter = converter;
	}

	/**
	 * The datagram that carries `packet`.
	 *
	 * @throws {ProtocolCrashError} when the serializer or the converter fails, or the packet is not one of theirs; `cause`
	 * says why.
	 */
	makeDatagram(packet: Sent): Uint8Array {
		let data: Uint8Array;
		try {
			data = this.#serializer.serialize(this.#converter === undefined ? packet : this.#converter.toDto(packet));
		} catch (error) {
			throw new ProtocolCrashError(`Cannot serialize the packet: ${reasonOf(error)}`, { cause: error });
		}
		if (!(data instanceof Uint8Array)) {
			throw new ProtocolCrashError("Cannot serialize the packet: the serializer did not return a Uint8Array");
		}
		return data;
	}

	/**
	 * The packet that `datagram` carries.
	 *
	 * @throws {DatagramProtocolParseError} when the serializer or the converter refuses it; `error` says why.
	 * @throws {ProtocolCrashError} when they fail in any other way, which is a bug there; `cause` says why.
	 */
	buildPacket(datagram: Uint8Array): Received {
		try {
			const dto = this.#serializer.deserialize(datagram);
			return (this.#converter === undefined ? dto : this.#converter.fromDto(dto)) as Received;
		} catch (error) {
			if (error instanceof DeserializeError || error instanceof PacketConversionError) {
				throw new DatagramProtocolParseError(error);
			}
			throw new ProtocolCrashError(`Cannot parse a datagram: the protocol crashed: ${reasonOf(error)}`, {
				cause: error,
			});
		}
	}
}
