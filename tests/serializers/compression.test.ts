import { describe, it } from "node:test";
import * as zlib from "node:zlib";
import fc from "fast-check";
import { DeserializeError, LimitOverrunError, UnsupportedOperationError } from "../../src/errors.ts";
import { BrotliSerializer } from "../../src/serializers/brotli_serializer.ts";
import { BytesSerializer } from "../../src/serializers/bytes_serializer.ts";
import type { FrameScanner } from "../../src/serializers/compressed_frames.ts";
import { DeflateFrameScanner, ZstdFrameScanner } from "../../src/serializers/compressed_frames.ts";
import type { CompressedSerializer, StreamCompressionOptions } from "../../src/serializers/compressed_serializer.ts";
import { GzipSerializer } from "../../src/serializers/gzip_serializer.ts";
import type { IncrementalPacketSerializer } from "../../src/serializers/incremental_serializer.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { LengthPrefixedSerializer } from "../../src/serializers/length_prefixed_serializer.ts";
import type { PacketSerializer } from "../../src/serializers/packet_serializer.ts";
import type { DataErrorInfo } from "../../src/serializers/serializer_options.ts";
import { ZlibSerializer } from "../../src/serializers/zlib_serializer.ts";
import { ZstdSerializer } from "../../src/serializers/zstd_serializer.ts";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";
import { testOneShot, testStream } from "./conformance.ts";
import { bytesOf, cut, cuts, drain, fromHex, hex, join, readerOf, readFed } from "./stream_outcomes.ts";

const hasZstd = typeof zlib.zstdCompressSync === "function";
const PACKET = { id: 1, text: "grüße" };
const raw = new BytesSerializer();

type Streamed = <S, R>(
	payload: PacketSerializer<S, R>,
	options?: StreamCompressionOptions,
) => CompressedSerializer<S, R> & IncrementalPacketSerializer<S, R>;

interface Format {
	readonly name: string;
	readonly make: <S, R>(payload: PacketSerializer<S, R>, options?: StreamCompressionOptions) => PacketSerializer<S, R>;
	readonly onStream: Streamed | undefined;
	/** The packet as another implementation compresses it. */
	readonly foreign: readonly string[];
	readonly compress: (data: Uint8Array) => Uint8Array;
	readonly skip?: string | undefined;
}

