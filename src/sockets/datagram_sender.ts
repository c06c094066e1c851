import type { RawDatagramSocket } from "../backend/driver.ts";
import type { Scheduler } from "../concurrency/scheduler.ts";
import { park, type Waiter, type WaitOptions } from "../concurrency/waiter.ts";
import { MessageTooLargeError, SendQueueFullError } from "../errors.ts";
import { formatAddress } from "./address.ts";
import { SendRetry } from "./send_retry.ts";
import { isTransient, socketError } from "./system_error.ts";

/** Above this many bytes that the system did not take, `send` waits until it took them all. */
const HIGH_WATER = 64 * 1024;

const SENT: Promise<void> = Promise.resolve();

/** @internal What a sender has to know of its socket. */
export interface SenderOptions {
	/** Names the socket, for messages. */
	readonly name: string;
	/** The largest datagram, in bytes. */
	readonly maxPayload: number;
	/** How many bytes may wait. */
	readonly queueBytes: number;
	/** Told of each datagram that could not be sent, for a reason known only after `send`. */
	readonly onFailed: (error: Error) => void;
}

/** @internal The sending half of a datagram socket: bounded, in order, tried again when the system is out of buffers. */
export class DatagramSender {
	readonly #scheduler: Scheduler;
	readonly #raw: RawDatagramSocket;
	readonly #options: SenderOptions;
	readonly #retry: SendRetry;
	/** Who waits for the system's answer, and who for room. */
	readonly #unanswered: Set<Waiter<void>> = new Set();
	readonly #drainWaiters: Set<Waiter<void>> = new Set();
	#onIdle: (() => void) | undefined;
	#ended: Error | undefined;

	constructor(scheduler: Scheduler, raw: RawDatagramSocket, options: SenderOptions) {
		this.#scheduler = scheduler;
		this.#raw = raw;
		this.#options = options;
		this.#retry = new SendRetry(raw, scheduler.timers, () => this.drained());
	}

	/**
	 * Sends without waiting for the system's answer: the path of servers. The promise is settled already, unless much
	 * waits to be sent. The data must not be changed afterwards.
	 */
	send(data: Uint8Array, port: number, host: string): Promise<void> {
		let waiting: number;
		try {
			waiting = this.#checkRoom(data);
		} catch (error) {
			return Promise.reject(error);
		}
		if (this.#retry.active) this.#retry.add({ data, port, host, done: this.#failed });
		else this.#raw.send(data, port, host);
		return waiting < HIGH_WATER ? SENT : this.#drain();
	}

	/**
	 * Sends and waits for the system's answer: the path of clients.
	 *
	 * @param before Called before anything is sent; what it throws ends the call.
	 */
	sendConfirmed(
		data: Uint8Array,
		port: number,
		host: string,
		{ timeout, signal }: WaitOptions,
		before: () => void,
	): Promise<void> {
		const wait = { timeout, signal, waitsFor: `room to send on ${this.#options.name}` };
		return park<void>(this.#scheduler, wait, (waiter) => {
			before();
			this.#checkRoom(data);
			const done = (error?: unknown): void => {
				this.#unanswered.delete(waiter);
				if (error === undefined || error === null) waiter.resolve();
				else waiter.reject(socketError(`Cannot send to ${formatAddress(host, port)}`, error));
			};
			this.#unanswered.add(waiter);
			if (this.#retry.active) return void this.#retry.add({ data, port, host, done });
			this.#raw.send(data, port, host, (error) => {
				if (isTransient(error) && this.#ended === undefined) this.#retry.add({ data, port, host, done });
				else done(error);
			});
		});
	}

	/** The driver says that a send without a callback failed. */
	sendError(error: unknown, data?: Uint8Array, port?: number, host?: string): void {
		const again = data !== undefined && port !== undefined && host !== undefined && this.#ended === undefined;
		if (again && isTransient(error)) this.#retry.add({ data, port, host, done: this.#failed });
		else this.#failed(error);
	}

	/** The driver has sent all, or the retries are through. */
	drained(): void {
		if (this.#waiting > 0) return;
		this.#onIdle?.();
		for (const waiter of this.#drainWaiters) waiter.resolve();
		this.#drainWaiters.clear();
	}

	/** Takes no more. What waits is still sent. */
	end(reason: Error): void {
		this.#ended = reason;
		for (const waiter of this.#drainWaiters) waiter.reject(reason);
		this.#drainWaiters.clear();
	}

	/** Resolves when nothing waits to be sent any more; after `limit` milliseconds at the latest, it is given up. */
	async finish(limit: number): Promise<void> {
		if (this.#waiting > 0) {
			await new Promise<void>((resolve) => {
				const deadline = this.#scheduler.timers.deadline(resolve);
				deadline.set(this.#scheduler.timers.now() + limit);
				this.#onIdle = () => {
					deadline.clear();
					resolve();
				};
			});
		}
		this.abandon();
	}

	/** Gives up what was not sent yet. */
	abandon(): void {
		const reason = this.#ended as Error;
		for (const waiter of this.#unanswered) waiter.reject(reason);
		this.#unanswered.clear();
		this.#retry.stop(reason);
	}

	get #waiting(): number {
		return this.#raw.bufferedAmount + this.#retry.bytes;
	}

	#checkRoom(data: Uint8Array): number {
		if (this.#ended !== undefined) throw this.#ended;
		const { maxPayload, queueBytes } = this.#options;
		if (data.length > maxPayload) throw new MessageTooLargeError(data.length, maxPayload);
		const waiting = this.#waiting;
		if (waiting > 0 && waiting + data.length > queueBytes) throw new SendQueueFullError(queueBytes);
		return waiting;
	}

	#drain(): Promise<void> {
		return park<void>(this.#scheduler, { waitsFor: `room to send on ${this.#options.name}` }, (waiter) => {
			// A driver may have sent it all before it returned.
			if (this.#waiting === 0) return void waiter.resolve();
			this.#drainWaiters.add(waiter);
			return () => this.#drainWaiters.delete(waiter);
		});
	}

	/** One function for all sends, so that a send allocates no closure. */
	readonly #failed = (error?: unknown): void => {
		if (error === undefined || error === null) return;
		this.#options.onFailed(socketError(`Cannot send on ${this.#options.name}`, error));
	};
}
