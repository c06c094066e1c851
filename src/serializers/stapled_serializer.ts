import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import type { PacketSerializer } from "./packet_serializer.ts";
import { requireMethod } from "./serializer_options.ts";

/** The half of a serializer that sends. */
export type SentSerializer<Sent> = Pick<PacketSerializer<Sent, never>, "serialize">;

/** The half of a serializer that receives. */
export type ReceivedSerializer<Received> = Pick<PacketSerializer<never, Received>, "deserialize" | "keepsData">;

/**
 * A serializer made of two: one for what is sent, one for what is received. Each may be a whole serializer, or just the half
 * that is used. For a stream, take {@linkcode StapledIncrementalPacketSerializer}.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, JsonSerializer, StapledPacketSerializer, StringLineSerializer } from "netquay";
 *
 * const protocol = new DatagramProtocol(new StapledPacketSerializer(new StringLineSerializer(), new JsonSerializer()));
 * console.log(protocol.makeDatagram("ping"), protocol.buildPacket(new TextEncoder().encode("[1]")));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class StapledPacketSerializer<Sent, Received> implements PacketSerializer<Sent, Received> {
	/** As of the serializer for received packets. */
	readonly keepsData: boolean;
	readonly #sent: SentSerializer<Sent>;
	readonly #received: ReceivedSerializer<Received>;

	/**
	 * @param sent Serializes what is sent.
	 * @param received Deserializes what is received.
	 * @throws {TypeError} when `sent` lacks `serialize`, or `received` lacks `deserialize`.
	 */
	constructor(sent: SentSerializer<Sent>, received: ReceivedSerializer<Received>) {
		requireMethod("sent", sent, "serialize");
		requireMethod("received", received, "deserialize");
		this.keepsData = received.keepsData ?? true;
		this.#sent = sent;
		this.#received = received;
	}

	/** What the serializer for sent packets makes of `packet`. */
	serialize(packet: Sent): Uint8Array {
		return this.#sent.serialize(packet);
	}

	/** What the serializer for received packets makes of `data`. */
	deserialize(data: Uint8Array): Received {
		return this.#received.deserialize(data);
	}
}

/**
 * A {@linkcode StapledPacketSerializer} for streams and datagrams: of both serializers it needs what each can do on a
 * stream.
 *
 * @example
 * ```ts
 * import { JsonSerializer, StapledIncrementalPacketSerializer, StreamProtocol, StringLineSerializer } from "netquay";
 *
 * const serializer = new StapledIncrementalPacketSerializer(new StringLineSerializer(), new JsonSerializer());
 * console.log(new StreamProtocol(serializer).generateChunks("ping"));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class StapledIncrementalPacketSerializer<Sent, Received>
	extends StapledPacketSerializer<Sent, Received>
	implements IncrementalPacketSerializer<Sent, Received>
{
	readonly #sent: Pick<IncrementalPacketSerializer<Sent, never>, "incrementalSerialize">;
	readonly #received: Pick<IncrementalPacketSerializer<never, Received>, "createParser">;

	/**
	 * @param sent Serializes what is sent.
	 * @param received Parses what is received.
	 * @throws {TypeError} when `sent` lacks `serialize` or `incrementalSerialize`, or `received` lacks `deserialize` or
	 * `createParser`.
	 */
	constructor(
		sent: SentSerializer<Sent> & Pick<IncrementalPacketSerializer<Sent, never>, "incrementalSerialize">,
		received: ReceivedSerializer<Received> & Pick<IncrementalPacketSerializer<never, Received>, "createParser">,
	) {
		super(sent, received);
		requireMethod("sent", sent, "incrementalSerialize");
		requireMethod("received", received, "createParser");
		this.#sent = sent;
		this.#received = received;
	}

	/** What the serializer for sent packets makes of `packet` on a stream. */
	incrementalSerialize(packet: Sent): Iterable<Uint8Array> {
		return this.#sent.incrementalSerialize(packet);
	}

	/** A parser of the serializer for received packets. */
	createParser(): PacketParser<Received> {
		return this.#received.createParser();
	}
}
