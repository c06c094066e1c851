import { describe, it } from "node:test";
import fc from "fast-check";
import { DeserializeError } from "../../src/errors.ts";
import {
	type JsonErrorInfo,
	JsonSerializer,
	type JsonSerializerOptions,
} from "../../src/serializers/json_serializer.ts";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "../support/assert.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
const json = new JsonSerializer();

const SAMPLES: [packet: unknown, reference: string][] = [
	[{ a: 1, b: [1, 2] }, '{"a":1,"b":[1,2]}'],
	[{ a: { b: { c: {} } } }, '{"a":{"b":{"c":{}}}}'],
	['quote " backslash \\ end \\', '"quote \\" backslash \\\\ end \\\\"'],
	["grüße 漢 🚢", '"grüße 漢 🚢"'],
	["\ud800", '"\\ud800"'],
	[-12.5e-3, "-0.0125"],
	[true, "true"],
	[null, "null"],
	["", '""'],
	[[], "[]"],
];

const INVALID = [
	...[
		"",
		" ",
		"{",
		"[1,",
		'"open',
		"tru",
		"01",
		"1.",
		"+1",
		"NaN",
		"undefined",
		"{a:1}",
		"{'a':1}",
		"[1,]",
		'{"a":1,}',
	],
	...['"\t"', '"\\x41"', '"\\u12"', "// comment\n1", "\u00a01", "[1 2]", '{"a" 1}'],
];

