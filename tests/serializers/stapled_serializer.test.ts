import { describe, it } from "node:test";
import { StreamProtocol } from "../../src/protocols/stream_protocol.ts";
import { BytesSerializer } from "../../src/serializers/bytes_serializer.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import {
	StapledIncrementalPacketSerializer,
	StapledPacketSerializer,
} from "../../src/serializers/stapled_serializer.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";
import { bytesOf, join, readFed } from "./stream_outcomes.ts";

const line = new StringLineSerializer();
const json = new JsonSerializer();
const raw = new BytesSerializer();

describe("stapled serializers", () => {
	it("T-SE-20: send with one and receive with the other", () => {
		for (const serializer of [
			new StapledPacketSerializer(line, json),
			new StapledIncrementalPacketSerializer(line, json),
		]) {
			assertEquals(serializer.serialize("[1]"), bytesOf("[1]"));
			assertEquals(serializer.deserialize(bytesOf("[1]")), [1]);
			assertStrictEquals(serializer.keepsData, false);
		}
		const stream = new StapledIncrementalPacketSerializer(line, json);
		assertEquals(join(stream.incrementalSerialize("x")), bytesOf("x\n"));
		assertEquals(readFed(stream, [bytesOf("[1]\n2\n")]), [{ packet: [1] }, { packet: 2 }]);
	});

	it("T-SE-20: whether packets keep data is said by the receiving side, and unknown is yes", () => {
		assertStrictEquals(new StapledPacketSerializer(line, raw).keepsData, true);
		assertStrictEquals(new StapledPacketSerializer(raw, line).keepsData, false);
		assertStrictEquals(new StapledPacketSerializer(line, { deserialize: (data) => data }).keepsData, true);
	});

	it("T-SE-20: each side needs only what is used, and that it needs", () => {
		const halves = new StapledPacketSerializer({ serialize: () => bytesOf("a") }, { deserialize: () => 1 });
		assertEquals(halves.serialize(0 as never), bytesOf("a"));
		assertThrows(() => new StapledPacketSerializer({} as never, json), TypeError, '"sent"');
		assertThrows(() => new StapledPacketSerializer(json, {} as never), TypeError, '"received"');
		assertThrows(() => new StapledIncrementalPacketSerializer(raw as never, json), TypeError, '"incrementalSerialize"');
		assertThrows(() => new StapledIncrementalPacketSerializer(json, raw as never), TypeError, '"createParser"');
		assertThrows(() => new StreamProtocol(new StapledPacketSerializer(json, json) as never), TypeError, '"serializer"');
	});
});
