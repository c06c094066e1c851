import { describe, it } from "node:test";
import { BytesSerializer } from "../../src/serializers/bytes_serializer.ts";
import { assertStrictEquals, assertThrows } from "../support/assert.ts";

describe("BytesSerializer", () => {
	const serializer = new BytesSerializer();

	it("T-SE-01: the packet is the bytes themselves, uncopied", () => {
		for (const data of [new Uint8Array(0), Uint8Array.of(0, 255), new Uint8Array(9).subarray(3, 5)]) {
			assertStrictEquals(serializer.serialize(data), data);
			assertStrictEquals(serializer.deserialize(data), data);
		}
	});

	it("refuses packets that are not a Uint8Array", () => {
		for (const packet of ["text", undefined, [1, 2], new ArrayBuffer(2), new Uint16Array(2)]) {
			assertThrows(() => serializer.serialize(packet as never), TypeError, "expected a Uint8Array");
		}
	});
});
