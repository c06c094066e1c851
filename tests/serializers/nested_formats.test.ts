/** MessagePack and CBOR: the formats whose values nest, and that packages write and read. */

import { describe, it } from "node:test";
import * as cbor from "cbor-x";
import fc from "fast-check";
import * as msgpackr from "msgpackr";
import { DeserializeError, LimitOverrunError, StreamProtocolParseError } from "../../src/errors.ts";
import { CborSerializer } from "../../src/serializers/cbor_serializer.ts";
import { MessagePackSerializer } from "../../src/serializers/message_pack_serializer.ts";
import type { NestedLimits, ScannedSerializer } from "../../src/serializers/scanned_serializer.ts";
import type { DataErrorInfo } from "../../src/serializers/serializer_options.ts";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "../support/assert.ts";
import { testOneShot, testStream } from "./conformance.ts";
import { cut, cuts, fromHex, join, readerOf, readFed } from "./stream_outcomes.ts";

interface Format {
	readonly name: string;
	readonly make: (limits?: NestedLimits) => ScannedSerializer<unknown, unknown>;
	/** Values with the bytes that the specification gives, and the package writes. */
	readonly samples: readonly [value: unknown, data: string][];
	/** Values with bytes that are only read. */
	readonly readOnly: readonly [value: unknown, data: string][];
	/** Refused, but their end is known. */
	readonly refused: readonly string[];
	/** Their end cannot be found. */
	readonly malformed: readonly string[];
	/** Cut short, or announcing what is not there. */
	readonly short: readonly string[];
	/** An array that nests so deep. */
	readonly nested: (depth: number) => Uint8Array;
}

// The specification of MessagePack, and what its comparison with JSON shows.
const MESSAGE_PACK: Format = {
	name: "MessagePack",
	make: (limits) => new MessagePackSerializer({ msgpackr, ...limits }),
	samples: [
		[{ compact: true, schema: 0 }, "82 a7636f6d70616374 c3 a6736368656d61 00"],
		[null, "c0"],
		[[false, true], "92 c2 c3"],
		[127, "7f"],
		[-32, "e0"],
		[[128, 65_535, 65_536, 4_294_967_295], "94 cc80 cdffff ce00010000 ceffffffff"],
		[[-33, -129, -32_769], "93 d0df d1ff7f d2ffff7fff"],
		[2n ** 64n - 1n, "cf ffffffffffffffff"],
		[-(2n ** 63n), "d3 8000000000000000"],
		[1.5, "cb 3ff8000000000000"],
		["a".repeat(31), `bf ${"61".repeat(31)}`],
		["a".repeat(32), `d9 20 ${"61".repeat(32)}`],
		["grüße 漢 🚢", "b0 6772c3bcc39f6520e6bca220f09f9aa2"],
		[fromHex("00ff"), "c4 02 00ff"],
		[[], "90"],
		[{}, "80"],
		[new Array(16).fill(1), `dc 0010 ${"01".repeat(16)}`],
	],
	readOnly: [
		[1.5, "ca 3fc00000"],
		["a", "da 0001 61"],
		["a", "db 00000001 61"],
		[fromHex("61"), "c5 0001 61"],
		[fromHex("61"), "c6 00000001 61"],
		[[1], "dd 00000001 01"],
		[{ a: 1 }, "de 0001 a161 01"],
		[{ "1": 2 }, "df 00000001 01 02"],
		[1, "d3 0000000000000001"],
	],
	refused: [
		...["d6ff00000000", "d40000", "c70005", "c8000105 61", "c90000000105 61", "d872 00000000000000000000000000000000"],
		...["a1ff", "81a1ff01", "81 a95f5f70726f746f5f5f 01", "92 81 a95f5f70726f746f5f5f 80 01"],
		...["81 c0 01", "81 9101 02", "81 c40161 01", "81 ca3fc00000 01", "81 d40161 01"],
	],
	malformed: ["c1", "92 01 c1", "81 c1"],
	short: [
		"",
		"91",
		"a2 61",
		"c4",
		"dd ffffffff",
		"df ffffffff",
		"db ffffffff 61",
		"c6 ffffffff",
		"c9 ffffffff 01",
		"81 a161",
		"cb 00",
	],
	nested: (depth) => Uint8Array.from([...new Array(depth - 1).fill(0x91), 0x90]),
};

