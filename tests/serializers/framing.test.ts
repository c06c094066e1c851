import { describe, it } from "node:test";
import fc from "fast-check";
import {
	DeserializeError,
	IncompletePacketError,
	LimitOverrunError,
	StreamProtocolParseError,
} from "../../src/errors.ts";
import { BytesSerializer } from "../../src/serializers/bytes_serializer.ts";
import { DelimitedSerializer } from "../../src/serializers/delimited_serializer.ts";
import { EndOfStreamSerializer } from "../../src/serializers/end_of_stream_serializer.ts";
import { FixedLengthSerializer } from "../../src/serializers/fixed_length_serializer.ts";
import { NEED_MORE } from "../../src/serializers/incremental_serializer.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import type { LengthPrefixKind } from "../../src/serializers/length_prefix.ts";
import { LengthPrefixedSerializer } from "../../src/serializers/length_prefixed_serializer.ts";
import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "../support/assert.ts";
import { testOneShot, testStream } from "./conformance.ts";
import { bytesOf, cut, cuts, drain, fromHex, hex, join, readerOf, readFed, readWindowed } from "./stream_outcomes.ts";

const raw = new BytesSerializer();
const refused = [{ error: "LimitOverrunError" }];

describe("DelimitedSerializer", () => {
	describe("of bytes", () => {
		testStream({
			serializer: new DelimitedSerializer(raw, { separator: "\r\n" }),
			samples: [
				[bytesOf("ab"), bytesOf("ab\r\n")],
				[bytesOf("\r"), bytesOf("\r\r\n")],
				[bytesOf("\n\r"), bytesOf("\n\r\r\n")],
			],
			invalid: [],
		});
	});
	describe("of JSON", () => {
		testStream({
			serializer: new DelimitedSerializer<unknown>(new JsonSerializer(), { separator: "\0" }),
			samples: [[{ a: [1] }, bytesOf('{"a":[1]}\0')]],
			invalid: [bytesOf("{\0"), bytesOf("\0"), Uint8Array.of(0xff, 0)],
		});
	});
	describe("escaping as HDLC does", () => {
		testStream({
			serializer: new DelimitedSerializer(raw, { separator: Uint8Array.of(0x7e), escape: 0x7d }),
			samples: [
				[fromHex("7e7d41"), fromHex("7d5e 7d5d 41 7e")],
				[fromHex("5e5d"), fromHex("5e5d 7e")],
			],
			invalid: [fromHex("417d7e")],
		});
	});

	it("a datagram carries the packet alone", () => {
		const serializer = new DelimitedSerializer(raw, { separator: "\n", escape: 0x5c });
		assertEquals(serializer.serialize(bytesOf("a\nb")), bytesOf("a\nb"));
		assertEquals(serializer.deserialize(bytesOf("a\nb")), bytesOf("a\nb"));
	});

	it("T-SE-21: refuses a packet that holds the separator, or completes one with it; an empty one has no chunk", () => {
		const serializer = new DelimitedSerializer(raw, { separator: "aa" });
		for (const bad of ["aa", "xaay", "xa"]) {
			assertThrows(() => serializer.incrementalSerialize(bytesOf(bad)), TypeError, "holds the separator");
		}
		assertEquals(serializer.incrementalSerialize(bytesOf("ax")), [bytesOf("axaa")]);
		assertEquals(serializer.incrementalSerialize(new Uint8Array(0)), []);
	});

	it("property: with an escape every packet makes the trip, whatever the separator", () => {
		const byte = fc.constantFrom(0, 0x20, 0x41, 0x61, 0x7d, 0x7e, 0x5e, 0x5d);
		const data = fc.array(byte, { minLength: 1, maxLength: 12 }).map((list) => Uint8Array.from(list));
		fc.assert(
			fc.property(
				fc.array(data),
				fc.array(byte, { minLength: 1, maxLength: 4 }),
				byte,
				cuts,
				(packets, sep, marker, places) => {
					fc.pre(marker !== sep[0] && (marker ^ 0x20) !== sep[0]);
					const serializer = new DelimitedSerializer(raw, { separator: Uint8Array.from(sep), escape: marker });
					const stream = join(packets.flatMap((packet) => serializer.incrementalSerialize(packet)));
					assertEquals(
						readFed(serializer, cut(stream, places)),
						packets.map((packet) => ({ packet })),
					);
				},
			),
			{ numRuns: 300 },
		);
	});

	for (const separator of ["\n", "\r\n", "abac"]) {
		describe(`with the separator ${JSON.stringify(separator)} and a limit of 16`, () => {
			const serializer = new DelimitedSerializer(raw, { separator, limit: 16 });
			const line = (length: number, end = separator): Uint8Array => bytesOf("x".repeat(length) + end);

			it("T-SE-11: a packet of the limit is read, one more byte is refused, and the stream goes on behind", () => {
				assertEquals(readFed(serializer, [line(16)]), [{ packet: line(16, "") }]);
				const stream = join([line(17), line(2)]);
				for (const size of [1, 3, 100]) {
					assertEquals(readWindowed(serializer, stream, size), [...refused, { packet: line(2, "") }]);
				}
				const reader = readerOf(serializer);
				reader.feed(stream.slice());
				const error = assertThrows(() => reader.next(), StreamProtocolParseError);
				assertEquals(error.remainingData, line(2));
				assertInstanceOf(error.error, LimitOverrunError);
				assertStrictEquals(error.error.limit, 16);
				assertStrictEquals(error.error.message, 'Cannot read the packet: it exceeds "limit", 16');
			});

			it("S8: the tail of a packet above the limit is never a packet, and nothing of it is kept", () => {
				const reader = readerOf(serializer);
				reader.feed(line(40, ""));
				assertEquals(drain(reader), refused);
				for (let i = 0; i < 1000; i++) {
					reader.feed(line(30, separator.slice(0, -1)));
					assertEquals(drain(reader), []);
					assertEquals(reader.bufferedBytes < separator.length, true);
				}
				reader.feed(bytesOf(`tail${separator}ok2${separator}`));
				assertEquals(drain(reader), [{ packet: bytesOf("ok2") }]);
			});

			it("T-SE-12: the separator may be split anywhere, also at the limit", () => {
				for (const length of [0, 15, 16]) {
					const stream = join([line(length), line(1)]);
					for (let at = 0; at <= stream.length; at++) {
						const outcomes = readFed(serializer, [stream.subarray(0, at), stream.subarray(at)]);
						assertEquals(outcomes, [{ packet: line(length, "") }, { packet: line(1, "") }]);
					}
				}
			});

			it("the stream that ends inside a packet is told from one that ends behind it", () => {
				for (const [data, outcomes] of [
					["", []],
					[`ab${separator}`, [{ packet: bytesOf("ab") }]],
					["ab", [{ error: "IncompletePacketError" }]],
					["x".repeat(20), refused],
				] as const) {
					const reader = readerOf(serializer);
					reader.feed(bytesOf(data));
					reader.end();
					assertEquals<unknown>(drain(reader), outcomes);
				}
			});
		});
	}

	it("checks its arguments", () => {
		assertThrows(() => new DelimitedSerializer(raw, { separator: "" }), RangeError, '"separator"');
		assertThrows(() => new DelimitedSerializer(raw, { separator: 10 as never }), TypeError, '"separator"');
		for (const limit of [0, -1, 1.5, Number.NaN]) {
			assertThrows(() => new DelimitedSerializer(raw, { separator: "\n", limit }), RangeError, '"limit"');
		}
		for (const marker of [256, -1, 0x0a, 0x2a]) {
			assertThrows(() => new DelimitedSerializer(raw, { separator: "\n", escape: marker }), RangeError, '"escape"');
		}
		assertThrows(() => new DelimitedSerializer({} as never, { separator: "\n" }), TypeError, '"payload"');
	});
});

