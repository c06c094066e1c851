import { describe, it } from "node:test";
import { DeserializeError } from "../../src/errors.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";

/** The outcome is part of the corpus, so every runtime that passes has the same. */
const ERROR = Symbol("DeserializeError");
type Case = [name: string, data: string | number[], outcome: unknown];

const quoted = (...inner: number[]): number[] => [0x22, ...inner, 0x22];

const CORPUS: Case[] = [
	// Invalid UTF-8.
	["a continuation byte alone", quoted(0x80), ERROR],
	["a sequence cut short", quoted(0xe6, 0xbc), ERROR],
	["a sequence cut by the end of the data", [0x22, 0xf0, 0x9f, 0x9a], ERROR],
	["an overlong slash", quoted(0xc0, 0xaf), ERROR],
	["an overlong NUL", quoted(0xc0, 0x80), ERROR],
	["a surrogate as three bytes", quoted(0xed, 0xa0, 0x80), ERROR],
	["a surrogate pair as six bytes (CESU-8)", quoted(0xed, 0xa0, 0xbd, 0xed, 0xba, 0xa2), ERROR],
	["a code point above U+10FFFF", quoted(0xf4, 0x90, 0x80, 0x80), ERROR],
	["the byte FF", quoted(0xff), ERROR],
	["latin-1", quoted(0xe9), ERROR],
	["UTF-16", [0x31, 0x00], ERROR],
	["UTF-16 with a byte order mark", [0xff, 0xfe, 0x31, 0x00], ERROR],
	// Valid UTF-8 at the edges.
	["the replacement character itself", quoted(0xef, 0xbf, 0xbd), "\ufffd"],
	["U+FFFE and U+FFFF", quoted(0xef, 0xbf, 0xbe, 0xef, 0xbf, 0xbf), "\ufffe\uffff"],
	["the last code point", quoted(0xf4, 0x8f, 0xbf, 0xbf), "\u{10ffff}"],
	["U+2028 and U+2029 in a string", '"\u2028\u2029"', "\u2028\u2029"],
	["DEL in a string", '"\x7f"', "\x7f"],
	// Byte order mark.
	["a byte order mark first", [0xef, 0xbb, 0xbf, 0x31], ERROR],
	["a byte order mark alone", [0xef, 0xbb, 0xbf], ERROR],
	["a byte order mark in a string", quoted(0xef, 0xbb, 0xbf), "\ufeff"],
	// Surrogates in escapes.
	["a lone high surrogate", '"\\ud800"', "\ud800"],
	["a lone low surrogate", '"\\uDFFF"', "\udfff"],
	["surrogates the wrong way round", '"\\udc00\\ud800"', "\udc00\ud800"],
	["an escaped pair", '"\\ud83d\\udea2"', "🚢"],
	["an escaped NUL", '"\\u0000"', "\0"],
	["every short escape", '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
	["an unknown escape", '"\\v"', ERROR],
	["an octal escape", '"\\0"', ERROR],
	["a code point escape", '"\\u{41}"', ERROR],
	["a short unicode escape", '"\\u041"', ERROR],
	["a control character in a string", '"\x1f"', ERROR],
	["a newline in a string", '"\n"', ERROR],
	// Numbers.
	["a number beyond the doubles", "1e309", Number.POSITIVE_INFINITY],
	["a negative one", "-1e309", Number.NEGATIVE_INFINITY],
	["the largest double", "1.7976931348623157e308", Number.MAX_VALUE],
	["the smallest double", "5e-324", 5e-324],
	["a number below the doubles", "1e-400", 0],
	["negative zero", "-0", -0],
	["zero with an exponent", "0E+00", 0],
	["2^53 + 1", "9007199254740993", 9007199254740992],
	["a 400-digit integer", "9".repeat(400), Number.POSITIVE_INFINITY],
	["a 40-digit integer", "1234567890123456789012345678901234567890", 1.2345678901234568e39],
	["a long fraction", `0.1${"0".repeat(500)}1`, 0.1],
	["half way between two doubles", "1.00000000000000011102230246251565", 1],
	["a huge exponent", `1e${"9".repeat(100)}`, Number.POSITIVE_INFINITY],
	["a huge negative exponent", `1e-${"9".repeat(100)}`, 0],
	["a leading zero", "00", ERROR],
	["a leading zero after the sign", "-01", ERROR],
	["no digit before the point", ".5", ERROR],
	["no digit after the point", "1.e1", ERROR],
	["no digit in the exponent", "1e", ERROR],
	["a plus sign", "+1", ERROR],
	["a minus sign alone", "-", ERROR],
	["hexadecimal", "0x10", ERROR],
	["a BigInt", "1n", ERROR],
	["a separator", "1_000", ERROR],
	["NaN", "NaN", ERROR],
	["Infinity", "-Infinity", ERROR],
	["full-width digits", "１", ERROR],
	// Keys.
	["duplicate keys", '{"a":1,"a":2}', { a: 2 }],
	["duplicate keys in two spellings", '{"a":1,"\\u0061":[2]}', { a: [2] }],
	["three of them, between others", '{"a":1,"b":2,"a":3,"c":4,"a":null}', { a: null, b: 2, c: 4 }],
	["an empty key", '{"":0}', { "": 0 }],
	["integer keys", '{"2":1,"1":2,"4294967295":3,"-1":4}', { "1": 2, "2": 1, "4294967295": 3, "-1": 4 }],
	["names of methods", '{"toString":1,"hasOwnProperty":2,"toJSON":3}', { toString: 1, hasOwnProperty: 2, toJSON: 3 }],
	["a constructor", '{"constructor":"x"}', { constructor: "x" }],
	["__proto__", '{"__proto__":1}', ERROR],
	["__proto__ escaped", '{"\\u005F_proto_\\u005f":1}', ERROR],
	["a duplicate __proto__", '{"__proto__":1,"__proto__":2}', ERROR],
	["__proto__ under a duplicate key, overwritten", '{"a":{"__proto__":1},"a":2}', { a: 2 }],
	["constructor.prototype", '{"constructor":{"prototype":1}}', ERROR],
	["a key without quotes", "{a:1}", ERROR],
	["a key in single quotes", "{'a':1}", ERROR],
	["a number as a key", "{1:1}", ERROR],
	// Structure.
	["no data", "", ERROR],
	["white space alone", " \t\r\n", ERROR],
	["form feed as white space", "\f1", ERROR],
	["no-break space", "\u00a01", ERROR],
	["a NUL at the end", "1\0", ERROR],
	["two documents", "{}{}", ERROR],
	["two lines", "1\n2", ERROR],
	["a trailing comma", "[1,]", ERROR],
	["a hole", "[1,,2]", ERROR],
	["a comment", "/**/1", ERROR],
	["True", "True", ERROR],
	["mismatched brackets", "[}", ERROR],
	["64 levels", "[".repeat(64) + "]".repeat(64), JSON.parse("[".repeat(64) + "]".repeat(64))],
	["65 levels", "[".repeat(65) + "]".repeat(65), ERROR],
	["100 closing brackets", "]".repeat(100), ERROR],
];

describe("P6: the golden corpus of JSON", () => {
	const json = new JsonSerializer();
	for (const [name, source, outcome] of CORPUS) {
		it(name, () => {
			const data = typeof source === "string" ? new TextEncoder().encode(source) : Uint8Array.from(source);
			if (outcome === ERROR) {
				assertThrows(() => json.deserialize(data), DeserializeError);
			} else if (typeof outcome === "object") {
				const packet = json.deserialize(data);
				assertEquals(packet, outcome);
				assertStrictEquals(JSON.stringify(packet), JSON.stringify(outcome), "the order of the keys");
			} else {
				assertStrictEquals(json.deserialize(data), outcome);
			}
		});
	}
});
