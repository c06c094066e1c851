import type { PacketSerializer } from "./packet_serializer.ts";

/** What a parser, or a reader, returns when the bytes received so far hold no whole packet. */
export const NEED_MORE: unique symbol = Symbol("netquay.NEED_MORE");

/** The type of {@linkcode NEED_MORE}. */
export type NeedMore = typeof NEED_MORE;

/** The bytes of a stream that were received and not yet consumed: `buffer` from `start` up to `end`. */
export interface PacketInput {
	/** The receive buffer. It is used again: what outlives the call must be copied. */
	readonly buffer: Uint8Array;
	/** Where the bytes begin. The parser consumes bytes by moving it forward, never beyond `end`. */
	start: number;
	/** Where the bytes end. What `buffer` holds behind it has no meaning. */
	readonly end: number;
}

/**
 * Reads the packets of one stream from its receive buffer, one after the other.
 *
 * It keeps no bytes, only its place: what it did not consume is offered again, with more behind it and perhaps in another
 * buffer, so a place is a distance from `start`. A parser that goes on where it stopped costs linear time, however small
 * the pieces in which a packet arrives.
 *
 * @typeParam Packet What is received.
 */
export interface PacketParser<Packet> {
	/**
	 * The next packet, its bytes consumed; or {@linkcode NEED_MORE}, with any part of them consumed.
	 *
	 * @throws {DeserializeError} when the packet is refused. Its bytes are consumed, at least one, and the next call begins
	 * behind it; or the error is `fatal`. Anything else it throws is a bug of the parser.
	 */
	parse(input: PacketInput): Packet | NeedMore;
	/**
	 * Called once, when the stream has ended and `parse` needs more: the packet that the end completes, or
	 * {@linkcode NEED_MORE} if there is none. A parser without this method treats the bytes that are left as an
	 * {@linkcode IncompletePacketError}.
	 *
	 * @throws {DeserializeError} when the stream ended inside a packet, or the last packet is refused.
	 */
	end?(input: PacketInput): Packet | NeedMore;
}

/**
 * A {@linkcode PacketSerializer} whose packets can follow each other in a stream.
 *
 * Often there is no need to write one: {@linkcode DelimitedSerializer}, {@linkcode LengthPrefixedSerializer},
 * {@linkcode FixedLengthSerializer} and {@linkcode EndOfStreamSerializer} put any serializer on a stream.
 *
 * @example
 * ```ts
 * import { type IncrementalPacketSerializer, NEED_MORE } from "netquay";
 *
 * const bits: IncrementalPacketSerializer<boolean> = {
 * 	serialize: (packet) => Uint8Array.of(Number(packet)),
 * 	deserialize: (data) => data[0] === 1,
 * 	incrementalSerialize: (packet) => [Uint8Array.of(Number(packet))],
 * 	createParser: () => ({
 * 		parse: (input) => (input.start === input.end ? NEED_MORE : input.buffer[input.start++] === 1),
 * 	}),
 * };
 * console.log(bits.createParser().parse({ buffer: Uint8Array.of(1), start: 0, end: 1 }));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export interface IncrementalPacketSerializer<Sent, Received = Sent> extends PacketSerializer<Sent, Received> {
	/** The bytes of a packet on a stream, in pieces; none at all if the packet needs no bytes. */
	incrementalSerialize(packet: Sent): Iterable<Uint8Array>;
	/** A parser for the packets of one stream. */
	createParser(): PacketParser<Received>;
}
