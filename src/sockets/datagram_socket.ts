import type { AsyncBackend } from "../backend/async_backend.ts";
import type { RawDatagramEvents, RawDatagramSocket } from "../backend/driver.ts";
import { park, type Waiter, type WaitOptions } from "../concurrency/waiter.ts";
import { BusyResourceError, ClosedResourceError, MessageTooLargeError, SendQueueFullError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { formatAddress } from "./address.ts";
import { type Received, ReceiveQueue } from "./receive_queue.ts";
import { SendRetry } from "./send_retry.ts";
import { errorCode, isTransient, socketError } from "./system_error.ts";

/** Above this many bytes that the system did not take, `send` waits until it took them all. */
const HIGH_WATER = 64 * 1024;
/** How long `close` waits for datagrams that are still to be sent, in milliseconds. */
const LINGER = 1_000;

const SENT: Promise<void> = Promise.resolve();

/** @internal Who takes the datagrams of a socket, as soon as they arrive. */
export type DatagramSink = (data: Uint8Array, host: string, port: number) => void;

/** @internal What a datagram socket counts. */
export interface DatagramSocketStats {
	/** Datagrams handed over by the system, dropped ones included. */
	received: number;
	/** Dropped because the receive queue was full. */
	queueFull: number;
	/** Dropped because they were larger than the driver's buffer. */
	truncated: number;
	/** Dropped because they came from somebody else than the peer of an emulated connection. */
	foreign: number;
	/** Dropped because they still waited when the socket was closed. */
	discarded: number;
	/** Receive errors and the like that the system reported. */
	errors: number;
	/** Datagrams that could not be sent, for a reason known only after `send`. */
	sendErrors: number;
}

/** @internal The core of every datagram socket: queues, bounds, closing and errors, on a driver's raw one. */
export class DatagramSocket {
	readonly backend: AsyncBackend;
	readonly stats: DatagramSocketStats = {
		received: 0,
		queueFull: 0,
		truncated: 0,
		foreign: 0,
		discarded: 0,
		errors: 0,
		sendErrors: 0,
	};
	/** Told of errors that no call can report. */
	onError: ((what: string, error: Error) => void) | undefined;
	/** Told when the system closes the socket under us. */
	onBroken: ((error: Error) => void) | undefined;
	readonly #limits: Limits;
	readonly #queue: ReceiveQueue;
	#raw: RawDatagramSocket | undefined;
	#retry: SendRetry | undefined;
	#maxPayload = 0;
	/** The peer of an emulated connection. */
	#peer: { readonly host: string; readonly port: number } | undefined;
	#connected = false;
	#sink: DatagramSink | undefined;
	#receiver: Waiter<void> | undefined;
	#receiving = false;
	readonly #drainWaiters: Set<Waiter<void>> = new Set();
	#pendingError: Error | undefined;
	#closed: Error | undefined;
	#closing: Promise<void> | undefined;
	#onDrain: (() => void) | undefined;

	constructor(backend: AsyncBackend, limits: Limits) {
		this.backend = backend;
		this.#limits = limits;
		this.#queue = new ReceiveQueue(limits.queuedBytes);
	}

	/** Opens the raw socket. */
	async open(
		what: string,
		open: (events: RawDatagramEvents) => Promise<RawDatagramSocket>,
		options: { maxPayload: number; connected: boolean; peer?: { host: string; port: number } | undefined },
	): Promise<void> {
		this.#maxPayload = options.maxPayload;
		this.#connected = options.connected;
		this.#peer = options.peer;
		try {
			// Native callbacks must not keep the context of whoever opened the socket.
			this.#raw = await this.backend.scheduler.detached(() => open(this.#events()));
		} catch (error) {
			throw socketError(what, error);
		}
		this.#retry = new SendRetry(this.#raw, this.backend.scheduler.timers);
		this.backend.sockets.add(this);
	}

	/** The driver's socket. */
	get raw(): RawDatagramSocket {
		return this.#raw as RawDatagramSocket;
	}

	get closed(): boolean {
		return this.#closed !== undefined;
	}

	/** Bytes of datagrams that nobody took yet. */
	get queuedBytes(): number {
		return this.#queue.bytes;
	}

	/** Datagrams that nobody took yet. */
	get queuedDatagrams(): number {
		return this.#queue.size;
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
	async receive(options: WaitOptions = {}): Promise<Received> {
		if (this.#receiving) throw new BusyResourceError("Cannot receive: another task is receiving on this socket");
		this.#receiving = true;
		try {
			do {
				if (this.#queue.size === 0) this.#throwPending();
				await park<void>(this.backend.scheduler, { ...options, waitsFor: `a datagram on ${this.describe()}` }, (waiter) => {
					if (this.#queue.size > 0) waiter.resolve();
					else this.#receiver = waiter;
				});
			} while (this.#queue.size === 0);
			return this.#queue.take();
		} finally {
			this.#receiving = false;
			this.#receiver = undefined;
		}
	}

	/**
	 * Sends without waiting for the system's answer: the path of servers. The promise is settled already, unless much
	 * waits to be sent.
	 */
	send(data: Uint8Array, port: number, host: string): Promise<void> {
		let waiting: number;
		try {
			waiting = this.#checkRoom(data);
		} catch (error) {
			return Promise.reject(error);
		}
		const retry = this.#retry as SendRetry;
		if (retry.active) retry.add({ data, port, host, done: this.#sendFailed });
		else this.raw.send(data, port, host);
		return waiting < HIGH_WATER ? SENT : this.#drained();
	}

	/** Sends and waits for the system's answer: the path of clients. */
	sendConfirmed(data: Uint8Array, port: number, host: string, options: WaitOptions = {}): Promise<void> {
		return park<void>(this.backend.scheduler, { ...options, waitsFor: `room to send on ${this.describe()}` }, (waiter) => {
			this.#throwPending();
			this.#checkRoom(data);
			const retry = this.#retry as SendRetry;
			const done = (error?: unknown): void => {
				if (error === undefined || error === null) waiter.resolve();
				else waiter.reject(socketError(`Cannot send to ${formatAddress(host, port)}`, error));
			};
			if (retry.active) return void retry.add({ data, port, host, done });
			this.raw.send(data, port, host, (error) => {
				if (isTransient(error) && this.#closed === undefined) retry.add({ data, port, host, done });
				else done(error);
			});
		});
	}

	/** Closes the socket. Pending calls end with `ClosedResourceError`. Resolves when the descriptor is free. Idempotent. */
	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	#checkRoom(data: Uint8Array): number {
		if (this.#closed !== undefined) throw this.#closed;
		if (data.length > this.#maxPayload) throw new MessageTooLargeError(data.length, this.#maxPayload);
		const waiting = this.raw.bufferedAmount + (this.#retry as SendRetry).bytes;
		if (waiting > 0 && waiting + data.length > this.#limits.sendQueueBytes) {
			throw new SendQueueFullError(this.#limits.sendQueueBytes);
		}
		return waiting;
	}

	/** The address, for messages. */
	describe(): string {
		const address = this.#raw?.localAddress;
		return address === undefined ? "a socket" : formatAddress(address.host, address.port);
	}

	async #close(): Promise<void> {
		if (this.#closed === undefined) this.#end(new ClosedResourceError("Cannot use the socket: it is closed"));
		const raw = this.#raw as RawDatagramSocket;
		if (raw.bufferedAmount > 0) await this.#linger();
		this.#retry?.stop(this.#closed as Error);
		try {
			await this.backend.scheduler.detached(() => raw.close());
		} finally {
			this.backend.sockets.delete(this);
		}
	}

	#linger(): Promise<void> {
		return new Promise((resolve) => {
			const deadline = this.backend.scheduler.timers.deadline(resolve);
			deadline.set(this.backend.now() + LINGER);
			this.#onDrain = () => {
				deadline.clear();
				resolve();
			};
		});
	}

	/** Settles all that waits: nothing can come any more. */
	#end(reason: Error): void {
		this.#closed = reason;
		this.stats.discarded += this.#queue.size;
		this.#queue.clear();
		this.#receiver?.reject(reason);
		for (const waiter of this.#drainWaiters) waiter.reject(reason);
		this.#drainWaiters.clear();
	}

	#events(): RawDatagramEvents {
		return {
			message: (data, host, port) => this.#message(data, host, port),
			truncated: () => {
				this.stats.received++;
				this.stats.truncated++;
			},
			error: (error) => this.#error(error),
			sendError: (error, data, port, host) => {
				if (data !== undefined && host !== undefined && port !== undefined && isTransient(error) && !this.closed) {
					this.#retry?.add({ data, port, host, done: this.#sendFailed });
				} else {
					this.#sendFailed(error);
				}
			},
			drain: () => {
				this.#onDrain?.();
				for (const waiter of this.#drainWaiters) waiter.resolve();
				this.#drainWaiters.clear();
			},
			close: (error) => {
				if (this.#closed !== undefined) return;
				const reason = socketError(`Cannot use the socket on ${this.describe()}: the system closed it`, error);
				this.#end(reason);
				this.onBroken?.(reason);
			},
		};
	}

	#message(data: Uint8Array, host: string, port: number): void {
		if (this.#closed !== undefined) return;
		this.stats.received++;
		const peer = this.#peer;
		if (peer !== undefined && (port !== peer.port || host !== peer.host)) {
			this.stats.foreign++;
		} else if (this.#sink !== undefined) {
			this.#sink(data, host, port);
		} else if (this.#queue.add({ data, host, port })) {
			this.#receiver?.resolve();
		} else {
			this.stats.queueFull++;
		}
	}

	#error(error: unknown): void {
		if (this.#closed !== undefined) return;
		this.stats.errors++;
		// On a socket without a peer, a refusal says nothing about anybody in particular.
		if (errorCode(error) === "ECONNREFUSED" && !this.#connected) return;
		const reason = socketError(`Cannot receive on ${this.describe()}`, error);
		if (!this.#connected) this.onError?.("reception", reason);
		else if (this.#receiver === undefined || !this.#receiver.reject(reason)) this.#pendingError = reason;
	}

	#sendFailed = (error?: unknown): void => {
		if (error === undefined || error === null || this.#closed !== undefined) return;
		this.stats.sendErrors++;
		this.onError?.("sending", socketError(`Cannot send on ${this.describe()}`, error));
	};

	#drained(): Promise<void> {
		return park<void>(this.backend.scheduler, { waitsFor: `room to send on ${this.describe()}` }, (waiter) => {
			this.#drainWaiters.add(waiter);
			return () => this.#drainWaiters.delete(waiter);
		});
	}

	/** What the system said between two calls is thrown by the next one, once. */
	#throwPending(): void {
		if (this.#closed !== undefined) throw this.#closed;
		const error = this.#pendingError;
		this.#pendingError = undefined;
		if (error !== undefined) throw error;
	}
}
