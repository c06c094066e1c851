import type { Scheduler } from "../concurrency/scheduler.ts";
import { checkWait, park, type Waiter, type WaitOptions } from "../concurrency/waiter.ts";
import { BusyResourceError } from "../errors.ts";
import { canonicalIp } from "./ip.ts";
import { type Received, ReceiveQueue } from "./receive_queue.ts";

/** @internal Who takes the datagrams of a socket, as soon as they arrive. */
export type DatagramSink = (data: Uint8Array, host: string, port: number) => void;

/** @internal What a receiver counts. */
export interface ReceiverStats {
	/** Datagrams handed over by the system, dropped ones included. */
	received: number;
	/** Dropped because the receive queue was full. */
	queueFull: number;
	/** Dropped because they came from somebody else than the peer of a connected socket. */
	foreign: number;
	/** Dropped because they still waited when the socket was closed. */
	discarded: number;
}

interface Peer {
	readonly host: string;
	readonly port: number;
}

/** @internal The receiving half of a datagram socket: datagrams go to a sink, or wait in a bounded queue for `receive`. */
export class DatagramIntake {
	/** Names the socket, for messages. */
	name = "a socket";
	readonly #scheduler: Scheduler;
	readonly #stats: ReceiverStats;
	readonly #queue: ReceiveQueue;
	readonly #peer: Peer | undefined;
	#sink: DatagramSink | undefined;
	#waiter: Waiter<void> | undefined;
	#receiving = false;
	#error: Error | undefined;
	#ended: Error | undefined;

	/** @param peer The only one whose datagrams count. */
	constructor(scheduler: Scheduler, queuedBytes: number, stats: ReceiverStats, peer: Peer | undefined) {
		this.#scheduler = scheduler;
		this.#queue = new ReceiveQueue(queuedBytes);
		this.#stats = stats;
		this.#peer = peer;
	}

	/** Datagrams that nobody took yet. */
	get size(): number {
		return this.#queue.size;
	}

	/** Their bytes. */
	get bytes(): number {
		return this.#queue.bytes;
	}

	/** Takes a datagram from the system. */
	message(data: Uint8Array, host: string, port: number): void {
		if (this.#ended !== undefined) return;
		this.#stats.received++;
		if (this.#peer !== undefined && !isFrom(this.#peer, host, port)) {
			this.#stats.foreign++;
		} else if (this.#sink !== undefined) {
			this.#sink(data, host, port);
		} else if (this.#queue.add({ data, host, port })) {
			this.#waiter?.resolve();
		} else {
			this.#stats.queueFull++;
		}
	}

	/** Gives every datagram to `sink`, first what is queued; with `undefined`, queues them again. */
	consume(sink: DatagramSink | undefined): void {
		this.#sink = sink;
		while (sink !== undefined && this.#sink === sink && this.#queue.size > 0) {
			const { data, host, port } = this.#queue.take();
			sink(data, host, port);
		}
	}

	/** The next datagram. See `UdpSocket.receive()`. */
	async receive(options: WaitOptions): Promise<Received> {
		if (this.#receiving) throw new BusyResourceError("Cannot receive: another task is receiving on this socket");
		checkWait(this.#scheduler, options);
		this.#receiving = true;
		try {
			while (this.#queue.size === 0) {
				this.throwPending();
				await this.#arrival(options);
			}
			return this.#queue.take();
		} finally {
			this.#receiving = false;
			this.#waiter = undefined;
		}
	}

	/** Ends the pending `receive` with an error of the system; without one, the next call gets it. */
	fail(error: Error): void {
		if (this.#waiter === undefined || !this.#waiter.reject(error)) this.#error = error;
	}

	/** What the system said between two calls is thrown by the next one, once. */
	throwPending(): void {
		if (this.#ended !== undefined) throw this.#ended;
		const error = this.#error;
		this.#error = undefined;
		if (error !== undefined) throw error;
	}

	/** Nothing comes any more: what is queued is dropped, and a pending `receive` ends with `reason`. */
	end(reason: Error): void {
		this.#ended = reason;
		this.#stats.discarded += this.#queue.size;
		this.#queue.clear();
		this.#waiter?.reject(reason);
	}

	#arrival({ timeout, signal }: WaitOptions): Promise<void> {
		return park<void>(this.#scheduler, { timeout, signal, waitsFor: `a datagram on ${this.name}` }, (waiter) => {
			this.#waiter = waiter;
		});
	}
}

/** Addresses are spelled alike nearly always. */
function isFrom(peer: Peer, host: string, port: number): boolean {
	return port === peer.port && (host === peer.host || canonicalIp(host) === canonicalIp(peer.host));
}
