import { describe, it } from "node:test";
import fc from "fast-check";
import { DeserializeError } from "../../src/errors.ts";
import {
	type Newline,
	type StringLineErrorInfo,
	StringLineSerializer,
} from "../../src/serializers/string_line_serializer.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const NEWLINES: [Newline, string][] = [
	["LF", "\n"],
	["CR", "\r"],
	["CRLF", "\r\n"],
];

describe("StringLineSerializer", () => {
	it("T-SE-01: the text is its bytes in each encoding, UTF-8 by default", () => {
		const line = new StringLineSerializer();
		assertEquals(line.serialize("grüße 🚢"), bytes("grüße 🚢"));
		assertStrictEquals(line.deserialize(bytes("grüße 🚢")), "grüße 🚢");
		const latin1 = new StringLineSerializer({ encoding: "latin1" });
		assertEquals(latin1.serialize("é\x80"), Uint8Array.of(0xe9, 0x80));
		assertStrictEquals(latin1.deserialize(Uint8Array.of(0xe9, 0x80)), "é\x80");
		const ascii = new StringLineSerializer({ encoding: "ascii" });
		assertEquals(ascii.serialize("PING"), bytes("PING"));
		assertStrictEquals(ascii.deserialize(bytes("PING")), "PING");
	});

	it("T-SE-02, T-SE-15: data that is not text in the encoding is a DeserializeError", () => {
		const utf8 = new StringLineSerializer();
		const ascii = new StringLineSerializer({ encoding: "ascii" });
		for (const data of [[0xff], [0x41, 0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
			assertThrows(() => utf8.deserialize(Uint8Array.from(data)), DeserializeError, 'not "utf-8" text');
			assertThrows(() => ascii.deserialize(Uint8Array.from(data)), DeserializeError, 'not "ascii" text');
		}
		assertThrows(() => ascii.deserialize(bytes("é")), DeserializeError);
	});

	it("T-SE-13: only with debug an error has errorInfo", () => {
		const data = Uint8Array.of(0x41, 0xff);
		const error = assertThrows(() => new StringLineSerializer({ debug: true }).deserialize(data), DeserializeError);
		data[0] = 0;
		assertEquals((error.errorInfo as StringLineErrorInfo).data, Uint8Array.of(0x41, 0xff));
		const plain = assertThrows(() => new StringLineSerializer().deserialize(data), DeserializeError);
		assertStrictEquals(plain.errorInfo, undefined);
	});

	for (const [newline, sequence] of NEWLINES) {
		it(`T-SE-15: ${newline}: none is added, all at the end are taken off, those in between stay`, () => {
			const line = new StringLineSerializer({ newline });
			const keeping = new StringLineSerializer({ newline, keepEnd: true });
			assertEquals(line.serialize("a"), bytes("a"));
			assertEquals(line.serialize(`a${sequence}`), bytes(`a${sequence}`));
			for (const text of ["", "a", `a${sequence}${sequence}b`, `${sequence}a`]) {
				for (const end of ["", sequence, sequence.repeat(3)]) {
					assertStrictEquals(line.deserialize(bytes(text + end)), text);
					assertStrictEquals(keeping.deserialize(bytes(text + end)), text + end);
				}
			}
		});
	}

	it("T-SE-15: other newlines than its own are text", () => {
		assertStrictEquals(new StringLineSerializer({ newline: "LF" }).deserialize(bytes("a\r\n")), "a\r");
		assertStrictEquals(new StringLineSerializer({ newline: "CR" }).deserialize(bytes("a\r\n")), "a\r\n");
		assertStrictEquals(new StringLineSerializer({ newline: "CRLF" }).deserialize(bytes("a\n\r\r\n\r\n")), "a\n\r");
	});

	it("T-SE-15: an empty packet is no bytes, and back", () => {
		const line = new StringLineSerializer();
		assertStrictEquals(line.serialize("").length, 0);
		assertStrictEquals(line.deserialize(new Uint8Array(0)), "");
	});

	it("P6: a byte order mark is text", () => {
		assertStrictEquals(new StringLineSerializer().deserialize(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), "\ufeffA");
	});

	it("refuses packets that are not strings, or not in the encoding", () => {
		const line = new StringLineSerializer();
		for (const packet of [undefined, null, 1, ["a"], new String("a"), bytes("a")]) {
			assertThrows(() => line.serialize(packet as never), TypeError, "expected a string");
		}
		assertThrows(() => line.serialize("\ud800"), TypeError, '"utf-8" lacks');
		assertThrows(() => new StringLineSerializer({ encoding: "ascii" }).serialize("é"), TypeError, '"ascii" lacks');
		assertThrows(() => new StringLineSerializer({ encoding: "latin1" }).serialize("漢"), TypeError, '"latin1" lacks');
	});

	it("checks its options", () => {
		for (const name of ["\n", "toString", "lf"]) {
			assertThrows(() => new StringLineSerializer({ newline: name as never }), TypeError, `"${name}" as "newline"`);
		}
		for (const name of ["utf8", "constructor"]) {
			assertThrows(() => new StringLineSerializer({ encoding: name as never }), TypeError, `"${name}" as "encoding"`);
		}
	});

	it("property: with keepEnd every string makes the round trip; without it, all but its newlines at the end", () => {
		const unit = fc.constantFrom("\n", "\r", "a", "é", "漢", "🚢", "\0", "\ufeff");
		fc.assert(
			fc.property(fc.string({ unit }), fc.constantFrom(...NEWLINES), (text, [newline, sequence]) => {
				const keeping = new StringLineSerializer({ newline, keepEnd: true });
				assertStrictEquals(keeping.deserialize(keeping.serialize(text)), text);
				const line = new StringLineSerializer({ newline });
				const packet = line.deserialize(line.serialize(text));
				assertStrictEquals(packet + sequence.repeat((text.length - packet.length) / sequence.length), text);
				assertStrictEquals(packet.endsWith(sequence), false);
			}),
			{ numRuns: 300 },
		);
	});

	it("T-SE-02 property: random bytes are text or a DeserializeError", () => {
		fc.assert(
			fc.property(fc.uint8Array(), fc.constantFrom("utf-8" as const, "ascii" as const), (data, encoding) => {
				const line = new StringLineSerializer({ encoding, keepEnd: true });
				try {
					assertEquals(line.serialize(line.deserialize(data)), data);
				} catch (error) {
					if (!(error instanceof DeserializeError)) throw error;
				}
			}),
			{ numRuns: 300 },
		);
	});
});
