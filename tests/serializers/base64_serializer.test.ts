import { describe, it } from "node:test";
import fc from "fast-check";
import { DeserializeError } from "../../src/errors.ts";
import { Base64Codec } from "../../src/serializers/base64.ts";
import { Base64Serializer, type Base64SerializerOptions } from "../../src/serializers/base64_serializer.ts";
import { BytesSerializer } from "../../src/serializers/bytes_serializer.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import type { DataErrorInfo } from "../../src/serializers/serializer_options.ts";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";
import { testOneShot, testStream } from "./conformance.ts";
import { bytesOf, readWindowed } from "./stream_outcomes.ts";

const raw = new BytesSerializer();
const PACKET = { id: 1, text: "grüße" };
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const KEY_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

// python3: d = '{"id":1,"text":"grüße"}'.encode(); key = bytes(range(32)); from base64 import *
//   urlsafe_b64encode(d); urlsafe_b64encode(d + sha256(d).digest()); urlsafe_b64encode(d + hmac.digest(key, d, "sha256"))
const PLAIN = "eyJpZCI6MSwidGV4dCI6Imdyw7zDn2UifQ==";
const FORMS: [string, Base64SerializerOptions, string][] = [
	["plain", {}, PLAIN],
	["SHA-256", { checksum: true }, "eyJpZCI6MSwidGV4dCI6Imdyw7zDn2Uifa2z12c4HIa8QXsW9sS8RNGNSDTZOsdD6lXT6NMqw5uB"],
	["HMAC", { checksum: KEY }, "eyJpZCI6MSwidGV4dCI6Imdyw7zDn2UifTbPsyK1_6GdmjXHGYdnkJdDWKupMT65U1L-9Gxe_Ttz"],
	[
		"HMAC, standard",
		{ checksum: KEY_TEXT, alphabet: "standard" },
		"eyJpZCI6MSwidGV4dCI6Imdyw7zDn2UifTbPsyK1/6GdmjXHGYdnkJdDWKupMT65U1L+9Gxe/Ttz",
	],
];

