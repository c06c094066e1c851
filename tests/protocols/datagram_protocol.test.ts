import { describe, it } from "node:test";
import fc from "fast-check";
import {
	DatagramProtocolParseError,
	DeserializeError,
	PacketConversionError,
	ProtocolCrashError,
	ProtocolParseError,
} from "../../src/errors.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import type { PacketConverter } from "../../src/protocols/packet_converter.ts";
import { BytesSerializer } from "../../src/serializers/bytes_serializer.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import type { PacketSerializer } from "../../src/serializers/packet_serializer.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "../support/assert.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A converter with both directions and a refusal: lines that are integers. */
const integers: PacketConverter<bigint, bigint, string> = {
	toDto: (packet) => packet.toString(),
	fromDto(dto) {
		if (!/^-?\d+$/.test(dto))
			throw new PacketConversionError(`Cannot convert "${dto}" to an integer`, { errorInfo: dto });
		return BigInt(dto);
	},
};

function throwing(error: unknown): PacketSerializer<unknown> & PacketConverter<unknown> {
	const fail = (): never => {
		throw error;
	};
	return { serialize: fail, deserialize: fail, toDto: fail, fromDto: fail };
}

describe("DatagramProtocol", () => {
	it("serializes and parses without a converter", () => {
		const protocol = new DatagramProtocol(new JsonSerializer<{ id: number }>());
		const datagram: Uint8Array = protocol.makeDatagram({ id: 1 });
		assertEquals(datagram, bytes('{"id":1}'));
		const packet: { id: number } = protocol.buildPacket(datagram);
		assertEquals(packet, { id: 1 });
	});

	it("T-PR-07: converts in both directions", () => {
		const protocol = new DatagramProtocol(new StringLineSerializer(), integers);
		assertEquals(protocol.makeDatagram(-12n), bytes("-12"));
		assertStrictEquals(protocol.buildPacket(bytes("34\n")), 34n);
	});

	it("T-PR-01: what the serializer refuses is a DatagramProtocolParseError", () => {
		for (const protocol of [
			new DatagramProtocol(new JsonSerializer({ debug: true })),
			new DatagramProtocol(new JsonSerializer({ debug: true }), {
				toDto: (p: unknown) => p,
				fromDto: (d: unknown) => d,
			}),
		]) {
			const error = assertThrows(() => protocol.buildPacket(bytes("{")), DatagramProtocolParseError);
			assertInstanceOf(error, ProtocolParseError);
			assertInstanceOf(error.error, DeserializeError);
			assertStrictEquals(error.cause, error.error);
			assertEquals((error.error.errorInfo as { data: Uint8Array }).data, bytes("{"));
		}
	});

	it("T-PR-01: what the converter refuses is a DatagramProtocolParseError", () => {
		const protocol = new DatagramProtocol(new StringLineSerializer(), integers);
		const error = assertThrows(() => protocol.buildPacket(bytes("twelve")), DatagramProtocolParseError);
		assertInstanceOf(error.error, PacketConversionError);
		assertStrictEquals(error.error.errorInfo, "twelve");
		assertStrictEquals(error.message, 'Cannot parse the packet: Cannot convert "twelve" to an integer');
	});

	it("any other failure in parsing is a ProtocolCrashError", () => {
		const good = new StringLineSerializer();
		const failures: unknown[] = [new Error("boom"), new TypeError("boom"), "boom", undefined, Object.create(null)];
		for (const failure of failures) {
			const bad = throwing(failure);
			for (const protocol of [new DatagramProtocol(bad), new DatagramProtocol(good, bad)]) {
				const error = assertThrows(
					() => protocol.buildPacket(bytes("1")),
					ProtocolCrashError,
					"Cannot parse a datagram: the protocol crashed: ",
				);
				assertStrictEquals(error.cause, failure);
			}
		}
	});

	it("every failure in serializing is a ProtocolCrashError, the parse errors included", () => {
		const failures: unknown[] = [
			new Error("boom"),
			new DeserializeError("boom"),
			new PacketConversionError("boom"),
			null,
		];
		for (const failure of failures) {
			const bad = throwing(failure);
			for (const protocol of [new DatagramProtocol(bad), new DatagramProtocol(new BytesSerializer(), bad as never)]) {
				const error = assertThrows(
					() => protocol.makeDatagram(bytes("1")),
					ProtocolCrashError,
					"Cannot serialize the packet: ",
				);
				assertStrictEquals(error.cause, failure);
			}
		}
		const json = new DatagramProtocol(new JsonSerializer());
		assertInstanceOf(assertThrows(() => json.makeDatagram(undefined), ProtocolCrashError).cause, TypeError);
	});

	it("a serializer that does not return a Uint8Array is a ProtocolCrashError", () => {
		for (const data of ["text", undefined, [1], new ArrayBuffer(1), Promise.resolve(bytes("1"))]) {
			const serializer = { serialize: () => data as never, deserialize: () => 0 };
			assertThrows(
				() => new DatagramProtocol(serializer).makeDatagram(0),
				ProtocolCrashError,
				"did not return a Uint8Array",
			);
		}
	});

	it("checks its arguments", () => {
		for (const serializer of [undefined, null, {}, "json", JsonSerializer, { serialize() {} }]) {
			assertThrows(() => new DatagramProtocol(serializer as never), TypeError, '"serializer"');
		}
		for (const converter of [null, {}, "x", { toDto() {} }]) {
			assertThrows(() => new DatagramProtocol(new BytesSerializer(), converter as never), TypeError, '"converter"');
		}
	});

	it("can be extended, and keeps its packet types whatever the converter's are", () => {
		class IntegerProtocol extends DatagramProtocol<bigint, bigint, string, string> {
			constructor() {
				super(new StringLineSerializer({ encoding: "ascii" }), integers);
			}
		}
		const protocol: DatagramProtocol<bigint> = new IntegerProtocol();
		assertStrictEquals(protocol.buildPacket(protocol.makeDatagram(5n)), 5n);
	});

	it("rejects mismatched types at compile time", () => {
		// Never called: the compiler is the test.
		const mistakes = (): unknown[] => [
			// @ts-expect-error the converter writes strings, not bytes
			new DatagramProtocol(new BytesSerializer(), integers),
			// @ts-expect-error the packets are bigints
			new DatagramProtocol(new StringLineSerializer(), integers).makeDatagram("5"),
			// @ts-expect-error the packets are strings
			new DatagramProtocol(new StringLineSerializer()) satisfies DatagramProtocol<number>,
		];
		assertStrictEquals(typeof mistakes, "function");
	});

	it("property: random bytes are a packet or a DatagramProtocolParseError", () => {
		const protocol = new DatagramProtocol(new StringLineSerializer(), integers);
		fc.assert(
			fc.property(
				fc.oneof(
					fc.uint8Array(),
					fc.bigInt().map((n) => bytes(String(n))),
				),
				(data) => {
					try {
						assertStrictEquals(typeof protocol.buildPacket(data), "bigint");
					} catch (error) {
						assertInstanceOf(error, DatagramProtocolParseError);
					}
				},
			),
		);
	});
});