describe("JsonSerializer", () => {
	it("T-SE-01: serialize gives the reference bytes, deserialize the packet", () => {
		for (const [packet, reference] of SAMPLES) {
			assertEquals(text(json.serialize(packet)), reference);
			assertEquals(json.deserialize(bytes(reference)), packet);
		}
	});

	it("T-SE-02: invalid documents are DeserializeErrors", () => {
		for (const document of INVALID) {
			const error = assertThrows(() => json.deserialize(bytes(document)), DeserializeError, "Cannot decode JSON: ");
			assertInstanceOf(error.cause, SyntaxError);
		}
	});

	it("T-SE-03: bytes behind the document are DeserializeErrors", () => {
		for (const [, reference] of SAMPLES) {
			for (const extra of ["x", "{}", "\0", '"', "]"]) {
				assertThrows(() => json.deserialize(bytes(reference + extra)), DeserializeError);
			}
		}
	});

	it("T-SE-13: only with debug an error has errorInfo", () => {
		const debug = new JsonSerializer({ debug: true, maxDepth: 1 });
		const plain = new JsonSerializer({ maxDepth: 1 });
		const broken: Uint8Array[] = [
			bytes('{"a":1 x'),
			bytes("[[]]"),
			bytes('{"__proto__":1}'),
			Uint8Array.of(0x22, 0xff, 0x22),
		];
		for (const data of broken) {
			const error = assertThrows(() => debug.deserialize(data), DeserializeError);
			const info = error.errorInfo as JsonErrorInfo;
			assertEquals(info.data, data);
			assert(info.data.buffer !== data.buffer, "the bytes are not copied");
			assertStrictEquals(info.document, data.includes(0xff) ? undefined : text(data));
			assertStrictEquals(assertThrows(() => plain.deserialize(data), DeserializeError).errorInfo, undefined);
		}
	});

	it("T-SE-13: errorInfo has the position if the runtime's message tells it", () => {
		const debug = new JsonSerializer({ debug: true });
		const error = assertThrows(() => debug.deserialize(bytes('{"a":1 x')), DeserializeError);
		const { position } = error.errorInfo as JsonErrorInfo;
		assertStrictEquals(position, error.message.includes("position") ? 7 : undefined);
		const quoting = assertThrows(() => debug.deserialize(bytes("at position 3")), DeserializeError);
		const told = (quoting.errorInfo as JsonErrorInfo).position;
		assert(told !== 3, "a position was read out of the document");
	});

	it("T-SE-14: white space around a document is skipped, other characters are not", () => {
		assertEquals(json.deserialize(bytes(' \t\r\n{"a" : [ 1 , 2 ] }\n\r\t ')), { a: [1, 2] });
		assertEquals(json.deserialize(bytes("12\n")), 12);
		for (const space of ["\v", "\f", "\u2028", "\ufeff", "\0"]) {
			assertThrows(() => json.deserialize(bytes(`${space}1`)), DeserializeError);
			assertThrows(() => json.deserialize(bytes(`1${space}`)), DeserializeError);
		}
	});

	it("T-SE-14: a document cut at any byte is a DeserializeError", () => {
		const document = bytes('{"a\\"b":["\\\\","漢🚢",{"c":{}}]}');
		json.deserialize(document);
		for (let end = 0; end < document.length; end++) {
			assertThrows(() => json.deserialize(document.subarray(0, end)), DeserializeError);
		}
	});

	it("reads a view into a larger buffer", () => {
		assertEquals(json.deserialize(bytes('xx{"a":1}xx').subarray(2, 9)), { a: 1 });
	});

	it("refuses packets that JSON cannot represent", () => {
		const cycle: { self?: unknown } = {};
		cycle.self = cycle;
		const impossible: unknown[] = [undefined, () => {}, Symbol("s"), 1n, { big: 1n }, cycle];
		for (const packet of impossible) {
			assertThrows(() => json.serialize(packet), TypeError, "Cannot represent the packet in JSON: ");
		}
		assertThrows(() => json.serialize(undefined), TypeError, "a value of type undefined has no JSON text");
	});

	it("passes on what a packet's toJSON throws", () => {
		const error = new RangeError("mine");
		const packet = {
			toJSON() {
				throw error;
			},
		};
		assertStrictEquals(
			assertThrows(() => json.serialize(packet)),
			error,
		);
	});

	it("calls the replacer and the reviver", () => {
		const bigints = new JsonSerializer<unknown>({
			replacer: (_key, value) => (typeof value === "bigint" ? `${value}n` : value),
			reviver: (_key, value) => (typeof value === "string" && value.endsWith("n") ? BigInt(value.slice(0, -1)) : value),
		});
		assertEquals(text(bigints.serialize({ a: [1n] })), '{"a":["1n"]}');
		assertEquals(bigints.deserialize(bytes('{"a":["12n"]}')), { a: [12n] });
		assertThrows(() => bigints.deserialize(bytes('["xn"]')), DeserializeError);
	});

	it("passes on what a reviver throws, unless it is a SyntaxError", () => {
		for (const error of [new RangeError("mine"), new DeserializeError("mine too")]) {
			const serializer = new JsonSerializer({
				reviver() {
					throw error;
				},
			});
			assertStrictEquals(
				assertThrows(() => serializer.deserialize(bytes("1"))),
				error,
			);
		}
	});

	it("checks its options", () => {
		for (const maxDepth of [0, -1, 1.5, 1001, Number.NaN, Number.POSITIVE_INFINITY, "64" as never]) {
			assertThrows(() => new JsonSerializer({ maxDepth }), RangeError, '"maxDepth"');
		}
		const wrong: JsonSerializerOptions[] = [
			{ onProtoKey: "drop" as never },
			{ replacer: ["a"] as never },
			{ reviver: {} as never },
		];
		for (const options of wrong) {
			assertThrows(() => new JsonSerializer(options), TypeError, `"${Object.keys(options)[0]}"`);
		}
	});

	it("property: whatever JSON holds makes the round trip", () => {
		fc.assert(
			fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
				const expected = JSON.parse(JSON.stringify(value));
				assertEquals(new JsonSerializer({ onProtoKey: "ignore" }).deserialize(json.serialize(value)), expected);
			}),
		);
	});

	it("property: random bytes and mutated documents are packets or DeserializeErrors, as JSON.parse has it", () => {
		const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
		const mutated = fc
			.tuple(fc.json(), fc.nat(), fc.integer({ min: 0, max: 255 }))
			.map(([document, index, byte]) => bytes(document).with(index % bytes(document).length, byte));
		fc.assert(
			fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), mutated), (data) => {
				let expected: unknown;
				let valid = true;
				try {
					expected = JSON.parse(strict.decode(data));
				} catch {
					valid = false;
				}
				const serializer = new JsonSerializer({ onProtoKey: "ignore" });
				if (valid) assertEquals(serializer.deserialize(data), expected);
				else assertThrows(() => serializer.deserialize(data), DeserializeError);
			}),
			{ numRuns: 1000 },
		);
	});
});
