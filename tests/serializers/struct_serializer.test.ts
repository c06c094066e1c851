import { describe, it } from "node:test";
import fc from "fast-check";
import { DeserializeError } from "../../src/errors.ts";
import { NamedStructSerializer } from "../../src/serializers/named_struct_serializer.ts";
import type { DataErrorInfo } from "../../src/serializers/serializer_options.ts";
import type { StructValue } from "../../src/serializers/struct_codes.ts";
import { StructSerializer } from "../../src/serializers/struct_serializer.ts";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";
import { testOneShot, testStream } from "./conformance.ts";
import { bytesOf, fromHex, hex } from "./stream_outcomes.ts";

const EXTREMES = [-1, 255, -2, 65_535, -3, 4_294_967_295, -4, 4_294_967_294, -5n, 2n ** 64n - 1n];

// python3 -c 'import struct; print(struct.pack(FORMAT, *VALUES).hex())'
const GOLDEN: [format: string, values: StructValue[], data: string][] = [
	["!bBhHiIlLqQ", EXTREMES, "fffffffefffffffffffdfffffffffffffffcfffffffefffffffffffffffbffffffffffffffff"],
	["<bBhHiIlLqQ", EXTREMES, "fffffefffffffdfffffffffffffffcfffffffefffffffbffffffffffffffffffffffffffffff"],
	[">d", [0.1], "3fb999999999999a"],
	["<d", [0.1], "9a9999999999b93f"],
	[
		"!2H x 3s ?c 4p 0s",
		[1, 2, fromHex("616200"), true, bytesOf("z"), bytesOf("hi"), new Uint8Array(0)],
		"0001000200616200017a02686900",
	],
	["!ff", [1.401298464324817e-45, 3.4028234663852886e38], "000000017f7fffff"],
	["!eeee", [0, -0, 65_504, 2 ** -24], "000080007bff0001"],
	["!ee", [1.0009765625, Number.POSITIVE_INFINITY], "3c017c00"],
	["HQ", [1, 2n], "00010000000000000002"],
];

describe("StructSerializer", () => {
	for (const [format, values, data] of GOLDEN) {
		describe(`T-SE-16: "${format}" as Python's struct`, () => {
			const serializer = new StructSerializer(format);
			const samples: [StructValue[], Uint8Array][] = [[values, fromHex(data)]];
			testOneShot({ serializer, samples, invalid: [new Uint8Array(0)], extra: Uint8Array.of(0) });
			testStream({ serializer, samples, invalid: [] });
		});
	}

	it("T-SE-16: values that are rounded or filled have Python's bytes", () => {
		// python3 -c 'import struct; print(struct.pack("!eef", 0.1, 2049.0, 0.1).hex(), struct.pack("!3s", b"a").hex())'
		assertStrictEquals(hex(new StructSerializer("!eef").serialize([0.1, 2049, 0.1])), "2e6668003dcccccd");
		assertStrictEquals(hex(new StructSerializer("3s").serialize([bytesOf("a")])), "610000");
		assertStrictEquals(hex(new StructSerializer("q").serialize([-2])), "fffffffffffffffe");
	});

	it("every half-precision number makes the trip, and what lies between goes to the even neighbour", () => {
		const serializer = new StructSerializer<[number]>("e");
		for (let bits = 0; bits < 0x10000; bits++) {
			const data = Uint8Array.of(bits >> 8, bits & 0xff);
			const [value] = serializer.deserialize(data);
			if (Number.isNaN(value)) assert((bits & 0x7c00) === 0x7c00);
			else assertStrictEquals(hex(serializer.serialize([value])), hex(data));
			if (bits < 0x7bff) {
				const [next] = serializer.deserialize(Uint8Array.of((bits + 1) >> 8, (bits + 1) & 0xff));
				const even = bits % 2 === 0 ? bits : bits + 1;
				const middle = serializer.serialize([(value + next) / 2]);
				assertStrictEquals(hex(middle), even.toString(16).padStart(4, "0"));
			}
		}
	});

	it("T-SE-16: refuses what does not fit", () => {
		const bad: [string, unknown[]][] = [
			["b", [128]],
			["b", [-129]],
			["B", [-1]],
			["B", [1.5]],
			["B", ["1"]],
			["B", [1n]],
			["H", [65_536]],
			["i", [2 ** 31]],
			["q", [2n ** 63n]],
			["Q", [-1n]],
			["q", [2 ** 53]],
			["f", [1e39]],
			["e", [65_520]],
			["d", ["1"]],
			["?", [1]],
			["c", [bytesOf("ab")]],
			["2s", [bytesOf("abc")]],
			["2s", ["ab"]],
			["3p", [bytesOf("abc")]],
			["B", [undefined]],
		];
		for (const [format, values] of bad) {
			assertThrows(
				() => new StructSerializer(format).serialize(values as never),
				TypeError,
				"Cannot pack value 0 of the struct",
			);
		}
		const serializer = new StructSerializer("BB");
		for (const values of [[1], [1, 2, 3], []])
			assertThrows(() => serializer.serialize(values), TypeError, "of 2 values");
		for (const packet of [1, "ab", { 0: 1, 1: 2, length: 2 }, undefined]) {
			assertThrows(() => serializer.serialize(packet as never), TypeError, "not an array");
		}
	});

	it("T-SE-13: only with debug an error has errorInfo", () => {
		const data = Uint8Array.of(7);
		const error = assertThrows(() => new StructSerializer("H", { debug: true }).deserialize(data), DeserializeError);
		assertEquals((error.errorInfo as DataErrorInfo).data, data);
		assertStrictEquals(
			assertThrows(() => new StructSerializer("H").deserialize(data), DeserializeError).errorInfo,
			undefined,
		);
	});

	it("refuses formats that are none, or depend on the machine", () => {
		for (const format of ["@i", "=i", "n", "N", "P", "z", "3", "i!", "toString", "i;", "99999999999s"]) {
			assertThrows(() => new StructSerializer(format), TypeError, "of the struct format");
		}
		for (const format of ["", "!", "0s", " "]) assertThrows(() => new StructSerializer(format), RangeError, "no bytes");
	});

	it("property: integers make the trip in both byte orders", () => {
		fc.assert(
			fc.property(
				fc.constantFrom("!", "<"),
				fc.integer(),
				fc.maxSafeNat(),
				fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
				fc.double(),
				(order, i, n, q, d) => {
					const values = [i, n % 2 ** 32, q, d];
					const serializer = new StructSerializer(`${order}iIqd`);
					assertEquals(serializer.deserialize(serializer.serialize(values)), values);
				},
			),
		);
	});
});

