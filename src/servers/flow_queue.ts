import type { Limits } from "../limits.ts";
import type { DatagramDrops } from "./stats.ts";

/** @internal What the queues of a service share: its limits, and its counters. */
export interface QueueHost {
	readonly limits: Limits;
	readonly overflow: "drop-newest" | "drop-oldest";
	readonly counts: { queued: number; queuedBytes: number; readonly dropped: DatagramDrops };
}

/** @internal The datagrams that wait for one peer's handler, within the limits of the peer and of the server. */
export class FlowQueue {
	readonly #service: QueueHost;
	#items: Uint8Array[] = [];
	#first = 0;
	#bytes = 0;

	constructor(service: QueueHost) {
		this.#service = service;
	}

	get size(): number {
		return this.#items.length - this.#first;
	}

	/** Adds a datagram; where there is no room, drops one: this one, or the oldest. */
	add(data: Uint8Array): void {
		const { limits, counts, overflow } = this.#service;
		if (counts.queuedBytes + data.length > limits.queuedBytes) {
			counts.dropped.totalQueue++;
			return;
		}
		const mayDropOld = overflow === "drop-oldest" && data.length <= limits.bytesPerPeer;
		while (this.size >= limits.datagramsPerPeer || this.#bytes + data.length > limits.bytesPerPeer) {
			counts.dropped.peerQueue++;
			if (!mayDropOld) return;
			this.take();
			counts.queued--;
		}
		this.#items.push(data);
		this.#bytes += data.length;
		counts.queued++;
		counts.queuedBytes += data.length;
	}

	/** Takes the oldest. It still counts as queued, until it is delivered. */
	take(): Uint8Array | undefined {
		const data = this.#items[this.#first];
		if (data === undefined) return undefined;
		this.#items[this.#first++] = EMPTY;
		this.#bytes -= data.length;
		this.#service.counts.queuedBytes -= data.length;
		if (this.#first === this.#items.length) {
			this.#items = [];
			this.#first = 0;
		} else if (this.#first >= 64 && this.#first * 2 >= this.#items.length) {
			this.#items = this.#items.slice(this.#first);
			this.#first = 0;
		}
		return data;
	}

	/** Drops all. */
	drop(why: "evicted" | "stopped"): void {
		const { counts } = this.#service;
		counts.queued -= this.size;
		counts.dropped[why] += this.size;
		counts.queuedBytes -= this.#bytes;
		this.#items = [];
		this.#first = 0;
		this.#bytes = 0;
	}
}

const EMPTY = new Uint8Array(0);
