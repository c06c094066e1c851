import { IncompletePacketError, LimitOverrunError } from "../errors.ts";
import { cutOffLength, indexOfBytes } from "./byte_search.ts";
import { NEED_MORE, type NeedMore, type PacketInput, type PacketParser } from "./incremental_serializer.ts";

/**
 * Reads packets that each end with a separator. Of a packet above the limit nothing is kept, and nothing of it is ever
 * taken for another packet: the stream goes on behind its separator, whenever that arrives.
 */
export class DelimitedParser<Packet> implements PacketParser<Packet> {
	readonly #separator: Uint8Array;
	readonly #limit: number;
	readonly #decode: (buffer: Uint8Array, start: number, end: number) => Packet;
	/** Behind `start`, no separator begins in this many bytes. */
	#scanned = 0;
	/** Whether the bytes up to the next separator belong to a packet that was refused. */
	#discarding = false;

	/**
	 * @param separator What ends a packet; not empty.
	 * @param limit The largest packet in bytes, the separator not counted.
	 * @param decode Makes a packet of the bytes in front of a separator.
	 */
	constructor(
		separator: Uint8Array,
		limit: number,
		decode: (buffer: Uint8Array, start: number, end: number) => Packet,
	) {
		this.#separator = separator;
		this.#limit = limit;
		this.#decode = decode;
	}

	parse(input: PacketInput): Packet | NeedMore {
		for (;;) {
			const { buffer, start, end } = input;
			const at = indexOfBytes(buffer, this.#separator, start + this.#scanned, end);
			if (at === -1) return this.#wait(input);
			this.#scanned = 0;
			input.start = at + this.#separator.length;
			if (this.#discarding) {
				this.#discarding = false;
				continue;
			}
			if (at - start > this.#limit) throw new LimitOverrunError("limit", this.#limit);
			return this.#decode(buffer, start, at);
		}
	}

	#wait(input: PacketInput): NeedMore {
		const { buffer, start, end } = input;
		const overrun = end - start > this.#limit;
		if (!this.#discarding && !overrun) {
			this.#scanned = Math.max(0, end - start - this.#separator.length + 1);
			return NEED_MORE;
		}
		const payloadEnd = end - cutOffLength(buffer, this.#separator, start, end);
		if (!this.#discarding && payloadEnd - start <= this.#limit) return NEED_MORE;
		input.start = payloadEnd;
		this.#scanned = 0;
		if (this.#discarding) return NEED_MORE;
		this.#discarding = true;
		throw new LimitOverrunError("limit", this.#limit);
	}

	end(input: PacketInput): NeedMore {
		if (input.start !== input.end && !this.#discarding) throw new IncompletePacketError();
		input.start = input.end;
		return NEED_MORE;
	}
}