// python3: d = json.dumps({"id":1,"text":"grüße"}, separators=(",",":"), ensure_ascii=False).encode()
//   zlib.compress(d, 9), zlib.compress(d, 0), zlib.compressobj(9, 8, 15, 9, zlib.Z_FIXED); gzip.compress(d, 9, mtime=0)
const FORMATS: Format[] = [
	{
		name: "zlib",
		make: (payload, options) => new ZlibSerializer(payload, options),
		onStream: (payload, options) => new ZlibSerializer(payload, options),
		foreign: [
			"78daab56ca4c51b232d4512a49ad2851b2524a2f3abce7f0fc54a55a0069d20947",
			"7801011900e6ff7b226964223a312c2274657874223a226772c3bcc39f65227d69d20947",
			"7801ab56ca4c51b232d4512a49ad2851b2524a2f3abce7f0fc54a55a0069d20947",
		],
		compress: (data) => zlib.deflateSync(data),
	},
	{
		name: "gzip",
		make: (payload, options) => new GzipSerializer(payload, options),
		onStream: (payload, options) => new GzipSerializer(payload, options),
		foreign: [
			"1f8b0800000000000203ab56ca4c51b232d4512a49ad2851b2524a2f3abce7f0fc54a55a00719396e719000000",
			// With the fields FEXTRA, FNAME, FCOMMENT and FHCRC put in.
			`1f8b081e000000000203 0300616263 66696c6500 6300 ${"HHHH"}ab56ca4c51b232d4512a49ad2851b2524a2f3abce7f0fc54a55a00719396e719000000`,
		],
		compress: (data) => zlib.gzipSync(data),
	},
	{
		name: "zstd",
		make: (payload, options) => new ZstdSerializer(payload, options),
		onStream: (payload, options) => new ZstdSerializer(payload, options),
		// By hand, after RFC 8878: a raw block; with a window and a checksum left out; an RLE block is tested below.
		foreign: [
			`28b52ffd 20 19 c90000 ${hex(bytesOf(JSON.stringify(PACKET)))}`,
			`28b52ffd 00 00 c90000 ${hex(bytesOf(JSON.stringify(PACKET)))}`,
		],
		compress: (data) => zlib.zstdCompressSync(data),
		skip: hasZstd ? undefined : "this runtime has no zstd",
	},
	{
		name: "brotli",
		make: (payload, options) => new BrotliSerializer(payload, options),
		onStream: undefined,
		// RFC 7932, section 9: a window of 16 bits, then an uncompressed meta-block of 25 bytes, then the empty last one.
		foreign: ["8001107b226964223a312c2274657874223a226772c3bcc39f65227d03"],
		compress: (data) => zlib.brotliCompressSync(data, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
	},
];

/** The two lowest bytes of the CRC-32 of a gzip header, as in its field FHCRC. */
function headerChecksum(header: Uint8Array): string {
	let crc = 0xffffffff;
	for (const byte of header) {
		crc ^= byte;
		for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
	}
	const low = ~crc & 0xffff;
	return hex(Uint8Array.of(low & 0xff, low >> 8));
}

function foreignBytes(text: string): Uint8Array {
	const [head = "", tail] = text.split("HHHH");
	return tail === undefined ? fromHex(text) : fromHex(head + headerChecksum(fromHex(head)) + tail);
}

for (const { name, make, onStream, foreign, compress, skip } of FORMATS) {
	describe(`${name} compression`, { skip: skip ?? false }, () => {
		const json = skip === undefined ? make<unknown, unknown>(new JsonSerializer()) : (undefined as never);
		const samples: [unknown, undefined][] = [
			[PACKET, undefined],
			[[], undefined],
			[Array.from({ length: 500 }, (_, i) => i % 50), undefined],
		];
		const damaged = (): Uint8Array[] => {
			const good = compress(bytesOf(JSON.stringify("x".repeat(50))));
			const cutOff = [1, good.length >> 1, good.length - 1].map((length) => good.slice(0, length));
			return [new Uint8Array(0), bytesOf("plain text"), ...cutOff, compress(bytesOf("no json"))];
		};
		if (skip === undefined) testOneShot({ serializer: json, samples, invalid: damaged(), extra: Uint8Array.of(0) });

		it("T-SE-01: reads what another implementation wrote", () => {
			for (const data of foreign.map(foreignBytes)) {
				assertEquals(json.deserialize(data), PACKET);
				if (onStream === undefined) continue;
				const outcomes = readFed(
					onStream(new JsonSerializer()),
					[...data, ...data].map((byte) => Uint8Array.of(byte)),
				);
				assertEquals(outcomes, [{ packet: PACKET }, { packet: PACKET }]);
			}
		});

		it("P4: stops at the output limit, and says which limit it was", () => {
			const small = make(raw, { outputLimit: 1000, maxRatio: 10_000 });
			assertEquals(small.deserialize(compress(new Uint8Array(1000))).length, 1000);
			const over = assertThrows(() => small.deserialize(compress(new Uint8Array(1001))), LimitOverrunError);
			assertEquals([over.option, over.limit], ["outputLimit", 1000]);
			const bomb = compress(new Uint8Array(10_000_000));
			const error = assertThrows(() => make(raw).deserialize(bomb), LimitOverrunError);
			assert(error.option === "outputLimit" || error.option === "maxRatio");
		});

		it("P4: refuses more than 200 times the size, unless it is little", () => {
			const serializer = make(raw);
			assertEquals(serializer.deserialize(compress(new Uint8Array(16_384))).length, 16_384);
			for (const size of [60_000, 1_000_000]) {
				const data = compress(new Uint8Array(size));
				assert(size / data.length > 200, "compresses that well");
				assertThrows(() => serializer.deserialize(data), LimitOverrunError, '"maxRatio", 200');
				assertEquals(make(raw, { maxRatio: 100_000 }).deserialize(data).length, size);
			}
		});

		it("T-SE-18: one changed byte is found, or does not matter", () => {
			const text = JSON.stringify({ text: "the quick brown fox ".repeat(10) });
			const data = compress(bytesOf(text));
			for (let at = 0; at < data.length; at++) {
				const copy = new Uint8Array(data);
				copy[at] = (copy[at] as number) ^ 0x55;
				try {
					json.deserialize(copy);
				} catch (error) {
					assert(error instanceof DeserializeError, `byte ${at}: ${error}`);
				}
			}
		});

		it("T-SE-13: only with debug an error has errorInfo", () => {
			const bad = bytesOf("bad");
			const error = assertThrows(() => make(raw, { debug: true }).deserialize(bad), DeserializeError);
			assertEquals((error.errorInfo as DataErrorInfo).data, bad);
			assertStrictEquals(assertThrows(() => make(raw).deserialize(bad), DeserializeError).errorInfo, undefined);
		});

		it("checks its arguments, and compresses by its level", () => {
			for (const option of ["level", "outputLimit", "maxRatio", ...(onStream === undefined ? [] : ["limit"])]) {
				for (const value of [-1, 1.5, Number.NaN])
					assertThrows(() => make(raw, { [option]: value }), RangeError, `"${option}"`);
			}
			assertThrows(() => make(raw, { level: 20 }), RangeError, '"level"');
			assertThrows(() => make({} as never), TypeError, '"payload"');
			let seed = 1;
			const nextSeed = (): number => {
				seed = Math.imul(seed, 48_271) >>> 1;
				return seed >> 4;
			};
			const words = Array.from({ length: 3000 }, () => ["able", "baker", "charlie", "dog"][nextSeed() % 4]);
			const text = bytesOf(words.join(" "));
			assert(make(raw, { level: 9 }).serialize(text).length < make(raw, { level: 1 }).serialize(text).length);
		});

		if (onStream === undefined || skip !== undefined) return;
		describe("on a stream", () => {
			testStream<unknown>({
				serializer: onStream(new JsonSerializer()),
				samples,
				invalid: [
					compress(bytesOf("no json")),
					compress(new Uint8Array(0)),
					compress(new Uint8Array(50_000).fill(0x20)),
				].map((data) => new Uint8Array(data)),
			});

			it("T-SE-18: garbage is fatal, and so is a packet above the limit", () => {
				const serializer = onStream(raw, { limit: 100 });
				assertEquals(readFed(serializer, [bytesOf("garbage garbage")]), [{ error: "DeserializeError" }]);
				const noise = Uint8Array.from({ length: 200 }, (_, i) => (i * 7919) % 251);
				const data = compress(noise);
				for (const chunks of [[data], [data.subarray(0, 90), data.subarray(90)], [data.subarray(0, 101)]]) {
					assertEquals(readFed(serializer, chunks), [{ error: "LimitOverrunError" }]);
				}
				assertEquals(readFed(onStream(raw, { limit: data.length }), [data]), [{ packet: noise }]);
			});

			it("P4: a bomb on a stream is counted, not decompressed, and the next packet is read", () => {
				const bomb = compress(new Uint8Array(10_000_000));
				const serializer = onStream(raw);
				const reader = readerOf(serializer);
				for (const chunk of cut(bomb, [100, 5_000, 15_000])) reader.feed(chunk.slice());
				reader.feed(new Uint8Array(compress(bytesOf("next"))));
				assertEquals(drain(reader), [{ error: "LimitOverrunError" }, { packet: bytesOf("next") }]);
			});

			it("the stream that ends inside a packet is told from one that ends behind it", () => {
				const data = compress(bytesOf("abc"));
				for (const length of [1, 5, data.length - 1, data.length]) {
					const reader = readerOf(onStream(raw));
					reader.feed(data.slice(0, length));
					const before = drain(reader);
					reader.end();
					const outcomes = [...before, ...drain(reader)];
					assertEquals(
						outcomes,
						length === data.length ? [{ packet: bytesOf("abc") }] : [{ error: "IncompletePacketError" }],
					);
				}
			});
		});
	});
}

describe("scanners of compressed data", () => {
	const text = fc.array(fc.constantFrom("abc", "the ", "aaaaaaaaaaaaaaaa", "\0", "é", "0123456789".repeat(30)), {
		maxLength: 60,
	});
	const content = fc.oneof(
		fc.uint8Array({ maxLength: 3000 }),
		text.map((words) => bytesOf(words.join(""))),
	);
	const { Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY } = zlib.constants;

	it("property: find the end and the size of deflated data, whatever made it, in any pieces", () => {
		fc.assert(
			fc.property(
				content,
				fc.integer({ min: 0, max: 9 }),
				fc.constantFrom(Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_DEFAULT_STRATEGY),
				cuts,
				(data, level, strategy, places) => {
					for (const [format, packed] of [
						["zlib", zlib.deflateSync(data, { level, strategy })],
						["gzip", zlib.gzipSync(data, { level, strategy })],
					] as const) {
						const scanner: FrameScanner = new DeflateFrameScanner(format);
						const behind = join([packed, Uint8Array.of(0xff, 0, 0x55)]);
						for (const place of [...places].map((n) => n % packed.length).sort((a, b) => a - b)) {
							assertStrictEquals(scanner.scan(behind, 0, place), -1);
						}
						assertStrictEquals(scanner.scan(behind, 0, behind.length), packed.length);
						assertStrictEquals(scanner.output, data.length);
					}
				},
			),
			{ numRuns: 150 },
		);
	});

	it("deflated data with flushes in it, and large blocks", () => {
		const data = Uint8Array.from({ length: 200_000 }, (_, i) => ((i * i * 31) % 256) & (i >> 8));
		for (const level of [0, 1, 9]) {
			const packed = zlib.deflateSync(data, { level });
			const scanner = new DeflateFrameScanner("zlib");
			assertStrictEquals(scanner.scan(packed, 0, packed.length), packed.length);
			assertStrictEquals(scanner.output, data.length);
		}
	});

	it("property: find the end of zstd data", { skip: hasZstd ? false : "this runtime has no zstd" }, () => {
		fc.assert(
			fc.property(content, fc.integer({ min: 1, max: 12 }), fc.boolean(), cuts, (data, level, checksum, places) => {
				const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = zlib.constants;
				const params = { [ZSTD_c_compressionLevel]: level, [ZSTD_c_checksumFlag]: Number(checksum) };
				const packed = zlib.zstdCompressSync(data, { params });
				const scanner: FrameScanner = new ZstdFrameScanner();
				const behind = join([packed, Uint8Array.of(0xff, 0, 0x55)]);
				for (const place of [...places].map((n) => n % packed.length).sort((a, b) => a - b)) {
					assertStrictEquals(scanner.scan(behind, 0, place), -1);
				}
				assertStrictEquals(scanner.scan(behind, 0, behind.length), packed.length);
			}),
			{ numRuns: 100 },
		);
	});

	it("P4: zstd announcements of large windows and sizes are refused from the header", {
		skip: hasZstd ? false : "this runtime has no zstd",
	}, () => {
		const zstd = new ZstdSerializer(raw);
		// A window of 128 MiB; then sizes of 4 GiB and 2^63, and a repeated byte.
		assertThrows(() => zstd.deserialize(fromHex("28b52ffd 00 88 010000")), DeserializeError, "a window above");
		assertThrows(() => zstd.deserialize(fromHex("28b52ffd a0 ffffffff 0300 00 61")), LimitOverrunError);
		assertThrows(() => zstd.deserialize(fromHex("28b52ffd e0 0000000000000080 0300 00 61")), LimitOverrunError);
		assertEquals(zstd.deserialize(fromHex("28b52ffd 20 05 2b0000 61")), bytesOf("aaaaa"));
		for (const bad of [
			"28b52ffd 08",
			"28b52ffd 21 00 00 010000",
			"28b52ffd 20 00 070000",
			"502a4d18 00000000",
			"28b52ffe",
		]) {
			assertThrows(() => zstd.deserialize(fromHex(bad)), DeserializeError);
		}
	});

	it("gzip headers are bounded, and dictionaries refused", () => {
		const gzip = new GzipSerializer(raw);
		const header = fromHex("1f8b0808000000000203");
		assertEquals(readFed(gzip, [header, new Uint8Array(2000).fill(0x61)]), [{ error: "DeserializeError" }]);
		for (const bad of ["1f8b07", "1f8b0820000000000203", "1f8c"])
			assertThrows(() => gzip.deserialize(fromHex(bad)), DeserializeError);
		const zlibs = new ZlibSerializer(raw);
		assertThrows(() => zlibs.deserialize(fromHex("78bb00000000")), DeserializeError, "dictionary");
		for (const bad of ["7800", "88 1c", "79da"])
			assertThrows(() => zlibs.deserialize(fromHex(bad)), DeserializeError, "not zlib");
		const twice = join([zlib.gzipSync("a"), zlib.gzipSync("b")]);
		assertThrows(() => gzip.deserialize(twice), DeserializeError, "left over");
		assertEquals(readFed(gzip, [twice]), [{ packet: bytesOf("a") }, { packet: bytesOf("b") }]);
	});

	it("S10: 64 KiB of compressed bytes one by one are scanned once", () => {
		const noise = Uint8Array.from(
			{ length: 60_000 },
			(_, i) => (Math.imul(i, 2_654_435_761) >>> 24) & (i % 3 === 0 ? 0xff : 0x0f),
		);
		const serializer = new ZlibSerializer(raw);
		const bytes = Array.from(serializer.serialize(noise), (byte) => Uint8Array.of(byte));
		const once = (): number => {
			const reader = readerOf(serializer);
			const before = performance.now();
			let packet: unknown;
			for (const byte of bytes) {
				reader.feed(byte);
				packet = reader.next();
			}
			assertEquals(packet, noise);
			return performance.now() - before;
		};
		const best = Math.min(once(), once(), once());
		assert(best < 1000, `took ${best} ms for ${bytes.length} bytes`);
	});
});

describe("BrotliSerializer on a stream", () => {
	testStream<unknown>({
		serializer: new LengthPrefixedSerializer(new BrotliSerializer<unknown>(new JsonSerializer())),
		samples: [[PACKET, undefined]],
		invalid: [fromHex("00000003 616263")],
	});
});

describe("a runtime without zstd", { skip: hasZstd ? "this runtime has zstd" : false }, () => {
	it("says so when the serializer is made", () => {
		const error = assertThrows(() => new ZstdSerializer(raw), UnsupportedOperationError, "Node can from 22.15 on");
		assertStrictEquals(error.capability, "zstd");
	});
});