describe("Base64Serializer", () => {
	for (const [name, options, text] of FORMS) {
		describe(`T-SE-17: ${name}`, () => {
			const serializer = new Base64Serializer<unknown>(new JsonSerializer(), options);
			const invalid = [
				"",
				"e",
				"eyJ",
				"!!!!",
				`${text.slice(0, -1)}~`,
				text.replace("Z", "\n"),
				`${text}====`,
				text.replace("I", "J"),
			];
			testOneShot<unknown>({
				serializer,
				samples: [[PACKET, bytesOf(text)]],
				invalid: invalid.map(bytesOf),
				extra: bytesOf("\n"),
			});
			testStream<unknown>({
				serializer,
				samples: [[PACKET, bytesOf(`${text}\r\n`)]],
				invalid: [...invalid, text.slice(4)].map((bad) => bytesOf(`${bad}\r\n`)),
			});
		});
	}

	it("T-SE-17: any changed byte of a packet with a digest is found, and so is the wrong key", () => {
		for (const checksum of [true, KEY]) {
			const serializer = new Base64Serializer<Uint8Array>(raw, { checksum });
			const data = serializer.serialize(bytesOf("payload"));
			for (let at = 0; at < data.length; at++) {
				const copy = data.slice();
				copy[at] = copy[at] === 0x41 ? 0x42 : 0x41;
				if (copy[at] !== data[at]) assertThrows(() => serializer.deserialize(copy), DeserializeError);
			}
		}
		const other = new Base64Serializer<Uint8Array>(raw, { checksum: Base64Serializer.generateKey() });
		const data = new Base64Serializer<Uint8Array>(raw, { checksum: KEY }).serialize(bytesOf("a"));
		assertThrows(() => other.deserialize(data), DeserializeError, "the digest is wrong");
	});

	it("T-SE-17: a key is 32 bytes, or their URL-safe base64", () => {
		const key = Base64Serializer.generateKey();
		assertStrictEquals(new Base64Codec("urlsafe").decode(bytesOf(key))?.length, 32);
		assert(key !== Base64Serializer.generateKey());
		for (const bad of ["", "short", KEY_TEXT.slice(0, -1), `${KEY_TEXT} `, KEY.subarray(1), 1, null, {}]) {
			assertThrows(() => new Base64Serializer(raw, { checksum: bad as never }), TypeError, "not a key of 32 bytes");
		}
	});

	it("the two alphabets differ in two characters, and neither reads the other's", () => {
		const data = Uint8Array.of(251, 255, 254);
		const urlsafe = new Base64Serializer(raw);
		const standard = new Base64Serializer(raw, { alphabet: "standard" });
		assertEquals(urlsafe.serialize(data), bytesOf("-__-"));
		assertEquals(standard.serialize(data), bytesOf("+//+"));
		assertThrows(() => urlsafe.deserialize(bytesOf("+//+")), DeserializeError, "not base64");
		assertThrows(() => standard.deserialize(bytesOf("-__-")), DeserializeError, "not base64");
	});

	it("is strict: padding, and the bits that no byte needs", () => {
		const codec = new Base64Codec("standard");
		// RFC 4648, section 10.
		for (const [text, encoded] of [
			["", ""],
			["f", "Zg=="],
			["fo", "Zm8="],
			["foo", "Zm9v"],
			["foobar", "Zm9vYmFy"],
		] as const) {
			assertEquals(codec.encode(bytesOf(text)), bytesOf(encoded));
			assertEquals(codec.decode(bytesOf(encoded)), bytesOf(text));
		}
		for (const bad of ["Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "=Zg=", "Zg==Zg==", "Zm9v\n", "Zm 9v", "Zm8=A"]) {
			assertStrictEquals(codec.decode(bytesOf(bad)), undefined, bad);
		}
	});

	it("property: any bytes make the trip, with any digest", () => {
		fc.assert(
			fc.property(
				fc.uint8Array({ maxLength: 100 }),
				fc.constantFrom(false, true, KEY),
				fc.constantFrom("standard" as const, "urlsafe" as const),
				(data, checksum, alphabet) => {
					const serializer = new Base64Serializer<Uint8Array>(raw, { checksum, alphabet });
					assertEquals(serializer.deserialize(serializer.serialize(data)), data);
				},
			),
		);
	});

	it("a packet without bytes is not sent, unless it has a digest; other separators, and the limit", () => {
		assertEquals(new Base64Serializer(raw).incrementalSerialize(new Uint8Array(0)), []);
		assertStrictEquals(new Base64Serializer(raw, { checksum: true }).incrementalSerialize(new Uint8Array(0)).length, 1);
		const serializer = new Base64Serializer(raw, { separator: "=A\n", limit: 8 });
		assertEquals(serializer.incrementalSerialize(bytesOf("f")), [bytesOf("Zg===A\n")]);
		const outcomes = [
			{ packet: bytesOf("f") },
			{ packet: bytesOf("foobar") },
			{ error: "LimitOverrunError" },
			{ packet: bytesOf("fo") },
		];
		for (const size of [1, 4, 100]) {
			assertEquals(readWindowed(serializer, bytesOf("Zg===A\nZm9vYmFy=A\nZm9vYmFyZg===A\nZm8==A\n"), size), outcomes);
		}
	});

	it("T-SE-13: only with debug an error has errorInfo", () => {
		const error = assertThrows(
			() => new Base64Serializer(raw, { debug: true }).deserialize(bytesOf("?")),
			DeserializeError,
		);
		assertEquals((error.errorInfo as DataErrorInfo).data, bytesOf("?"));
		const plain = assertThrows(() => new Base64Serializer(raw).deserialize(bytesOf("?")), DeserializeError);
		assertStrictEquals(plain.errorInfo, undefined);
	});

	it("checks its arguments", () => {
		assertThrows(() => new Base64Serializer(raw, { alphabet: "hex" as never }), TypeError, '"alphabet"');
		for (const separator of ["", "A", "=="])
			assertThrows(() => new Base64Serializer(raw, { separator }), RangeError, '"separator"');
		assertThrows(() => new Base64Serializer(raw, { limit: 0 }), RangeError, '"limit"');
		assertThrows(() => new Base64Serializer({} as never), TypeError, '"payload"');
	});
});
