import { ZstdFrameScanner } from "./compressed_frames.ts";
import {
	CompressedParser,
	CompressedSerializer,
	type StreamCompressionOptions,
	streamLimit,
} from "./compressed_serializer.ts";
import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import type { PacketSerializer } from "./packet_serializer.ts";

/**
 * Compresses packets in the format of Zstandard (RFC 8878), one frame for each packet.
 *
 * What is received is decompressed only when it is whole, and no further than `outputLimit` and `maxRatio` allow. Frames
 * that need a dictionary, or a window above 8 MiB, are refused.
 *
 * @example
 * ```ts
 * import { JsonSerializer, StreamProtocol, ZstdSerializer } from "netquay";
 *
 * const protocol = new StreamProtocol(new ZstdSerializer(new JsonSerializer()));
 * console.log(protocol.generateChunks({ text: "a".repeat(1000) }).length);
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class ZstdSerializer<Sent, Received = Sent>
	extends CompressedSerializer<Sent, Received>
	implements IncrementalPacketSerializer<Sent, Received>
{
	readonly #limit: number;

	/**
	 * @param payload Makes the bytes of one packet.
	 * @throws {TypeError} when `payload` lacks a method.
	 * @throws {RangeError} when an option is out of its range.
	 * @throws {UnsupportedOperationError} when the runtime lacks zstd, as Node 20 does.
	 */
	constructor(payload: PacketSerializer<Sent, Received>, options: StreamCompressionOptions = {}) {
		super("zstd", payload, options);
		this.#limit = streamLimit(options);
	}

	override deserialize(data: Uint8Array): Received {
		return this.decodeWhole(new ZstdFrameScanner(), data);
	}

	/** As `serialize`: compressed data has an end of its own. */
	incrementalSerialize(packet: Sent): Uint8Array[] {
		return [this.serialize(packet)];
	}

	/** A parser for compressed packets that follow each other. Damage that hides the end of a packet is fatal. */
	createParser(): PacketParser<Received> {
		return new CompressedParser(new ZstdFrameScanner(), this.#limit, (data, output) => this.decode(data, output));
	}
}
