import { describe, it } from "node:test";
import { DatagramProtocolParseError, PacketConversionError } from "../../src/errors.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { type PacketConverter, StapledPacketConverter } from "../../src/protocols/packet_converter.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";

const dates: PacketConverter<Date, Date, string, unknown> = {
	toDto: (packet) => packet.toISOString(),
	fromDto(dto) {
		const date = new Date(String(dto));
		if (Number.isNaN(date.getTime())) throw new PacketConversionError("Cannot convert to a date");
		return date;
	},
};

const hex: PacketConverter<number, number, string, unknown> = {
	toDto: (packet) => packet.toString(16),
	fromDto: (dto) => Number.parseInt(String(dto), 16),
};

describe("StapledPacketConverter", () => {
	it("T-PR-07: sends by one converter and receives by the other", () => {
		const converter = new StapledPacketConverter(dates, hex);
		assertStrictEquals(converter.toDto(new Date(0)), "1970-01-01T00:00:00.000Z");
		assertStrictEquals(converter.fromDto("ff"), 255);
		const back = new StapledPacketConverter(hex, dates);
		assertStrictEquals(back.toDto(255), "ff");
		assertEquals(back.fromDto("1970-01-01T00:00:00.000Z"), new Date(0));
	});

	it("T-PR-07: takes converters of one direction, and calls them on themselves", () => {
		class Adder {
			readonly #offset = 10;
			toDto(packet: number): number {
				return packet + this.#offset;
			}
		}
		const converter = new StapledPacketConverter(new Adder(), { fromDto: (dto: string) => dto.length });
		const sent: number = converter.toDto(1);
		const received: number = converter.fromDto("four");
		assertEquals([sent, received], [11, 4]);
	});

	it("T-PR-01: its refusal is a parse error of the protocol", () => {
		const protocol = new DatagramProtocol(new JsonSerializer(), new StapledPacketConverter(hex, dates));
		const date: Date = protocol.buildPacket(new TextEncoder().encode('"1970-01-01"'));
		assertEquals(date, new Date(0));
		assertThrows(() => protocol.buildPacket(new TextEncoder().encode('"never"')), DatagramProtocolParseError);
	});

	it("checks its arguments", () => {
		assertThrows(() => new StapledPacketConverter({ fromDto() {} } as never, dates), TypeError, '"sent"');
		assertThrows(() => new StapledPacketConverter(dates, { toDto() {} } as never), TypeError, '"received"');
		assertThrows(() => new StapledPacketConverter(undefined as never, dates), TypeError, '"sent"');
		assertThrows(() => new StapledPacketConverter(dates, null as never), TypeError, '"received"');
	});
});
