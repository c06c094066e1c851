import { describe, it } from "node:test";
import { DeserializeError } from "../../src/errors.ts";
import { LengthPrefixedSerializer } from "../../src/serializers/length_prefixed_serializer.ts";
import { StructuredCloneSerializer } from "../../src/serializers/structured_clone_serializer.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";
import { bytesOf, join, readWindowed } from "./stream_outcomes.ts";

const serializer = new StructuredCloneSerializer();

describe("StructuredCloneSerializer", () => {
	it("T-SE-01: what structuredClone copies makes the trip", () => {
		const values = [
			undefined,
			null,
			1.5,
			-0,
			"grüße",
			2n ** 70n,
			[1, undefined, 3],
			new Map<unknown, unknown>([[{}, new Set([1])]]),
			new Date(0),
			/x/g,
		];
		for (const value of values) assertEquals(serializer.deserialize(serializer.serialize(value)), value);
		const cycle: unknown[] = [];
		cycle.push(cycle);
		const received = serializer.deserialize(serializer.serialize(cycle)) as unknown[];
		assertStrictEquals(received[0], received);
		const bytes = serializer.deserialize(serializer.serialize({ data: Uint8Array.of(1, 2, 3) })) as {
			data: Uint8Array;
		};
		assertEquals([...bytes.data], [1, 2, 3]);
	});

	it("T-SE-02: data that is no clone is a DeserializeError", () => {
		for (const bad of [new Uint8Array(0), bytesOf("not a clone"), new Uint8Array(20).fill(0xff)]) {
			assertThrows(() => serializer.deserialize(bad), DeserializeError, "Cannot decode the clone");
		}
	});

	it("refuses what cannot be cloned", () => {
		for (const bad of [() => 1, Symbol("x"), { a: () => 1 }])
			assertThrows(() => serializer.serialize(bad), TypeError, "Cannot clone");
	});

	it("a typed array of a packet on a stream survives the receive buffer", () => {
		const framed = new LengthPrefixedSerializer<{ data: Uint8Array }>(
			new StructuredCloneSerializer<{ data: Uint8Array }>(),
		);
		const stream = join([1, 2, 3].flatMap((n) => framed.incrementalSerialize({ data: new Uint8Array(16).fill(n) })));
		const outcomes = readWindowed(framed, stream, 7) as { packet: { data: Uint8Array } }[];
		assertEquals(
			outcomes.map(({ packet }) => [...packet.data]),
			[1, 2, 3].map((n) => new Array(16).fill(n)),
		);
	});
});
