import { describe, it } from "node:test";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { testStream } from "./conformance.ts";
import { bytesOf, join, readFed, readWindowed } from "./stream_outcomes.ts";

describe("StringLineSerializer on a stream", () => {
	for (const [newline, end] of [
		["LF", "\n"],
		["CR", "\r"],
		["CRLF", "\r\n"],
	] as const) {
		describe(`T-SE-15: ${newline}`, () => {
			testStream({
				serializer: new StringLineSerializer({ newline }),
				samples: [
					["grüße 🚢", bytesOf(`grüße 🚢${end}`)],
					["\ufeff\0", bytesOf(`\ufeff\0${end}`)],
				],
				invalid: [join([Uint8Array.of(0xff), bytesOf(end)])],
			});
		});
		describe(`T-SE-15: ${newline}, keepEnd`, () => {
			testStream({
				serializer: new StringLineSerializer({ newline, keepEnd: true, encoding: "latin1" }),
				samples: [
					[`é${end}`, join([Uint8Array.of(0xe9), bytesOf(end)])],
					[end, bytesOf(end)],
				],
				invalid: [],
			});
		});

		it(`T-SE-15: ${newline}: empty lines are packets, and only an empty text is not sent`, () => {
			const line = new StringLineSerializer({ newline });
			assertEquals(line.incrementalSerialize(""), []);
			assertEquals(line.incrementalSerialize(end), [bytesOf(end)]);
			assertEquals(line.incrementalSerialize(`a${end}`), [bytesOf(`a${end}`)]);
			const stream = bytesOf(`a${end}${end}${end}b${end}`);
			assertEquals(
				readFed(line, [stream]),
				["a", "", "", "b"].map((packet) => ({ packet })),
			);
		});

		it(`${newline}: refuses a text of several lines`, () => {
			const line = new StringLineSerializer({ newline });
			for (const text of [`a${end}b`, `${end}a`, `a${end}${end}`]) {
				assertThrows(() => line.incrementalSerialize(text), TypeError, "a newline inside");
			}
		});
	}

	it("T-SE-15: other newlines than its own are text", () => {
		assertEquals(readFed(new StringLineSerializer({ newline: "CRLF" }), [bytesOf("a\nb\rc\r\r\n")]), [
			{ packet: "a\nb\rc\r" },
		]);
	});

	it("refuses packets that are not strings, or not in the encoding", () => {
		const line = new StringLineSerializer({ encoding: "ascii" });
		assertThrows(() => line.incrementalSerialize("é"), TypeError, '"ascii" lacks');
		for (const packet of [undefined, null, 1, ["a"]]) {
			assertThrows(() => line.incrementalSerialize(packet as never), TypeError, "expected a string");
		}
	});

	it("T-SE-11: the limit is in bytes, and a longer line is skipped", () => {
		const line = new StringLineSerializer({ limit: 6 });
		for (const size of [1, 4, 100]) {
			assertEquals(readWindowed(line, bytesOf("漢漢\n漢漢a\nok\n"), size), [
				{ packet: "漢漢" },
				{ error: "LimitOverrunError" },
				{ packet: "ok" },
			]);
		}
		assertThrows(() => new StringLineSerializer({ limit: 0 }), RangeError, '"limit"');
	});
});
