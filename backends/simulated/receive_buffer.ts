import { SimulatedEvent } from "./event_queue.ts";
import type { SimulatedPacket } from "./packet.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** What the kernel of Linux counts for a small datagram on top of its data, in bytes. */
const OVERHEAD = 768;

/** What the kernel keeps for a socket until the program reads it: datagrams up to a number of bytes, and one error. */
export class ReceiveBuffer {
	/** Datagrams that did not fit. */
	drops = 0;
	readonly #clock: VirtualClock;
	readonly #limit: number;
	readonly #reading: SimulatedEvent;
	/** The oldest first; wrapped, as a duplicated packet is in here twice. */
	readonly #packets: Set<{ packet: SimulatedPacket }> = new Set();
	#bytes = 0;
	#error: Error | undefined;

	constructor(
		clock: VirtualClock,
		limit: number,
		deliver: (packet: SimulatedPacket) => void,
		fail: (error: Error) => void,
	) {
		this.#clock = clock;
		this.#limit = limit;
		this.#reading = new SimulatedEvent(() => {
			const error = this.takeError();
			const packet = error === undefined ? this.#shift() : undefined;
			this.#read();
			if (error !== undefined) fail(error);
			else if (packet !== undefined) deliver(packet);
		}, true);
	}

	/** Adds a datagram, to be read in a later event. Answers false if it does not fit; one always does. */
	push(packet: SimulatedPacket): boolean {
		const bytes = packet.data.length + OVERHEAD;
		if (this.#bytes > 0 && this.#bytes + bytes > this.#limit) {
			this.drops++;
			return false;
		}
		this.#bytes += bytes;
		this.#packets.add({ packet });
		this.#read();
		return true;
	}

	/** Sets the error, to be read ahead of the datagrams. */
	fail(error: Error): void {
		this.#error = error;
		this.#read();
	}

	/** Takes the error: a call that fails with it reports it instead of the next read. */
	takeError(): Error | undefined {
		const error = this.#error;
		this.#error = undefined;
		return error;
	}

	/** Forgets everything. */
	close(): void {
		this.#packets.clear();
		this.#error = undefined;
		this.#clock.events.cancel(this.#reading);
	}

	#read(): void {
		if (this.#reading.index >= 0 || (this.#packets.size === 0 && this.#error === undefined)) return;
		this.#clock.events.schedule(this.#reading, this.#clock.now());
	}

	#shift(): SimulatedPacket | undefined {
		for (const entry of this.#packets) {
			this.#packets.delete(entry);
			this.#bytes -= entry.packet.data.length + OVERHEAD;
			return entry.packet;
		}
		return undefined;
	}
}
