import { describe, it } from "node:test";
import fc from "fast-check";
import { StreamProtocolParseError } from "../../src/errors.ts";
import { type JsonErrorInfo, JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";
import { testStream } from "./conformance.ts";
import { bytesOf, cut, cuts, drain, join, readerOf, readFed, readWindowed } from "./stream_outcomes.ts";

// Reference bytes: python3 -c 'import json;[print(json.dumps(p,separators=(",",":"),ensure_ascii=False)) for p in
// ({"a":1,"b":[1,2]},{"a":{"b":{}}},"quote \" end \\","grüße 🚢",-0.0125,True,None,[])]'
const DOCUMENTS: [unknown, string][] = [
	[{ a: 1, b: [1, 2] }, '{"a":1,"b":[1,2]}'],
	[{ a: { b: {} } }, '{"a":{"b":{}}}'],
	['quote " end \\', '"quote \\" end \\\\"'],
	["grüße 🚢", '"grüße 🚢"'],
	[-0.0125, "-0.0125"],
	[true, "true"],
	[null, "null"],
	[[], "[]"],
	[["]}[{", { '"': "\\" }], '["]}[{",{"\\"":"\\\\"}]'],
];
const ends = (text: string): boolean => /^[[{"]/.test(text);

describe("JsonSerializer on a stream", () => {
	describe("in lines", () => {
		testStream<unknown>({
			serializer: new JsonSerializer(),
			samples: DOCUMENTS.map(([packet, text]) => [packet, bytesOf(`${text}\n`)]),
			invalid: [
				bytesOf("{\n"),
				bytesOf("\n"),
				bytesOf("1 2\n"),
				bytesOf('{"__proto__":1}\n'),
				Uint8Array.of(0x22, 0xff, 0x22, 0x0a),
				bytesOf(`${"[".repeat(65)}\n`),
			],
		});
	});

	describe("T-SE-14: by frames", () => {
		testStream<unknown>({
			serializer: new JsonSerializer({ useLines: false }),
			samples: DOCUMENTS.map(([packet, text]) => [packet, bytesOf(ends(text) ? text : `${text}\n`)]),
			invalid: [
				bytesOf("[}"),
				bytesOf('{"a"}'),
				bytesOf("x\n"),
				bytesOf("}\n"),
				bytesOf('1{"a":2}\n'),
				bytesOf('"\t"'),
				bytesOf('{"__proto__":1}'),
				Uint8Array.of(0x22, 0xff, 0x22),
				Uint8Array.of(0xef, 0xbb, 0xbf, 0x20),
				bytesOf("[".repeat(65) + "]".repeat(65)),
			],
		});
	});

	it("T-SE-14: white space around and inside documents, any line ends", () => {
		const text = ' \r\n{ "a" :\n [1 ,\t2] }\n\n  3  "x"  [ ] true\r\n\tnull ';
		const outcomes = [{ a: [1, 2] }, 3, "x", [], true, null].map((packet) => ({ packet }));
		const serializer = new JsonSerializer({ useLines: false });
		assertEquals(readFed(serializer, [bytesOf(text)]), outcomes);
		for (let size = 1; size < 9; size++) assertEquals(readWindowed(serializer, bytesOf(text), size), outcomes);
		const lines = bytesOf(' { "a" : 1 } \r\n 2\r\n');
		assertEquals(readFed(new JsonSerializer(), [lines]), [{ packet: { a: 1 } }, { packet: 2 }]);
	});

	it("T-SE-14 property: any documents, however written and split, are those that JSON.parse reads", () => {
		fc.assert(
			fc.property(fc.array(fc.json()), fc.constantFrom(0, 1, 2), cuts, (texts, indent, places) => {
				const documents = texts
					.map((text) => JSON.parse(text))
					.filter((one) => !JSON.stringify(one).includes("__proto__"));
				const written = documents.map((one) => JSON.stringify(one, null, indent));
				const stream = bytesOf(written.map((one) => `${one}\n`).join(""));
				const outcomes = written.map((one) => ({ packet: JSON.parse(one) }));
				assertEquals(readFed(new JsonSerializer({ useLines: false }), cut(stream, places)), outcomes);
				if (indent === 0) assertEquals(readFed(new JsonSerializer(), cut(stream, places)), outcomes);
			}),
			{ numRuns: 200 },
		);
	});

	it("T-SE-11: a document of the limit is read, a larger one is skipped to its end, in either form", () => {
		const array = (length: number): string => `[${"1".repeat(length - 2)}]`;
		const string = (length: number): string => `"${"[".repeat(length - 2)}"`;
		for (const useLines of [true, false]) {
			const serializer = new JsonSerializer({ useLines, limit: 12 });
			for (const make of [array, string]) {
				const stream = bytesOf([make(12), make(13), "[1]", make(40), '"]"'].map((one) => `${one}\n`).join(""));
				const overrun = { error: "LimitOverrunError" };
				const outcomes = [{ packet: JSON.parse(make(12)) }, overrun, { packet: [1] }, overrun, { packet: "]" }];
				for (const size of [1, 3, 5, 1000]) assertEquals(readWindowed(serializer, stream, size), outcomes);
			}
		}
		const frames = new JsonSerializer({ useLines: false, limit: 4 });
		assertEquals(readFed(frames, [bytesOf("12345 "), bytesOf("1234 ")]), [
			{ error: "LimitOverrunError" },
			{ packet: 1234 },
		]);
		const reader = readerOf(frames);
		for (const chunk of ["[[[[[", '"[[', "]]]]\\", '"]]]"', "]]]", "]", "]"]) {
			reader.feed(bytesOf(chunk));
			drain(reader);
			assertStrictEquals(reader.bufferedBytes, 0);
		}
		reader.feed(bytesOf("[7]"));
		assertEquals(drain(reader), [{ packet: [7] }]);
	});

	it("the stream that ends inside a document is told from one that ends behind it", () => {
		const cases: [boolean, string, unknown[]][] = [
			[true, "1", [{ error: "IncompletePacketError" }]],
			[true, "1\n", [{ packet: 1 }]],
			[false, "12", [{ error: "IncompletePacketError" }]],
			[false, "[1]\r\n ", [{ packet: [1] }]],
			[false, "[1] [", [{ packet: [1] }, { error: "IncompletePacketError" }]],
		];
		for (const [useLines, text, outcomes] of cases) {
			const reader = readerOf(new JsonSerializer({ useLines }));
			reader.feed(bytesOf(text));
			const before = drain(reader);
			reader.end();
			assertEquals<unknown>([...before, ...drain(reader)], outcomes);
		}
	});

	it("T-SE-13: with debug the error of a document on a stream has errorInfo of it alone", () => {
		for (const useLines of [true, false]) {
			const reader = readerOf(new JsonSerializer({ useLines, debug: true }));
			reader.feed(bytesOf("[1,]\n[2]\n"));
			const error = assertThrows(() => reader.next(), StreamProtocolParseError);
			assertStrictEquals((error.error.errorInfo as JsonErrorInfo).document, "[1,]");
		}
	});

	it("S10: 64 KiB byte by byte are scanned once", () => {
		for (const useLines of [true, false]) {
			const serializer = new JsonSerializer<string>({ useLines, limit: 70_000 });
			const text = '\\"]'.repeat(13_000);
			const bytes = Array.from(join(serializer.incrementalSerialize(text)), (byte) => Uint8Array.of(byte));
			const before = performance.now();
			const reader = readerOf(serializer);
			let packet: unknown;
			for (const byte of bytes) {
				reader.feed(byte);
				packet = reader.next();
			}
			assertStrictEquals(packet, text);
			const taken = performance.now() - before;
			assertEquals(taken < 1000, true, `took ${taken} ms`);
		}
	});

	it("checks its limit", () => {
		assertThrows(() => new JsonSerializer({ limit: 0 }), RangeError, '"limit"');
	});
});
