/** Runs a serializer's stream form and says what came out. */

import fc from "fast-check";
import { DeserializeError, StreamProtocolParseError } from "../../src/errors.ts";
import type { StreamPacketReader } from "../../src/protocols/stream_packet_reader.ts";
import { StreamProtocol } from "../../src/protocols/stream_protocol.ts";
import { type IncrementalPacketSerializer, NEED_MORE } from "../../src/serializers/incremental_serializer.ts";
import { assertInstanceOf } from "../support/assert.ts";

/** A packet, or the class name of the error that stands in its place. */
export type Outcome = { packet: unknown } | { error: string };

/** What `next()` gives until it needs more, with the bytes that remain after each. */
export function drain(reader: StreamPacketReader<unknown>, remaining?: Uint8Array[]): Outcome[] {
	const outcomes: Outcome[] = [];
	for (;;) {
		try {
			const packet = reader.next();
			if (packet === NEED_MORE) return outcomes;
			outcomes.push({ packet });
		} catch (error) {
			assertInstanceOf(error, StreamProtocolParseError);
			outcomes.push({ error: error.error.name });
			remaining?.push(error.remainingData.slice());
			if (error.fatal) return outcomes;
		}
	}
}

export function readerOf<R>(serializer: IncrementalPacketSerializer<never, R>): StreamPacketReader<R> {
	return new StreamProtocol<never, R>(serializer as IncrementalPacketSerializer<never, R>).createReader();
}

/** The outcomes of chunks that are fed; each chunk is overwritten afterwards, so that what keeps a view is found out. */
export function readFed(
	serializer: IncrementalPacketSerializer<never, unknown>,
	chunks: Iterable<Uint8Array>,
): Outcome[] {
	const reader = readerOf(serializer);
	const outcomes: Outcome[] = [];
	for (const chunk of chunks) {
		const copy = new Uint8Array(chunk);
		reader.feed(copy);
		outcomes.push(...drain(reader));
		if (reader.failed) break;
		if (reader.bufferedBytes === 0) copy.fill(0xaa);
	}
	return outcomes;
}

/** The outcomes of bytes that are written to the reader's windows, at most `size` at a time. */
export function readWindowed(
	serializer: IncrementalPacketSerializer<never, unknown>,
	data: Uint8Array,
	size: number,
): Outcome[] {
	const reader = readerOf(serializer);
	const outcomes: Outcome[] = [];
	for (let at = 0; at < data.length; ) {
		const window = reader.window(size);
		const count = Math.min(size, data.length - at);
		window.set(data.subarray(at, at + count));
		window.fill(0xaa, count);
		reader.commit(count);
		outcomes.push(...drain(reader));
		if (reader.failed) return outcomes;
		at += count;
	}
	reader.window(1).fill(0xaa);
	reader.commit(0);
	return outcomes;
}

/** `data` cut at the given places. */
export function cut(data: Uint8Array, places: readonly number[]): Uint8Array[] {
	const sorted = [...places].map((place) => place % (data.length + 1)).sort((a, b) => a - b);
	return [...sorted, data.length].map((place, i) => data.subarray(sorted[i - 1] ?? 0, place));
}

/** Places to cut at. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.nat(), { maxLength: 12 });

export function bytesOf(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}

export function hex(data: Uint8Array): string {
	return [...data].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text: string): Uint8Array {
	return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function join(chunks: Iterable<Uint8Array>): Uint8Array {
	return Uint8Array.from([...chunks].flatMap((chunk) => [...chunk]));
}

/** Whether `fn` returns, or throws nothing but a DeserializeError. */
export function orDeserializeError<T>(fn: () => T): T | undefined {
	try {
		return fn();
	} catch (error) {
		assertInstanceOf(error, DeserializeError);
		return undefined;
	}
}
