import { describe, it } from "node:test";
import fc from "fast-check";
import { DeserializeError, LimitOverrunError, StreamProtocolParseError } from "../../src/errors.ts";
import type { BencodeInput, BencodeValue } from "../../src/serializers/bencode_codec.ts";
import { BencodeSerializer } from "../../src/serializers/bencode_serializer.ts";
import type { DataErrorInfo } from "../../src/serializers/serializer_options.ts";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "../support/assert.ts";
import { testOneShot, testStream } from "./conformance.ts";
import { bytesOf, cut, cuts, hex, join, readerOf, readFed } from "./stream_outcomes.ts";

const dictionary = (entries: Record<string, BencodeValue>): BencodeValue => Object.assign(Object.create(null), entries);

/** BEP 3, "bencoding", and BEP 5, "ping". */
const SAMPLES: [BencodeValue, Uint8Array][] = [
	[bytesOf("spam"), bytesOf("4:spam")],
	[3, bytesOf("i3e")],
	[-3, bytesOf("i-3e")],
	[0, bytesOf("i0e")],
	[[bytesOf("spam"), bytesOf("eggs")], bytesOf("l4:spam4:eggse")],
	[dictionary({ cow: bytesOf("moo"), spam: bytesOf("eggs") }), bytesOf("d3:cow3:moo4:spam4:eggse")],
	[dictionary({ spam: [bytesOf("a"), bytesOf("b")] }), bytesOf("d4:spaml1:a1:bee")],
	[
		dictionary({
			a: dictionary({ id: bytesOf("abcdefghij0123456789") }),
			q: bytesOf("ping"),
			t: bytesOf("aa"),
			y: bytesOf("q"),
		}),
		bytesOf("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"),
	],
	[new Uint8Array(0), bytesOf("0:")],
	[[], bytesOf("le")],
	[dictionary({}), bytesOf("de")],
	[[[], dictionary({ "": [[]] })], bytesOf("lled0:lleeee")],
	[2n ** 64n, bytesOf("i18446744073709551616e")],
	[-(2n ** 53n), bytesOf("i-9007199254740992e")],
];

/** Their end is known, so that a stream goes on. */
const REFUSED = [
	...["i03e", "i-0e", "i-03e", "i-e", "ie", "i00e", "03:abc", "00:"],
	...["d1:bi1e1:ai2ee", "d1:ai1e1:ai2ee", "d2:aai1e1:ai2ee", "di1ei2ee", "dle1:ae", "ddei1ee", "d9:__proto__i1ee"],
].map(bytesOf);

const MALFORMED = [
	"e",
	"x",
	"-1:a",
	"i1.5e",
	"i 1e",
	"i1-e",
	"i+1e",
	"1x:",
	"d1:ae",
	"ld1:aee",
	"99999999999999999:",
	" i1e",
	"\n",
];

