import { DeflateFrameScanner } from "./compressed_frames.ts";
import {
	CompressedParser,
	CompressedSerializer,
	type StreamCompressionOptions,
	streamLimit,
} from "./compressed_serializer.ts";
import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import type { PacketSerializer } from "./packet_serializer.ts";

/**
 * Compresses packets in the format of gzip (RFC 1952), one member for each packet.
 *
 * What is received is decompressed only when it is whole, and its size once decompressed is known to be within
 * `outputLimit` and `maxRatio`.
 *
 * @example
 * ```ts
 * import { JsonSerializer, StreamProtocol, GzipSerializer } from "netquay";
 *
 * const protocol = new StreamProtocol(new GzipSerializer(new JsonSerializer()));
 * console.log(protocol.generateChunks({ text: "a".repeat(1000) }).length);
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class GzipSerializer<Sent, Received = Sent>
	extends CompressedSerializer<Sent, Received>
	implements IncrementalPacketSerializer<Sent, Received>
{
	readonly #limit: number;

	/**
	 * @param payload Makes the bytes of one packet.
	 * @throws {TypeError} when `payload` lacks a method.
	 * @throws {RangeError} when an option is out of its range.
	 * @throws {UnsupportedOperationError} when the runtime lacks `node:zlib`.
	 */
	constructor(payload: PacketSerializer<Sent, Received>, options: StreamCompressionOptions = {}) {
		super("gzip", payload, options);
		this.#limit = streamLimit(options);
	}

	override deserialize(data: Uint8Array): Received {
		return this.decodeWhole(new DeflateFrameScanner("gzip"), data);
	}

	/** As `serialize`: compressed data has an end of its own. */
	incrementalSerialize(packet: Sent): Uint8Array[] {
		return [this.serialize(packet)];
	}

	/** A parser for compressed packets that follow each other. Damage that hides the end of a packet is fatal. */
	createParser(): PacketParser<Received> {
		return new CompressedParser(new DeflateFrameScanner("gzip"), this.#limit, (data, output) =>
			this.decode(data, output),
		);
	}
}
