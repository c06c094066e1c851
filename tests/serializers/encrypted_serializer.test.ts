import { describe, it } from "node:test";
import fc from "fast-check";
import { DeserializeError } from "../../src/errors.ts";
import { BytesSerializer } from "../../src/serializers/bytes_serializer.ts";
import { EncryptedSerializer } from "../../src/serializers/encrypted_serializer.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { LengthPrefixedSerializer } from "../../src/serializers/length_prefixed_serializer.ts";
import { assert, assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";
import { testOneShot, testStream } from "./conformance.ts";
import { bytesOf, fromHex, join } from "./stream_outcomes.ts";

const raw = new BytesSerializer();
const key = Uint8Array.from({ length: 32 }, (_, i) => i);
const json = new EncryptedSerializer<unknown>(new JsonSerializer(), { key });

/**
 * Test cases 4 and 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B: the last 60 bytes of one
 * plaintext, with additional data, for each size of key.
 */
const KEY = "feffe9928665731c6d6a8f9467308308";
const PLAIN =
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
const AAD = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
const VECTORS: [key: string, sealed: string][] = [
	[
		KEY,
		"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091 5bc94fbc3221a5db94fae95ae7121a47",
	],
	[
		KEY + KEY,
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662 76fc6ece0f4e1768cddf8853bb2d551b",
	],
];

describe("EncryptedSerializer", () => {
	testOneShot<unknown>({
		serializer: json,
		samples: [
			[{ a: 1 }, undefined],
			["grüße", undefined],
		],
		invalid: [0, 1, 27, 28, 29, 100].map((length) => new Uint8Array(length)),
		extra: Uint8Array.of(0),
	});
	describe("on a stream", () => {
		testStream<unknown>({
			serializer: new LengthPrefixedSerializer(json),
			samples: [[{ a: 1 }, undefined]],
			invalid: [join([fromHex("0000001c"), new Uint8Array(28)]), new Uint8Array(4)],
		});
	});

	it("T-SE-01: reads the vectors of the specification, and refuses them without their additional data", () => {
		for (const [secret, sealed] of VECTORS) {
			const data = fromHex(`cafebabefacedbaddecaf888${sealed}`);
			const serializer = new EncryptedSerializer(raw, { key: fromHex(secret), additionalData: fromHex(AAD) });
			assertEquals(serializer.deserialize(data), fromHex(PLAIN));
			const without = new EncryptedSerializer(raw, { key: fromHex(secret) });
			assertThrows(() => without.deserialize(data), DeserializeError, "another key, or changed");
		}
	});

	it("any changed byte is found, and so are another key and other additional data", () => {
		const data = json.serialize({ a: 1 });
		for (let at = 0; at < data.length; at++) {
			const copy = data.slice();
			copy[at] = (copy[at] as number) ^ 1;
			assertThrows(() => json.deserialize(copy), DeserializeError, "Cannot decrypt the packet");
		}
		for (const options of [{ key: EncryptedSerializer.generateKey() }, { key, additionalData: bytesOf("x") }]) {
			const other = new EncryptedSerializer(new JsonSerializer(), options);
			assertThrows(() => other.deserialize(data), DeserializeError);
		}
	});

	it("one packet is encrypted differently each time, and hides what it says", () => {
		const data = json.serialize("secret text");
		assertNotEquals(data, json.serialize("secret text"));
		assert(!new TextDecoder("latin1").decode(data).includes("secret"));
		assertStrictEquals(data.length, '"secret text"'.length + 28);
	});

	it("property: any bytes make the trip with any key", () => {
		fc.assert(
			fc.property(
				fc.uint8Array({ maxLength: 300 }),
				fc.constantFrom(16, 32),
				fc.uint8Array(),
				(data, size, additionalData) => {
					const serializer = new EncryptedSerializer(raw, { key: key.subarray(0, size), additionalData });
					assertEquals(serializer.deserialize(serializer.serialize(data)), data);
				},
			),
			{ numRuns: 50 },
		);
	});

	it("keeps copies of its key and its additional data", () => {
		const mutable = { key: key.slice(), additionalData: Uint8Array.of(1) };
		const serializer = new EncryptedSerializer(raw, mutable);
		const data = serializer.serialize(bytesOf("a"));
		mutable.key.fill(0);
		mutable.additionalData.fill(0);
		assertEquals(serializer.deserialize(data), bytesOf("a"));
	});

	it("checks its arguments", () => {
		assertStrictEquals(EncryptedSerializer.generateKey().length, 32);
		for (const size of [0, 15, 24, 31, 33, 64]) {
			assertThrows(() => new EncryptedSerializer(raw, { key: new Uint8Array(size) }), RangeError, '"key"');
		}
		for (const bad of ["x".repeat(32), undefined, null, [1]]) {
			assertThrows(() => new EncryptedSerializer(raw, { key: bad as never }), TypeError, '"key"');
		}
		assertThrows(
			() => new EncryptedSerializer(raw, { key, additionalData: "x" as never }),
			TypeError,
			'"additionalData"',
		);
		assertThrows(() => new EncryptedSerializer({} as never, { key }), TypeError, '"payload"');
	});
});
