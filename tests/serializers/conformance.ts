/** The cases T-SE-01 to T-SE-10 for any incremental serializer. */

import { it } from "node:test";
import fc from "fast-check";
import { DeserializeError } from "../../src/errors.ts";
import type { IncrementalPacketSerializer } from "../../src/serializers/incremental_serializer.ts";
import type { PacketSerializer } from "../../src/serializers/packet_serializer.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";
import {
	cut,
	cuts,
	drain,
	hex,
	join,
	type Outcome,
	orDeserializeError,
	readerOf,
	readFed,
	readWindowed,
} from "./stream_outcomes.ts";

export interface OneShotCase<Sent> {
	readonly serializer: PacketSerializer<Sent, unknown>;
	/** Packets with their bytes in a datagram, if each packet has one form only. */
	readonly samples: readonly (readonly [packet: Sent, data: Uint8Array | undefined])[];
	/** Data that must be refused. */
	readonly invalid: readonly Uint8Array[];
	/** What stands behind a packet to make it invalid; none where the format cannot tell. */
	readonly extra?: Uint8Array;
}

export interface StreamCase<Sent> {
	readonly serializer: IncrementalPacketSerializer<Sent, unknown>;
	/** Packets with their bytes on a stream, if each packet has one form only. */
	readonly samples: readonly (readonly [packet: Sent, data: Uint8Array | undefined])[];
	/** The bytes of whole packets that must be refused, and behind which the stream goes on. */
	readonly invalid: readonly Uint8Array[];
}

export function testOneShot<Sent>({ serializer, samples, invalid, extra }: OneShotCase<Sent>): void {
	it("T-SE-01: makes the reference bytes, and the packet of them", () => {
		for (const [packet, reference] of samples) {
			const data = serializer.serialize(packet);
			if (reference !== undefined) assertStrictEquals(hex(data), hex(reference));
			assertEquals<unknown>(serializer.deserialize(data), packet);
			assertEquals<unknown>(serializer.deserialize(reference ?? data), packet);
		}
	});

	it("T-SE-02: refuses invalid data with a DeserializeError", () => {
		for (const data of invalid) assertThrows(() => serializer.deserialize(data), DeserializeError);
	});

	if (extra !== undefined) {
		it("T-SE-03: refuses bytes behind a packet, and packets cut short", () => {
			for (const [packet] of samples) {
				const data = serializer.serialize(packet);
				assertThrows(() => serializer.deserialize(join([data, extra])), DeserializeError);
				for (let length = 0; length < data.length; length += Math.ceil(data.length / 50)) {
					assertThrows(() => serializer.deserialize(data.subarray(0, length)), DeserializeError);
				}
			}
		});
	}

	it("T-SE-02 property: random and damaged data is a packet or a DeserializeError", () => {
		const valid = samples.map(([packet]) => serializer.serialize(packet)).filter(({ length }) => length > 0);
		const damaged = fc.tuple(fc.constantFrom(...valid), fc.nat(), fc.nat(255)).map(([data, at, byte]) => {
			const copy = data.slice();
			copy[at % copy.length] = byte;
			return copy;
		});
		fc.assert(
			fc.property(
				fc.oneof(fc.uint8Array(), damaged),
				(data) => void orDeserializeError(() => serializer.deserialize(data)),
			),
			{ numRuns: 300 },
		);
	});

	it("a packet is good after its data was overwritten, unless the serializer says that it keeps it", () => {
		if (serializer.keepsData !== false) return;
		for (const [packet] of samples) {
			const data = new Uint8Array(serializer.serialize(packet));
			const received = serializer.deserialize(data);
			data.fill(0xaa);
			assertEquals<unknown>(received, packet);
		}
	});
}

export function testStream<Sent>({ serializer, samples, invalid }: StreamCase<Sent>): void {
	const packetOf = (packet: unknown): Outcome => ({ packet });
	const encoded = samples.map(([packet]) => join(serializer.incrementalSerialize(packet)));
	const packets = samples.map(([packet]) => packetOf(packet));

	it("T-SE-04: the chunks of a packet are its reference bytes", () => {
		for (const [i, [, reference]] of samples.entries()) {
			if (reference !== undefined) assertStrictEquals(hex(encoded[i] as Uint8Array), hex(reference));
		}
	});

	it("T-SE-05, T-SE-06, T-SE-08: a whole packet is taken, what is behind it stays", () => {
		for (const [i, data] of encoded.entries()) {
			const reader = readerOf(serializer);
			reader.feed(new Uint8Array(0));
			reader.feed(data.slice());
			assertEquals(drain(reader), [packets[i] as Outcome]);
			assertStrictEquals(reader.bufferedBytes, 0);
			const behind = encoded[(i + 1) % encoded.length] as Uint8Array;
			reader.feed(join([data, behind.subarray(0, behind.length - 1)]));
			assertEquals(reader.next(), samples[i]?.[0]);
			assertStrictEquals(reader.bufferedBytes, behind.length - 1);
			assertEquals(drain(reader), []);
			reader.feed(behind.slice(behind.length - 1));
			assertEquals(drain(reader), [packets[(i + 1) % encoded.length] as Outcome]);
		}
	});

	it("T-SE-07, T-SE-10: byte per byte, fed and through windows, with empty chunks between", () => {
		const data = join(encoded);
		const chunks = [...data].flatMap((byte) => [new Uint8Array(0), Uint8Array.of(byte), new Uint8Array(0)]);
		assertEquals(readFed(serializer, chunks), packets);
		for (const size of [1, 2, 7, 65_536]) assertEquals(readWindowed(serializer, data, size), packets);
	});

	it("T-SE-09: a refused packet leaves exactly what is behind it", () => {
		const tail = encoded[0] as Uint8Array;
		for (const bad of invalid) {
			const reader = readerOf(serializer);
			reader.feed(join([bad, tail]));
			const remaining: Uint8Array[] = [];
			const [refused, next, ...rest] = drain(reader, remaining);
			assertEquals({ refused: "error" in (refused ?? {}), next, rest }, { refused: true, next: packets[0], rest: [] });
			assertStrictEquals(hex(remaining[0] as Uint8Array), hex(tail));
			const byBytes = readFed(
				serializer,
				[...join([bad, tail])].map((byte) => Uint8Array.of(byte)),
			);
			assertEquals(byBytes, [refused, next]);
		}
	});

	it("S11 property: any split of any packets, good and bad, has the same outcomes", () => {
		const pieces = [
			...encoded.map((data, i) => ({ data, outcome: packets[i] as Outcome })),
			...invalid.map((data) => ({ data, outcome: readFed(serializer, [data])[0] as Outcome })),
		];
		fc.assert(
			fc.property(
				fc.array(fc.constantFrom(...pieces), { maxLength: 6 }),
				cuts,
				fc.integer({ min: 1, max: 40 }),
				(list, places, size) => {
					const data = join(list.map((piece) => piece.data));
					const outcomes = list.map(({ outcome }) => outcome);
					assertEquals(readFed(serializer, cut(data, places)), outcomes);
					assertEquals(readWindowed(serializer, data, size), outcomes);
				},
			),
			{ numRuns: 100 },
		);
	});

	it("property: random bytes on a stream are packets or refusals, and never a crash", () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (chunks) => {
				const data = join(chunks);
				assertEquals(readFed(serializer, chunks), readFed(serializer, [data]));
			}),
			{ numRuns: 200 },
		);
	});
}