describe("FixedLengthSerializer", () => {
	const serializer = new FixedLengthSerializer(raw, { size: 3 });
	testOneShot({
		serializer,
		samples: [[bytesOf("abc"), bytesOf("abc")]],
		invalid: [bytesOf("ab")],
		extra: bytesOf("x"),
	});
	testStream({
		serializer,
		samples: [
			[bytesOf("abc"), bytesOf("abc")],
			[bytesOf("def"), bytesOf("def")],
		],
		invalid: [],
	});
	describe("of JSON", () => {
		testStream({
			serializer: new FixedLengthSerializer<unknown>(new JsonSerializer(), { size: 3 }),
			samples: [[[1], bytesOf("[1]")]],
			invalid: [bytesOf("[1,"), bytesOf("   ")],
		});
	});

	it("T-SE-22: refuses to send another size", () => {
		assertThrows(() => serializer.serialize(bytesOf("ab")), RangeError, "takes 2 bytes instead of 3");
		assertThrows(() => serializer.incrementalSerialize(bytesOf("abcd")), RangeError, "takes 4 bytes instead of 3");
		assertThrows(() => new FixedLengthSerializer(raw, { size: 0 }), RangeError, '"size"');
	});
});

describe("LengthPrefixedSerializer", () => {
	const FORMS: [LengthPrefixKind, "big" | "little", string][] = [
		[1, "big", "03"],
		[2, "big", "0003"],
		[2, "little", "0300"],
		[4, "big", "00000003"],
		[4, "little", "03000000"],
		[8, "big", "0000000000000003"],
		[8, "little", "0300000000000000"],
		["varint", "big", "03"],
	];
	for (const [prefix, byteOrder, length] of FORMS) {
		describe(`with ${prefix} bytes, ${byteOrder}`, () => {
			testStream({
				serializer: new LengthPrefixedSerializer(raw, { prefix, byteOrder }),
				samples: [
					[bytesOf("abc"), fromHex(`${length}616263`)],
					[new Uint8Array(0), fromHex(length.replace("3", "0"))],
					[new Uint8Array(200).fill(7), undefined],
				],
				invalid: [],
			});
		});
	}
	describe("of JSON", () => {
		testStream({
			serializer: new LengthPrefixedSerializer<unknown>(new JsonSerializer(), { prefix: 2 }),
			samples: [[{ a: 1 }, join([Uint8Array.of(0, 7), bytesOf('{"a":1}')])]],
			invalid: [Uint8Array.of(0, 0), Uint8Array.of(0, 1, 0x7b)],
		});
	});

	it("varints are those of Protocol Buffers", () => {
		const serializer = new LengthPrefixedSerializer(raw, { prefix: "varint", limit: 100_000 });
		for (const [length, prefix] of [
			[127, "7f"],
			[128, "8001"],
			[300, "ac02"],
			[16_384, "808001"],
		] as const) {
			const [data] = serializer.incrementalSerialize(new Uint8Array(length)) as [Uint8Array];
			assertStrictEquals(hex(data.subarray(0, data.length - length)), prefix);
			assertEquals(readWindowed(serializer, data, 1000), [{ packet: new Uint8Array(length) }]);
		}
		assertEquals(readFed(serializer, [fromHex("838000 414243")]), [{ packet: bytesOf("ABC") }]);
	});

	it("T-SE-11, S9: above the limit exactly the announced bytes are skipped, from the header on", () => {
		for (const [prefix, byteOrder] of FORMS) {
			const serializer = new LengthPrefixedSerializer(raw, { prefix, byteOrder, limit: 16 });
			const sender = new LengthPrefixedSerializer(raw, { prefix, byteOrder });
			const [ok, large, next] = [16, 17, 2].map((n) =>
				join(sender.incrementalSerialize(new Uint8Array(n).fill(1))),
			) as [Uint8Array, Uint8Array, Uint8Array];
			const outcomes = [{ packet: new Uint8Array(16).fill(1) }, ...refused, { packet: new Uint8Array(2).fill(1) }];
			for (const size of [1, 5, 1000]) assertEquals(readWindowed(serializer, join([ok, large, next]), size), outcomes);
			const reader = readerOf(serializer);
			reader.feed(large.slice(0, large.length - 17));
			assertEquals(drain(reader), refused);
			assertStrictEquals(reader.bufferedBytes, 0);
		}
	});

	it("S9: bombs are refused by the header alone, and nothing is allocated for them", () => {
		const bombs: [LengthPrefixKind, string, boolean][] = [
			[4, "ffffffff", false],
			[8, "00000000ffffffff", false],
			[8, "001fffffffffffff", false],
			[8, "0020000000000000", true],
			[8, "8000000000000000", true],
			[8, "ffffffffffffffff", true],
			["varint", "ffffffff0f", false],
			["varint", "ffffffffffffffff", true],
		];
		for (const [prefix, header, fatal] of bombs) {
			const reader = readerOf(new LengthPrefixedSerializer(raw, { prefix }));
			reader.feed(fromHex(header));
			const error = assertThrows(() => reader.next(), StreamProtocolParseError);
			assertStrictEquals(error.fatal, fatal, header);
			assertStrictEquals(reader.bufferedBytes, 0);
			for (let i = 0; i < 3; i++) {
				reader.feed(new Uint8Array(1000));
				if (fatal)
					assertStrictEquals(
						assertThrows(() => reader.next()),
						error,
					);
				else assertStrictEquals<unknown>(reader.next(), NEED_MORE);
				assertStrictEquals(reader.bufferedBytes, 0);
			}
		}
	});

	it("refuses to send a length that the prefix cannot hold", () => {
		const serializer = new LengthPrefixedSerializer(raw, { prefix: 1 });
		assertStrictEquals(join(serializer.incrementalSerialize(new Uint8Array(255))).length, 256);
		assertThrows(() => serializer.incrementalSerialize(new Uint8Array(256)), RangeError, "does not fit");
		const two = new LengthPrefixedSerializer(raw, { prefix: 2 });
		assertThrows(() => two.incrementalSerialize(new Uint8Array(65_536)), RangeError, "does not fit");
	});

	it("the stream that ends inside a packet is told from one that ends behind it", () => {
		for (const [data, outcomes] of [
			["0161", [{ packet: bytesOf("a") }]],
			["02", [{ error: "IncompletePacketError" }]],
			["0261", [{ error: "IncompletePacketError" }]],
			["ff61", refused],
		] as const) {
			const reader = readerOf(new LengthPrefixedSerializer(raw, { prefix: 1, limit: 16 }));
			reader.feed(fromHex(data));
			reader.end();
			assertEquals<unknown>(drain(reader), outcomes);
		}
	});

	it("checks its arguments", () => {
		assertThrows(() => new LengthPrefixedSerializer(raw, { prefix: 3 as never }), TypeError, '"prefix"');
		assertThrows(() => new LengthPrefixedSerializer(raw, { byteOrder: "middle" as never }), TypeError, '"byteOrder"');
		assertThrows(() => new LengthPrefixedSerializer(raw, { limit: 0 }), RangeError, '"limit"');
	});
});