// RFC 8949, appendix A.
const CBOR: Format = {
	name: "CBOR",
	make: (limits) => new CborSerializer({ cbor, ...limits }),
	samples: [
		[0, "00"],
		[23, "17"],
		[24, "1818"],
		[1000, "1903e8"],
		[1_000_000, "1a000f4240"],
		[18_446_744_073_709_551_615n, "1bffffffffffffffff"],
		[-1, "20"],
		[-100, "3863"],
		[-1000, "3903e7"],
		[1.1, "fb3ff199999999999a"],
		[-4.1, "fbc010666666666666"],
		[false, "f4"],
		[true, "f5"],
		[null, "f6"],
		[undefined, "f7"],
		[fromHex("01020304"), "4401020304"],
		[new Uint8Array(0), "40"],
		["", "60"],
		["IETF", "6449455446"],
		['"\\', "62225c"],
		["ü", "62c3bc"],
		["水", "63e6b0b4"],
		["𐅑", "64f0908591"],
		[[], "80"],
		[[1, [2, 3], [4, 5]], "8301820203820405"],
		[Array.from({ length: 25 }, (_, i) => i + 1), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"],
		[{}, "a0"],
		[{ a: 1, b: [2, 3] }, "a26161016162820203"],
		[["a", { b: "c" }], "826161a161626163"],
	],
	readOnly: [
		[-18_446_744_073_709_551_616n, "3bffffffffffffffff"],
		[1, "f93c00"],
		[65_504, "f97bff"],
		[2 ** -24, "f90001"],
		[100_000, "fa47c35000"],
		[Number.POSITIVE_INFINITY, "f97c00"],
		[Number.NaN, "fa7fc00000"],
		[{ "1": 2, "3": 4 }, "a201020304"],
		[[], "9fff"],
		[[1, [2, 3], [4, 5]], "9f018202039f0405ffff"],
		[{ a: 1, b: [2, 3] }, "bf61610161629f0203ffff"],
		[{ Fun: true, Amt: -2 }, "bf6346756ef563416d7421ff"],
	],
	refused: [
		...[
			"c11a514b67b0",
			"c249010000000000000000",
			"d74401020304",
			"d818456449455446",
			"d82076687474703a2f2f7777772e6578616d706c652e636f6d",
		],
		...["f0", "f8ff", "f818", "61ff", "a161ff01", "a1695f5f70726f746f5f5f01", "82a1695f5f70726f746f5f5fa001"],
		...["a1f601", "a1810102", "a1416101", "a1f93c0001", "a1c10001", "d9dfff80", "d81c80", "d9010280", "d90103a0"],
	],
	malformed: [
		"1c",
		"3d",
		"7e",
		"ff",
		"81ff",
		"bf00ff",
		"5f42010243030405ff",
		"7f657374726561646d696e67ff",
		"df00ff",
		"1f",
		"fc",
	],
	short: [
		"",
		"18",
		"81",
		"9f",
		"bf",
		"61",
		"42 01",
		"9a ffffffff",
		"ba ffffffff",
		"5b ffffffffffffffff",
		"7b 7fffffffffffffff 61",
		"9b ffffffffffffffff",
		"a161",
		"c1",
		"fb00",
	],
	nested: (depth) => Uint8Array.from([...new Array(depth - 1).fill(0x81), 0x80]),
};

for (const { name, make, samples, readOnly, refused, malformed, short, nested } of [MESSAGE_PACK, CBOR]) {
	describe(name, () => {
		const serializer = make();
		const cases = samples.map(([value, data]): [unknown, Uint8Array] => [value, fromHex(data)]);
		testOneShot<unknown>({
			serializer,
			samples: cases,
			invalid: [...refused, ...malformed, ...short].map(fromHex),
			extra: Uint8Array.of(0),
		});
		testStream<unknown>({ serializer, samples: cases, invalid: refused.map(fromHex) });

		it("T-SE-19: reads the other forms of the format, whole and in pieces", () => {
			for (const [value, data] of readOnly) {
				assertEquals(serializer.deserialize(fromHex(data)), value, data);
				assertEquals(
					readFed(
						serializer,
						[...fromHex(data)].map((byte) => Uint8Array.of(byte)),
					),
					[{ packet: value }],
				);
			}
		});

		it("T-SE-19: what is cut short waits for more on a stream, or exceeds its limit at once", () => {
			for (const data of short) {
				const outcomes = readFed(serializer, [fromHex(data)]);
				assert(outcomes.length === 0 || (outcomes[0] as { error: string }).error === "LimitOverrunError", data);
				const announces = /ffffff/.test(data);
				assertStrictEquals(outcomes.length, announces ? 1 : 0, data);
			}
		});

		it("what is malformed is fatal on a stream", () => {
			for (const data of malformed) {
				const reader = readerOf(serializer);
				reader.feed(fromHex(data));
				assertStrictEquals(assertThrows(() => reader.next(), StreamProtocolParseError).fatal, true);
			}
		});

		it("P3: depth and the number of values are limited before anything is decoded", () => {
			serializer.deserialize(nested(64));
			for (const depth of [65, 20_000]) {
				const error = assertThrows(() => serializer.deserialize(nested(depth)), LimitOverrunError);
				assertStrictEquals(error.option, "maxDepth");
			}
			const few = make({ maxNodes: 4 });
			few.deserialize(few.serialize([1, 2, 3]));
			assertThrows(() => few.deserialize(few.serialize([1, 2, 3, 4])), LimitOverrunError, '"maxNodes", 4');
			const many = serializer.serialize(new Array(100_000).fill(0));
			assertThrows(() => serializer.deserialize(many), LimitOverrunError, '"maxNodes", 100000');
		});

		it("T-SE-11: a packet of the limit is read, what announces or holds more is fatal", () => {
			const packet = "a".repeat(20);
			const data = serializer.serialize(packet);
			assertEquals(readFed(make({ limit: data.length }), [data]), [{ packet }]);
			for (const bytes of [data, data.subarray(0, 2)]) {
				const reader = readerOf(make({ limit: data.length - 1 }));
				reader.feed(new Uint8Array(bytes));
				const error = assertThrows(() => reader.next(), StreamProtocolParseError);
				assertInstanceOf(error.error, LimitOverrunError);
				assertStrictEquals(error.fatal, true);
			}
		});

		it("P2: received objects are ordinary, and no prototype is reached", () => {
			const packet = serializer.deserialize(
				serializer.serialize({ constructor: { prototype: { x: 1 } }, toString: 1 }),
			);
			assertStrictEquals(Object.getPrototypeOf(packet), Object.prototype);
			assert(!("x" in {}));
		});

		it("T-SE-13: only with debug an error has errorInfo", () => {
			for (const bad of [refused[0], malformed[0]]) {
				const data = fromHex(bad as string);
				const error = assertThrows(() => make({ debug: true }).deserialize(data), DeserializeError);
				assertEquals((error.errorInfo as DataErrorInfo).data, data);
				assertStrictEquals(assertThrows(() => serializer.deserialize(data), DeserializeError).errorInfo, undefined);
			}
		});

		it("refuses to send what the package cannot write", () => {
			const cycle: unknown[] = [];
			cycle.push(cycle);
			assertThrows(() => serializer.serialize(cycle), TypeError, `Cannot encode the packet in ${name}`);
		});

		it("checks its limits", () => {
			for (const option of ["limit", "maxDepth", "maxNodes"]) {
				for (const value of [0, 1.5]) assertThrows(() => make({ [option]: value }), RangeError, `"${option}"`);
			}
			assertThrows(() => make({ maxDepth: 1001 }), RangeError, '"maxDepth"');
		});

		it("property: any value makes the trip, one-shot and in any pieces", () => {
			const value = fc.anything({
				maxDepth: 4,
				key: fc.string().filter((key) => key !== "__proto__"),
				values: [
					fc.integer(),
					fc.double().filter((n) => !Object.is(n, -0)),
					fc.boolean(),
					fc.constant(null),
					fc.string(),
					fc.uint8Array({ maxLength: 20 }),
				],
				withNullPrototype: false,
			});
			const bytesOnly = (one: unknown): boolean => !(one instanceof Uint8Array) || one.constructor === Uint8Array;
			fc.assert(
				fc.property(fc.array(value.filter(bytesOnly), { maxLength: 4 }), cuts, (packets, places) => {
					const stream = join(packets.flatMap((packet) => serializer.incrementalSerialize(packet)));
					assertEquals(
						readFed(serializer, cut(stream, places)),
						packets.map((packet) => ({ packet })),
					);
				}),
				{ numRuns: 150 },
			);
		});

		it("S10: 64 KiB byte by byte are scanned once", () => {
			const packet = Array.from({ length: 15_000 }, (_, i) => i);
			const bytes = Array.from(serializer.serialize(packet), (byte) => Uint8Array.of(byte));
			const once = (): number => {
				const reader = readerOf(serializer);
				let received: unknown;
				const before = performance.now();
				for (const byte of bytes) {
					reader.feed(byte);
					received = reader.next();
				}
				const taken = performance.now() - before;
				assertEquals(received, packet);
				return taken;
			};
			const best = Math.min(once(), once(), once());
			assert(best < 1000, `took ${best} ms`);
		});
	});
}

describe("extensions", () => {
	it("T-SE-19: MessagePack dates are received if their type is allowed", () => {
		const date = new Date(1_700_000_000_000);
		const dates = new MessagePackSerializer({ msgpackr, extensionTypes: [-1] });
		assertEquals(dates.deserialize(dates.serialize({ date })), { date });
		assertThrows(
			() => MESSAGE_PACK.make().deserialize(dates.serialize(date)),
			DeserializeError,
			"the extension type -1",
		);
	});

	it("T-SE-19: CBOR tags are received if they are allowed", () => {
		const tagged = new CborSerializer({ cbor, tags: [1, 2, 258, 259] });
		for (const value of [new Date(1_700_000_000_000), 2n ** 70n, new Set([1]), new Map([["a", 1]])]) {
			assertEquals<unknown>(tagged.deserialize(tagged.serialize(value)), value);
			assertThrows(() => CBOR.make().deserialize(tagged.serialize(value)), DeserializeError, 'is not in "tags"');
		}
	});

	it("a missing package, and wrong lists, are named", () => {
		for (const bad of [undefined, {}, { Packr: 1 }]) {
			assertThrows(() => new MessagePackSerializer({ msgpackr: bad as never }), TypeError, 'the package "msgpackr"');
			assertThrows(() => new CborSerializer({ cbor: bad as never }), TypeError, 'the package "cbor-x"');
		}
		assertThrows(() => new MessagePackSerializer({ msgpackr, extensionTypes: [1.5] }), TypeError, '"extensionTypes"');
		assertThrows(() => new CborSerializer({ cbor, tags: "1" as never }), TypeError, '"tags"');
	});
});
