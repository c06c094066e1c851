import type * as zlib from "node:zlib";
import { DeserializeError, LimitOverrunError, UnsupportedOperationError } from "../errors.ts";
import { builtinModule } from "./builtin_module.ts";

/** The formats of compressed data. */
export type CompressionFormat = "zlib" | "gzip" | "brotli" | "zstd";

/** Compresses and decompresses whole packets, synchronously. */
export interface CompressionCodec {
	/** The lowest, the default and the highest level. */
	readonly levels: readonly [min: number, standard: number, max: number];
	/** The compressed data. */
	compress(data: Uint8Array, level: number): Uint8Array;
	/** What `data`, which is one whole packet, decompresses to, up to `max` bytes. Throws whatever the runtime throws. */
	decompress(data: Uint8Array, max: number): Uint8Array;
}

const load = (): typeof zlib => builtinModule<typeof zlib>("node:zlib");

/** The decoder of brotli on Deno takes truncated data for whole: bytes that follow show where it really ends. */
const PADDING = 16;

/** The codec of a format. @throws {UnsupportedOperationError} when the runtime lacks it. */
export function compressionCodec(format: CompressionFormat): CompressionCodec {
	const { zstdCompressSync } = load();
	if (format === "zstd" && typeof zstdCompressSync !== "function") {
		const hint = "this runtime cannot compress so; Node can from 22.15 on, Bun and Deno can";
		throw new UnsupportedOperationError({ capability: "zstd", backend: "node:zlib", hint });
	}
	return CODECS[format];
}

const CODECS: Readonly<Record<CompressionFormat, CompressionCodec>> = {
	zlib: {
		levels: [0, 6, 9],
		compress: (data, level) => load().deflateSync(data, { level }),
		decompress: (data, max) => load().inflateSync(data, { maxOutputLength: max }),
	},
	gzip: {
		levels: [0, 6, 9],
		compress: (data, level) => load().gzipSync(data, { level }),
		decompress: (data, max) => load().gunzipSync(data, { maxOutputLength: max }),
	},
	brotli: {
		levels: [0, 5, 11],
		compress(data, level) {
			const { brotliCompressSync, constants } = load();
			return brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: level } });
		},
		decompress(data, max) {
			const padded = new Uint8Array(data.length + PADDING);
			padded.set(data);
			// The types do not know that with `info` the result is the buffer and the engine.
			const result: unknown = load().brotliDecompressSync(padded, { maxOutputLength: max, info: true });
			const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } };
			if (engine.bytesWritten !== data.length) {
				const bytes = engine.bytesWritten > data.length ? "are missing" : "are left over";
				throw new DeserializeError(`Cannot decompress the packet: bytes ${bytes} at its end`);
			}
			return buffer;
		},
	},
	zstd: {
		levels: [1, 3, 19],
		compress(data, level) {
			const { zstdCompressSync, constants } = load();
			return zstdCompressSync(data, { params: { [constants.ZSTD_c_compressionLevel]: level } });
		},
		decompress: (data, max) => load().zstdDecompressSync(data, { maxOutputLength: max }),
	},
};

/** What `data` decompresses to; `option` names the limit that `max` comes from. */
export function decompress(
	codec: CompressionCodec,
	data: Uint8Array,
	max: number,
	option: string,
	limit: number,
): Uint8Array {
	let output: Uint8Array;
	try {
		output = codec.decompress(data, max);
	} catch (error) {
		if (error instanceof DeserializeError) throw error;
		if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") throw new LimitOverrunError(option, limit);
		throw new DeserializeError(`Cannot decompress the packet: ${(error as Error).message}`, { cause: error });
	}
	return new Uint8Array(output.buffer, output.byteOffset, output.length);
}
