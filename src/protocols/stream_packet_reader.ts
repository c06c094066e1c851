import {
	DeserializeError,
	IncompletePacketError,
	PacketConversionError,
	ProtocolCrashError,
	StreamProtocolParseError,
} from "../errors.ts";
import {
	type IncrementalPacketSerializer,
	NEED_MORE,
	type NeedMore,
	type PacketParser,
} from "../serializers/incremental_serializer.ts";
import type { PacketConverter } from "./packet_converter.ts";
import { reasonOf } from "./reason_of.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";

/**
 * Takes the packets out of the bytes of one stream. Made by {@linkcode StreamProtocol.createReader}, one per connection.
 *
 * Bytes arrive in one of two ways, which may be mixed; packets, limits and errors are the same:
 * - `feed(chunk)` takes over a chunk that the system allocated, and parses it where it is;
 * - `window()` hands out a part of the receive buffer for the system to write to, and `commit()` says how much it wrote.
 *
 * After each, call `next()` until it returns {@linkcode NEED_MORE}.
 *
 * @typeParam Received What is received.
 */
export class StreamPacketReader<Received> {
	readonly #serializer: IncrementalPacketSerializer<never, unknown>;
	readonly #converter: PacketConverter<never, unknown, unknown, unknown> | undefined;
	readonly #input = new ReceiveBuffer();
	#parser: PacketParser<unknown>;
	/** Whether the parser has asked for more of the packet that it is at. */
	#waiting = false;
	#ended = false;
	#finished = false;
	#failure: StreamProtocolParseError | undefined;

	/** @internal Use {@linkcode StreamProtocol.createReader}. */
	constructor(
		serializer: IncrementalPacketSerializer<never, unknown>,
		converter: PacketConverter<never, unknown, unknown, unknown> | undefined,
	) {
		this.#serializer = serializer;
		this.#converter = converter;
		this.#parser = serializer.createParser();
	}

	/** How many received bytes wait for the rest of their packet, or for `next()`. */
	get bufferedBytes(): number {
		return this.#input.end - this.#input.start;
	}

	/** Whether a fatal error was found: nothing more can be read. */
	get failed(): boolean {
		return this.#failure !== undefined;
	}

	/**
	 * Adds received bytes. The chunk belongs to the reader from now on: nobody may write to it any more.
	 *
	 * @throws {Error} when the stream has ended, or a window is handed out.
	 */
	feed(chunk: Uint8Array): void {
		this.#requireOpen();
		if (this.#failure === undefined) this.#input.append(chunk);
	}

	/**
	 * A part of the receive buffer, to receive into without a copy. It is good until `commit()`.
	 *
	 * @param minSize The least size in bytes. Default: 16,384.
	 * @throws {Error} when the stream has ended.
	 */
	window(minSize = 16_384): Uint8Array {
		this.#requireOpen();
		return this.#input.window(minSize);
	}

	/**
	 * Adds the first `count` bytes of the window. The window must not be used any more.
	 *
	 * @throws {Error} when no window is handed out.
	 * @throws {RangeError} when `count` is not an integer from 0 to the size of the window.
	 */
	commit(count: number): void {
		this.#input.commit(count);
		if (this.#failure !== undefined) this.#input.clear();
	}

	/** Says that the stream has ended; `next()` has the last word on the bytes that are left. */
	end(): void {
		this.#ended = true;
	}

	/**
	 * The next packet, or {@linkcode NEED_MORE}.
	 *
	 * @throws {StreamProtocolParseError} when a packet is refused; `error` says why. The next call goes on behind it, unless
	 * the error is `fatal`: then each call throws it again, and bytes are dropped as they arrive. Fatal is also
	 * {@linkcode IncompletePacketError}, when the stream ended inside a packet.
	 * @throws {ProtocolCrashError} when the serializer or the converter fails in any other way, which is a bug there. If the
	 * parser had not asked for more of this packet, its bytes are kept, to be looked at; otherwise all bytes are dropped. A
	 * packet that the converter fails on is consumed.
	 */
	next(): Received | NeedMore {
		if (this.#failure !== undefined) throw this.#failure;
		const dto = this.#parse();
		if (dto === NEED_MORE || this.#converter === undefined) return dto as Received | NeedMore;
		try {
			return this.#converter.fromDto(dto) as Received;
		} catch (error) {
			throw error instanceof PacketConversionError ? this.#refuse(error) : crash(error);
		}
	}

	#parse(): unknown {
		const input = this.#input;
		const { start } = input;
		if (start === input.end && !this.#ended) return NEED_MORE;
		let packet: unknown = NEED_MORE;
		try {
			if (start !== input.end) packet = this.#parser.parse(input);
			if (packet === NEED_MORE && this.#ended) packet = this.#finish();
			if (input.start < start || input.start > input.end) throw new RangeError("the parser consumed too much");
			if (packet === NEED_MORE) {
				this.#waiting = true;
				input.settle();
				return packet;
			}
			if (input.start === start && !this.#waiting) throw new Error("the parser consumed nothing for a packet");
		} catch (error) {
			const stuck = input.start === start && !this.#waiting && !this.#finished;
			if (error instanceof DeserializeError && (error.fatal || !stuck)) throw this.#refuse(error);
			input.start = this.#waiting ? input.end : start;
			this.#waiting = false;
			this.#parser = this.#serializer.createParser();
			throw crash(error);
		}
		this.#waiting = false;
		return packet;
	}

	#finish(): unknown {
		if (this.#finished) return NEED_MORE;
		this.#finished = true;
		if (this.#parser.end !== undefined) return this.#parser.end(this.#input);
		if (this.bufferedBytes > 0) throw new IncompletePacketError();
		return NEED_MORE;
	}

	#refuse(error: DeserializeError | PacketConversionError): StreamProtocolParseError {
		const input = this.#input;
		this.#waiting = false;
		const fatal = error instanceof DeserializeError && error.fatal;
		if (fatal) input.clear();
		const refusal = new StreamProtocolParseError(error, input.buffer.subarray(input.start, input.end));
		if (fatal) this.#failure = refusal;
		return refusal;
	}

	#requireOpen(): void {
		if (this.#ended) throw new Error("Cannot receive more of the stream: it has ended");
	}
}

function crash(error: unknown): ProtocolCrashError {
	return new ProtocolCrashError(`Cannot parse the stream: the protocol crashed: ${reasonOf(error)}`, { cause: error });
}