describe("EndOfStreamSerializer", () => {
	const serializer = new EndOfStreamSerializer<unknown>(new JsonSerializer(), { limit: 16 });
	const outcomesOf = (...chunks: string[]): unknown => {
		const reader = readerOf(serializer);
		const outcomes = chunks.flatMap((chunk) => {
			reader.feed(bytesOf(chunk));
			return drain(reader);
		});
		reader.end();
		return [...outcomes, ...drain(reader), ...drain(reader)];
	};

	it("S3-24: the packet is all that was sent, when the stream has ended", () => {
		assertEquals(join(serializer.incrementalSerialize([1])), bytesOf("[1]"));
		assertEquals(outcomesOf("[1", "", ",2]"), [{ packet: [1, 2] }]);
		assertEquals(outcomesOf(...'{"a":[1,2,3,4]}'), [{ packet: { a: [1, 2, 3, 4] } }]);
		assertEquals(outcomesOf(), []);
		assertEquals(outcomesOf("[1"), [{ error: "DeserializeError" }]);
	});

	it("T-SE-11: above the limit the packet is refused once, and nothing is kept", () => {
		assertEquals(outcomesOf(`"${"x".repeat(14)}"`), [{ packet: "x".repeat(14) }]);
		assertEquals(outcomesOf(`"${"x".repeat(15)}"`), refused);
		assertEquals(outcomesOf("x".repeat(10), "x".repeat(10), "x", "x".repeat(30)), refused);
	});

	it("an error behind the end is not repeated, nor is the end's packet", () => {
		const reader = readerOf(serializer);
		reader.end();
		assertStrictEquals<unknown>(reader.next(), NEED_MORE);
		assertThrows(() => reader.feed(bytesOf("x")), Error, "it has ended");
		assertThrows(() => reader.window(), Error, "it has ended");
	});

	it("is a DeserializeError like any other", () => {
		assertInstanceOf(new IncompletePacketError(), DeserializeError);
	});
});