describe("BencodeSerializer", () => {
	const serializer = new BencodeSerializer();
	testOneShot<BencodeInput>({
		serializer,
		samples: SAMPLES as [BencodeInput, Uint8Array][],
		invalid: [
			...REFUSED,
			...MALFORMED.map(bytesOf),
			...["", "i1", "2:a", "l", "d1:a", "li1e", "5", "i1ei2e"].map(bytesOf),
		],
		extra: bytesOf("e"),
	});
	testStream<BencodeInput>({ serializer, samples: SAMPLES as [BencodeInput, Uint8Array][], invalid: REFUSED });

	it("sends text, maps and objects, keys sorted by their bytes", () => {
		const packet = new Map<string, BencodeInput>([
			["é", 1],
			["z", "grün"],
			["a", { ab: 1, a: 2, B: 3 }],
		]);
		const data = join([bytesOf("d1:ad1:Bi3e1:ai2e2:abi1ee1:z5:grün1:"), Uint8Array.of(0xe9), bytesOf("i1ee")]);
		assertStrictEquals(hex(serializer.serialize(packet)), hex(data));
		const utf8 = new BencodeSerializer({ keyEncoding: "utf-8" });
		assertEquals(utf8.serialize({ "\u{10000}": 1, "\uffff": 2 }), bytesOf("d3:\uffffi2e4:\u{10000}i1ee"));
		assertEquals(utf8.deserialize(bytesOf("d2:éi1ee")), dictionary({ é: 1 }));
		assertThrows(() => utf8.deserialize(data), DeserializeError, 'not "utf-8" text');
		assertEquals(Object.keys(serializer.deserialize(data)), ["a", "z", "é"]);
	});

	it("refuses to send what bencode lacks", () => {
		for (const packet of [
			1.5,
			Number.NaN,
			2 ** 53,
			true,
			null,
			undefined,
			() => 1,
			[undefined],
			{ a: true },
			"\ud800",
		]) {
			assertThrows(() => serializer.serialize(packet as never), TypeError, "Cannot bencode the packet");
		}
		assertThrows(() => serializer.serialize({ 漢: 1 }), TypeError, 'not "latin1" text');
		const cycle: BencodeInput[] = [];
		cycle.push(cycle);
		assertThrows(() => serializer.serialize(cycle), TypeError, '"maxDepth", 64');
	});

	it("P2: a received dictionary has no prototype to reach", () => {
		const packet = serializer.deserialize(bytesOf("d11:constructord9:prototypei1ee8:toStringi1ee"));
		assertStrictEquals(Object.getPrototypeOf(packet), null);
		assertThrows(() => serializer.deserialize(bytesOf("ld9:__proto__dee1:ae")), DeserializeError, "__proto__");
	});

	it("P3: depth, values and sizes are limited before anything is decoded", () => {
		const nested = (depth: number): Uint8Array => bytesOf("l".repeat(depth) + "e".repeat(depth));
		serializer.deserialize(nested(64));
		for (const bad of [
			nested(65),
			bytesOf("l".repeat(20_000)),
			bytesOf("d0:".repeat(7_000)),
			bytesOf(`${"l".repeat(64)}de`),
		]) {
			const error = assertThrows(() => serializer.deserialize(bad), LimitOverrunError);
			assertStrictEquals(error.option, "maxDepth");
		}
		const few = new BencodeSerializer({ maxNodes: 3 });
		few.deserialize(bytesOf("li1ei2ee"));
		assertThrows(() => few.deserialize(bytesOf("li1ei2ei3ee")), LimitOverrunError, '"maxNodes", 3');
		assertThrows(() => serializer.deserialize(bytesOf("999999999999:")), DeserializeError, "data is missing");
		serializer.deserialize(bytesOf(`i${"9".repeat(1022)}e`));
		assertThrows(() => serializer.deserialize(bytesOf(`i${"9".repeat(1023)}e`)), DeserializeError, "longer than 1024");
	});

	it("T-SE-11: a packet of the limit is read, what announces or holds more is fatal", () => {
		const limited = new BencodeSerializer({ limit: 10 });
		assertEquals(readFed(limited, [bytesOf("8:abcdefgh")]), [{ packet: bytesOf("abcdefgh") }]);
		assertEquals(readFed(limited, [bytesOf("l6:abcdefe")]), [{ packet: [bytesOf("abcdef")] }]);
		for (const bad of ["9:", "99999999:", "l7:abcdefge", "li1ei2ei3ee", "i12345678901", "lllllllllll"]) {
			const reader = readerOf(limited);
			reader.feed(bytesOf(bad));
			const error = assertThrows(() => reader.next(), StreamProtocolParseError);
			assertInstanceOf(error.error, LimitOverrunError);
			assertStrictEquals(error.fatal, true);
			assertStrictEquals(reader.bufferedBytes, 0);
		}
	});

	it("what is malformed is fatal on a stream", () => {
		for (const bad of MALFORMED)
			assertEquals(readFed(serializer, [bytesOf("i1e"), bytesOf(bad), bytesOf("i2e")]), [
				{ packet: 1 },
				{ error: "DeserializeError" },
			]);
	});

	it("T-SE-13: only with debug an error has errorInfo", () => {
		const debug = new BencodeSerializer({ debug: true });
		for (const bad of ["i01e", "x"]) {
			const error = assertThrows(() => debug.deserialize(bytesOf(bad)), DeserializeError);
			assertEquals((error.errorInfo as DataErrorInfo).data, bytesOf(bad));
			assertStrictEquals(
				assertThrows(() => serializer.deserialize(bytesOf(bad)), DeserializeError).errorInfo,
				undefined,
			);
		}
	});

	it("property: any value makes the trip, one-shot and in any pieces", () => {
		const { value } = fc.letrec<{ value: BencodeValue }>((tie) => ({
			value: fc.oneof(
				{ maxDepth: 5 },
				fc.maxSafeInteger(),
				fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }),
				fc.uint8Array({ maxLength: 20 }),
				fc.array(tie("value"), { maxLength: 4 }),
				fc
					.dictionary(
						fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)), maxLength: 5 }),
						tie("value"),
						{ maxKeys: 4, noNullPrototype: false },
					)
					.map(dictionary),
			),
		}));
		fc.assert(
			fc.property(fc.array(value, { maxLength: 4 }), cuts, (packets, places) => {
				const input = packets.map((packet) => (Object.is(packet, -0) ? 0 : packet));
				const stream = join(input.flatMap((packet) => serializer.incrementalSerialize(packet)));
				assertEquals(
					readFed(serializer, cut(stream, places)),
					input.map((packet) => ({ packet })),
				);
			}),
			{ numRuns: 200 },
		);
	});

	it("S10: 64 KiB byte by byte are scanned once", () => {
		const packet = Array.from({ length: 8_000 }, (_, i) => i);
		const bytes = Array.from(serializer.serialize(packet), (byte) => Uint8Array.of(byte));
		const reader = readerOf(serializer);
		const before = performance.now();
		let received: unknown;
		for (const byte of bytes) {
			reader.feed(byte);
			received = reader.next();
		}
		const taken = performance.now() - before;
		assertEquals(received, packet);
		assert(taken < 1000, `took ${taken} ms`);
	});

	it("checks its options", () => {
		assertThrows(() => new BencodeSerializer({ keyEncoding: "ascii" as never }), TypeError, '"keyEncoding"');
		for (const name of ["limit", "maxDepth", "maxNodes"])
			assertThrows(() => new BencodeSerializer({ [name]: 0 }), RangeError, name);
		assertThrows(() => new BencodeSerializer({ maxDepth: 1001 }), RangeError, '"maxDepth"');
	});
});
