import type { PacketInput } from "../serializers/incremental_serializer.ts";

const EMPTY = new Uint8Array(0);

/** The smallest buffer of its own, in bytes: doubling begins here. */
const MIN_CAPACITY = 256;

/**
 * The received bytes that no packet has taken yet, in one piece.
 *
 * A chunk that finds the buffer empty becomes the buffer; only what a parser leaves of it is ever copied, so that a chunk
 * of whole packets is parsed where it arrived. Behind left-over bytes chunks are copied into a buffer that doubles, which
 * costs linear time however small they are. Or the bytes are received into the buffer itself, by `window` and `commit`.
 */
export class ReceiveBuffer implements PacketInput {
	buffer: Uint8Array = EMPTY;
	start = 0;
	end = 0;
	/** Whether `buffer` is ours to write to; otherwise it is a chunk. */
	#owned = false;
	/** The size of the window that was handed out and not yet committed, or -1. */
	#offered = -1;
	/** Whether bytes last came through a window, so that the next one will be wanted soon. */
	#windowed = false;

	/** Takes a chunk over. */
	append(chunk: Uint8Array): void {
		if (this.#offered !== -1) throw new Error("Cannot feed a chunk: a window of the receive buffer is handed out");
		if (chunk.length === 0) return;
		this.#windowed = false;
		if (this.start === this.end) {
			this.#replace(chunk, 0, chunk.length, false);
			return;
		}
		this.#makeRoom(chunk.length);
		this.buffer.set(chunk, this.end);
		this.end += chunk.length;
	}

	/** Room behind the bytes, of at least `minSize` bytes, to receive into. */
	window(minSize: number): Uint8Array {
		this.#windowed = true;
		if (this.#owned && this.start === this.end) {
			this.start = this.end = 0;
			if (this.buffer.length > 4 * minSize) this.#replace(EMPTY, 0, 0, false);
		}
		this.#makeRoom(minSize);
		const window = this.buffer.subarray(this.end);
		this.#offered = window.length;
		return window;
	}

	/** Adds the first `count` bytes of the window. */
	commit(count: number): void {
		if (this.#offered === -1) throw new Error("Cannot commit received bytes: no window was handed out");
		if (!Number.isInteger(count) || count < 0 || count > this.#offered) {
			throw new RangeError(`Cannot commit ${count} received bytes: the window has ${this.#offered}`);
		}
		this.end += count;
		this.#offered = -1;
	}

	/** Lets go of memory that waits in vain: called when more bytes are needed. */
	settle(): void {
		const size = this.end - this.start;
		if (this.#owned ? this.#windowed || size > 0 : size * 8 > this.buffer.buffer.byteLength) return;
		if (size === 0) this.#replace(EMPTY, 0, 0, false);
		else if (this.buffer.buffer.byteLength > MIN_CAPACITY) this.#move(size + MIN_CAPACITY);
	}

	/** Drops all bytes. */
	clear(): void {
		this.start = this.end;
	}

	#makeRoom(count: number): void {
		if (this.#owned && this.end + count <= this.buffer.length) return;
		const size = this.end - this.start;
		if (this.#owned && this.start >= size && size + count <= this.buffer.length) {
			this.buffer.copyWithin(0, this.start, this.end);
			this.start = 0;
			this.end = size;
		} else {
			this.#move(size + Math.max(count, size, MIN_CAPACITY));
		}
	}

	#move(capacity: number): void {
		const grown = new Uint8Array(capacity);
		grown.set(this.buffer.subarray(this.start, this.end));
		this.#replace(grown, 0, this.end - this.start, true);
	}

	#replace(buffer: Uint8Array, start: number, end: number, owned: boolean): void {
		this.buffer = buffer;
		this.start = start;
		this.end = end;
		this.#owned = owned;
	}
}
