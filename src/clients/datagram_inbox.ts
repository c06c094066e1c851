import type { Scheduler } from "../concurrency/scheduler.ts";
import { park, type Waiter, type WaitOptions } from "../concurrency/waiter.ts";
import { type Received, ReceiveQueue } from "../sockets/receive_queue.ts";

/** @internal Datagrams for whoever receives next; bounded in bytes. */
export class DatagramInbox {
	/** Datagrams for which there was no room. */
	dropped = 0;
	readonly #queue: ReceiveQueue;
	readonly #receivers: Set<Waiter<Received>> = new Set();

	constructor(limit: number) {
		this.#queue = new ReceiveQueue(limit);
	}

	/** Gives the datagram to whoever waits longest, or keeps it. */
	put(datagram: Received): void {
		for (const receiver of this.#receivers) {
			this.#receivers.delete(receiver);
			if (receiver.resolve(datagram)) return;
		}
		if (!this.#queue.add(datagram)) this.dropped++;
	}

	/**
	 * The oldest datagram; waits for one.
	 *
	 * @param check Throws when none can come any more.
	 */
	take(scheduler: Scheduler, wait: WaitOptions & { waitsFor: string }, check: () => void): Promise<Received> {
		return park<Received>(scheduler, wait, (waiter) => {
			if (this.#queue.size > 0) return void waiter.resolve(this.#queue.take());
			check();
			this.#receivers.add(waiter);
			return () => this.#receivers.delete(waiter);
		});
	}

	/** Ends all waits with the error; answers whether there were any. */
	fail(error: Error): boolean {
		const receivers = [...this.#receivers];
		this.#receivers.clear();
		for (const receiver of receivers) receiver.reject(error);
		return receivers.length > 0;
	}

	/** Drops what nobody took. */
	clear(): void {
		this.#queue.clear();
	}
}
