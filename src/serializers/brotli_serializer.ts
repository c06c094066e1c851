import { CompressedSerializer, type CompressionOptions } from "./compressed_serializer.ts";
import type { PacketSerializer } from "./packet_serializer.ts";

/**
 * Compresses packets in the format of brotli (RFC 7932).
 *
 * Where brotli data ends is known only by decompressing it, so on a stream it needs a frame, such as that of
 * {@linkcode LengthPrefixedSerializer}. What is received is decompressed no further than `outputLimit` and `maxRatio` allow.
 *
 * @example
 * ```ts
 * import { BrotliSerializer, JsonSerializer, LengthPrefixedSerializer, StreamProtocol } from "netquay";
 *
 * const protocol = new StreamProtocol(new LengthPrefixedSerializer(new BrotliSerializer(new JsonSerializer())));
 * console.log(protocol.generateChunks({ text: "a".repeat(1000) }).length);
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class BrotliSerializer<Sent, Received = Sent> extends CompressedSerializer<Sent, Received> {
	/**
	 * @param payload Makes the bytes of one packet.
	 * @throws {TypeError} when `payload` lacks a method.
	 * @throws {RangeError} when an option is out of its range.
	 * @throws {UnsupportedOperationError} when the runtime lacks `node:zlib`.
	 */
	constructor(payload: PacketSerializer<Sent, Received>, options: CompressionOptions = {}) {
		super("brotli", payload, options);
	}

	override deserialize(data: Uint8Array): Received {
		return this.decode(data, 0);
	}
}