describe("S10: 64 KiB that arrive byte by byte", () => {
	const payload = new Uint8Array(65_536).fill(0x0d);
	const cases = {
		delimited: new DelimitedSerializer(raw, { separator: "\r\n" }),
		"length-prefixed": new LengthPrefixedSerializer(raw),
		"fixed length": new FixedLengthSerializer(raw, { size: payload.length }),
	};
	for (const [name, serializer] of Object.entries(cases)) {
		it(`${name}: cost time in proportion`, () => {
			const data = join(serializer.incrementalSerialize(payload));
			const bytes = Array.from(data, (byte) => Uint8Array.of(byte));
			const once = (list: Uint8Array[]): number => {
				const reader = readerOf<Uint8Array>(serializer);
				const before = performance.now();
				let packet: unknown = NEED_MORE;
				for (const byte of list) {
					reader.feed(byte);
					packet = reader.next();
				}
				const taken = performance.now() - before;
				if (list === bytes) assertEquals(packet, payload);
				return taken;
			};
			const best = Math.min(...[1, 2, 3, 4, 5].map(() => once(bytes)));
			// The goal is 20 ms, which a busy machine may miss; a parser that scans everything again takes seconds.
			assertEquals(best < 1000, true, `took ${best} ms`);
		});
	}
});
