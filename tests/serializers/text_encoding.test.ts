import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeUtf8, TEXT_CODECS } from "../../src/serializers/text_encoding.ts";
import { assertEquals, assertStrictEquals } from "../support/assert.ts";

const LIMITS = { ascii: 0x7f, latin1: 0xff } as const;
const anyString = fc.string({
	unit: fc.oneof(fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))),
});

describe("text encodings", () => {
	it("P6 property: UTF-8 is decoded as by a fatal TextDecoder that keeps byte order marks", () => {
		const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
		const pieces = fc.constantFrom<number[]>(
			...[[0x41], [0xc3, 0xa9], [0xef, 0xbf, 0xbd], [0xef, 0xbb, 0xbf], [0xf0, 0x9f, 0x9a, 0xa2], [0xed, 0xa0, 0x80]],
			...[[0xc0, 0x80], [0xe6], [0x80], [0xff], [0xf4, 0x90, 0x80, 0x80], [0xf0, 0x9f]],
		);
		const data = fc.oneof(
			fc.uint8Array({ maxLength: 12 }),
			fc.array(pieces, { maxLength: 4 }).map((list) => Uint8Array.from(list.flat())),
		);
		fc.assert(
			fc.property(data, (bytes) => {
				let expected: string | undefined;
				try {
					expected = fatal.decode(bytes);
				} catch {}
				assertStrictEquals(decodeUtf8(bytes), expected);
			}),
			{ numRuns: 1000 },
		);
	});

	it("property: UTF-8 encodes every well-formed string and nothing else", () => {
		fc.assert(
			fc.property(anyString, (text) => {
				const data = TEXT_CODECS["utf-8"].encode(text);
				if (text.isWellFormed()) assertEquals(data, new TextEncoder().encode(text));
				else assertStrictEquals(data, undefined);
			}),
		);
	});

	for (const name of ["ascii", "latin1"] as const) {
		it(`every byte up to ${LIMITS[name]} is its own code point in ${name}, and no other is valid`, () => {
			for (let byte = 0; byte <= 0xff; byte++) {
				const valid = byte <= LIMITS[name];
				const char = String.fromCharCode(byte);
				assertStrictEquals(TEXT_CODECS[name].decode(Uint8Array.of(0x41, byte)), valid ? `A${char}` : undefined);
				assertEquals(TEXT_CODECS[name].encode(`A${char}`), valid ? Uint8Array.of(0x41, byte) : undefined);
			}
			for (const char of ["Ā", "漢", "🚢", "\ud800", "\udfff"]) {
				assertStrictEquals(TEXT_CODECS[name].encode(char), undefined);
			}
		});

		it(`${name} of valid UTF-8 beyond ASCII, and of large data`, () => {
			const utf8 = new TextEncoder().encode("é漢");
			const expected = name === "ascii" ? undefined : String.fromCharCode(...utf8);
			assertStrictEquals(TEXT_CODECS[name].decode(utf8), expected);
			const large = new Uint8Array(65_507).map((_, i) => i & LIMITS[name]);
			const text = TEXT_CODECS[name].decode(large) ?? "";
			assertStrictEquals(text.length, large.length);
			assertEquals(TEXT_CODECS[name].encode(text), large);
		});
	}
});
