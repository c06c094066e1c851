import { DeserializeError, LimitOverrunError } from "../errors.ts";
import type { FrameScanner } from "./compressed_frames.ts";
import { type CompressionCodec, type CompressionFormat, compressionCodec, decompress } from "./compression_codec.ts";
import { NEED_MORE, type NeedMore, type PacketInput, type PacketParser } from "./incremental_serializer.ts";
import type { PacketSerializer } from "./packet_serializer.ts";
import { DEFAULT_LIMIT, decodeWith, requireInteger, requireSerializer } from "./serializer_options.ts";

/** Options of the serializers that compress. */
export interface CompressionOptions {
	/** How much effort to compress: 0 to 9 for zlib and gzip (default: 6), 0 to 11 for brotli (5), 1 to 19 for zstd (3). */
	readonly level?: number | undefined;
	/** The largest size of a received packet in bytes, decompressed; decompressing stops there. Default: 1 MiB. */
	readonly outputLimit?: number | undefined;
	/** How many times larger a received packet above 16 KiB may become by decompressing. Default: 200. */
	readonly maxRatio?: number | undefined;
	/** Whether a {@linkcode DeserializeError} carries `errorInfo`, a {@linkcode DataErrorInfo}. Default: `false`. */
	readonly debug?: boolean | undefined;
}

/** Options of the serializers that compress on a stream, too. */
export interface StreamCompressionOptions extends CompressionOptions {
	/** The largest packet received on a stream, in bytes, compressed; a larger one is fatal. Default: 65,536. */
	readonly limit?: number | undefined;
}

/** Little data may be compressed as much as it will: it harms nobody. */
const RATIO_FLOOR = 16_384;

/** A payload's serializer, and compression. The formats extend it; see {@linkcode ZlibSerializer}. */
export abstract class CompressedSerializer<Sent, Received> implements PacketSerializer<Sent, Received> {
	/** A packet holds no view of the data, but of what it was decompressed to. */
	readonly keepsData = false;
	readonly #payload: PacketSerializer<Sent, Received>;
	readonly #codec: CompressionCodec;
	readonly #level: number;
	readonly #outputLimit: number;
	readonly #maxRatio: number;
	readonly #debug: boolean;

	/** @internal */
	constructor(format: CompressionFormat, payload: PacketSerializer<Sent, Received>, options: CompressionOptions) {
		const { outputLimit = 1024 * 1024, maxRatio = 200, debug = false } = options;
		requireSerializer("payload", payload);
		this.#codec = compressionCodec(format);
		const [min, standard, max] = this.#codec.levels;
		const { level = standard } = options;
		requireInteger("level", level, min, max);
		requireInteger("outputLimit", outputLimit, 1);
		requireInteger("maxRatio", maxRatio, 1);
		this.#payload = payload;
		this.#level = level;
		this.#outputLimit = outputLimit;
		this.#maxRatio = maxRatio;
		this.#debug = debug;
	}

	/** The bytes of the packet, compressed. */
	serialize(packet: Sent): Uint8Array {
		const data = this.#codec.compress(this.#payload.serialize(packet), this.#level);
		return new Uint8Array(data.buffer, data.byteOffset, data.length);
	}

	/**
	 * The packet that `data` decompresses to.
	 *
	 * @throws {DeserializeError} when `data` is not exactly one compressed packet, exceeds a limit, or the payload's
	 * serializer refuses it.
	 */
	abstract deserialize(data: Uint8Array): Received;

	/** @internal The packet of `data`, whose extent is known. `output` is how much it decompresses to, if known. */
	protected decode(data: Uint8Array, output: number): Received {
		return decodeWith(this.#debug, data, () => {
			const byRatio = Math.max(RATIO_FLOOR, data.length * this.#maxRatio);
			const [max, option, limit]: [number, string, number] =
				byRatio < this.#outputLimit
					? [byRatio, "maxRatio", this.#maxRatio]
					: [this.#outputLimit, "outputLimit", this.#outputLimit];
			if (output > max) throw new LimitOverrunError(option, limit);
			return this.#payload.deserialize(decompress(this.#codec, data, max, option, limit));
		});
	}

	/** @internal As `decode`, once the extent of the packet in `data` is known to be all of it. */
	protected decodeWhole(scanner: FrameScanner, data: Uint8Array): Received {
		return decodeWith(this.#debug, data, () => {
			const length = scanner.scan(data, 0, data.length);
			if (length === -1) throw new DeserializeError("Cannot decompress the packet: bytes are missing at its end");
			if (length < data.length) {
				throw new DeserializeError("Cannot decompress the packet: bytes are left over at its end");
			}
			return this.decode(data, scanner.output);
		});
	}
}

/** The limit of a stream. @throws {RangeError} when it is not a positive integer. */
export function streamLimit({ limit = DEFAULT_LIMIT }: StreamCompressionOptions): number {
	requireInteger("limit", limit, 1);
	return limit;
}

/** Waits until a packet is in the receive buffer, then decompresses it at once. */
export class CompressedParser<Packet> implements PacketParser<Packet> {
	readonly #scanner: FrameScanner;
	readonly #limit: number;
	readonly #decode: (data: Uint8Array, output: number) => Packet;

	constructor(scanner: FrameScanner, limit: number, decode: (data: Uint8Array, output: number) => Packet) {
		this.#scanner = scanner;
		this.#limit = limit;
		this.#decode = decode;
	}

	parse(input: PacketInput): Packet | NeedMore {
		const { buffer, start, end } = input;
		const length = this.#scanner.scan(buffer, start, Math.min(end, start + this.#limit));
		if (length === -1) {
			if (end - start > this.#limit) throw new LimitOverrunError("limit", this.#limit, { fatal: true });
			return NEED_MORE;
		}
		const { output } = this.#scanner;
		this.#scanner.reset();
		input.start += length;
		return this.#decode(buffer.subarray(start, input.start), output);
	}
}