interface Player {
	id: number;
	name: string;
	alive: boolean;
	x: number;
}
const FIELDS = { id: "H", name: "8s", alive: "?", x: "d" };

describe("NamedStructSerializer", () => {
	const packet: Player = { id: 7, name: "grün", alive: true, x: -2.5 };
	// python3 -c 'import struct; print(struct.pack("!H8s?d", 7, "grün".encode(), True, -2.5).hex())', and with "<"
	for (const [byteOrder, data] of [
		["big", "00076772c3bc6e00000001c004000000000000"],
		["little", "07006772c3bc6e0000000100000000000004c0"],
	] as const) {
		describe(`T-SE-16: ${byteOrder}`, () => {
			const serializer = new NamedStructSerializer<Player>(FIELDS, { byteOrder });
			const badText = fromHex(data).fill(0xff, 2, 4);
			testOneShot<Player>({
				serializer,
				samples: [[packet, fromHex(data)]],
				invalid: [badText],
				extra: Uint8Array.of(0),
			});
			testStream<Player>({ serializer, samples: [[packet, fromHex(data)]], invalid: [badText] });
		});
	}

	it("T-SE-16: text is filled with NULs, and stripped of them unless they are kept", () => {
		const data = bytesOf("a\0b\0\0");
		const of = (options: object): unknown =>
			new NamedStructSerializer<{ t: string }>({ t: "5s" }, options).deserialize(data);
		assertEquals(of({}), { t: "a\0b" });
		assertEquals(of({ keepPadding: true }), { t: "a\0b\0\0" });
		assertEquals(of({ encoding: null }), { t: data });
		assertEquals(new NamedStructSerializer<{ t: string }>({ t: "3s" }).deserialize(new Uint8Array(3)), { t: "" });
		const pascal = new NamedStructSerializer<{ t: string }>({ t: "4p" });
		assertEquals(pascal.deserialize(pascal.serialize({ t: "abc" })), { t: "abc" });
	});

	it("T-SE-16: refuses missing fields, and text that does not fit", () => {
		const serializer = new NamedStructSerializer<Player>(FIELDS);
		const { x: _, ...rest } = packet;
		assertThrows(() => serializer.serialize(rest as Player), TypeError, 'field "x" is missing');
		for (const name of ["too long by far", "漢漢漢"]) {
			assertThrows(() => serializer.serialize({ ...packet, name }), TypeError, "are more than 8");
		}
		for (const name of ["\ud800", bytesOf("a"), 1]) {
			assertThrows(
				() => serializer.serialize({ ...packet, name: name as string }),
				TypeError,
				'"name" is not "utf-8" text',
			);
		}
		const ascii = new NamedStructSerializer<Player>(FIELDS, { encoding: "ascii", debug: true });
		assertThrows(() => ascii.serialize(packet), TypeError, 'not "ascii" text');
		const data = serializer.serialize(packet);
		const error = assertThrows(() => ascii.deserialize(data), DeserializeError, '"name" is not "ascii" text');
		assertEquals((error.errorInfo as DataErrorInfo).data, data);
	});

	it("names of fields cannot reach a prototype", () => {
		const serializer = new NamedStructSerializer<Record<string, number>>(
			JSON.parse('{"__proto__":"B","constructor":"B"}'),
		);
		const received = serializer.deserialize(Uint8Array.of(1, 2));
		assertStrictEquals(Object.getPrototypeOf(received), Object.prototype);
		assertStrictEquals(JSON.stringify(received), '{"__proto__":1,"constructor":2}');
	});

	it("checks its arguments", () => {
		for (const format of ["2H", "x", "", "!H", "HH", "z", "@H"]) {
			assertThrows(() => new NamedStructSerializer<{ a: number }>({ a: format }), TypeError, `"${format}"`);
		}
		assertThrows(() => new NamedStructSerializer({}), TypeError, "without fields");
		const options = [{ byteOrder: "!" }, { encoding: "utf8" }, { encoding: "toString" }];
		for (const option of options)
			assertThrows(() => new NamedStructSerializer({ a: "B" } as never, option as never), TypeError);
	});
});
