import type { AsyncBackend } from "../backend/async_backend.ts";
import type { RawDatagramEvents, RawDatagramSocket } from "../backend/driver.ts";
import type { WaitOptions } from "../concurrency/waiter.ts";
import { BrokenResourceError, ClosedResourceError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { abandonable } from "./abandonable.ts";
import { formatAddress } from "./address.ts";
import { DatagramIntake, type DatagramSink, type ReceiverStats } from "./datagram_intake.ts";
import { DatagramSender } from "./datagram_sender.ts";
import { ErrorStorm } from "./error_storm.ts";
import type { Received } from "./receive_queue.ts";
import { errorCode, isUnreachable, socketError } from "./system_error.ts";

/** How long `close` waits for datagrams that are still to be sent, in milliseconds. */
const LINGER = 1_000;

/** @internal What a datagram socket counts. */
export interface DatagramSocketStats extends ReceiverStats {
	/** Dropped because they were larger than the driver's buffer. */
	truncated: number;
	/** Receive errors and the like that the system reported. */
	errors: number;
	/** Datagrams that could not be sent, for a reason known only after `send`. */
	sendErrors: number;
}

/** @internal How to open a datagram socket. */
export interface DatagramSocketOptions {
	readonly backend: AsyncBackend;
	readonly limits: Limits;
	/** What fails when opening fails, such as `Cannot bind 127.0.0.1:53`. */
	readonly what: string;
	/** Opens the driver's socket. */
	readonly open: (events: RawDatagramEvents) => Promise<RawDatagramSocket>;
	/** The largest datagram, in bytes. */
	readonly maxPayload: number;
	/** The only peer, of a connected socket. */
	readonly peer?: { readonly host: string; readonly port: number } | undefined;
	/** Whether the system connected the socket, so that its errors are those of the peer. */
	readonly connected: boolean;
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
	/** Told when the socket is lost: the system closed it, or it does nothing but fail. */
	onBroken: ((error: Error) => void) | undefined;
	readonly #connected: boolean;
	readonly #receiver: DatagramIntake;
	readonly #storm: ErrorStorm = new ErrorStorm();
	#raw: RawDatagramSocket | undefined;
	#sender: DatagramSender | undefined;
	#closed: Error | undefined;
	#closing: Promise<void> | undefined;

	private constructor({ backend, limits, peer, connected }: DatagramSocketOptions) {
		this.backend = backend;
		this.#connected = connected;
		this.#receiver = new DatagramIntake(backend.scheduler, limits.queuedBytes, this.stats, peer);
	}

	/**
	 * Opens a socket. A cancellation point: a socket that is open too late is closed again.
	 *
	 * @throws {SocketError} when the system refuses.
	 */
	static async open(options: DatagramSocketOptions): Promise<DatagramSocket> {
		const { backend, limits, what, maxPayload } = options;
		const socket = new DatagramSocket(options);
		const open = async (): Promise<RawDatagramSocket> => {
			try {
				// Native callbacks must not keep the context of whoever opened the socket.
				return await backend.scheduler.detached(() => options.open(socket.#events()));
			} catch (error) {
				throw socketError(what, error);
			}
		};
		const raw = await abandonable(backend.scheduler, "a socket to open", open, (late) => late.close());
		const name = formatAddress(raw.localAddress.host, raw.localAddress.port);
		socket.#raw = raw;
		socket.#receiver.name = name;
		socket.#sender = new DatagramSender(backend.scheduler, raw, {
			name,
			maxPayload,
			queueBytes: limits.sendQueueBytes,
			onFailed: (error) => socket.#sendFailed(error),
		});
		backend.sockets.add(socket);
		return socket;
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
		return this.#receiver.bytes;
	}

	/** Datagrams that nobody took yet. */
	get queuedDatagrams(): number {
		return this.#receiver.size;
	}

	/** Gives every datagram to `sink`, first what is queued; with `undefined`, queues them again. */
	consume(sink: DatagramSink | undefined): void {
		this.#receiver.consume(sink);
	}

	/** The next datagram. See `UdpSocket.receive()`. */
	receive(options: WaitOptions = {}): Promise<Received> {
		return this.#receiver.receive(options);
	}

	/** Sends without waiting for the system's answer. See {@linkcode DatagramSender.send}. */
	send(data: Uint8Array, port: number, host: string): Promise<void> {
		return (this.#sender as DatagramSender).send(data, port, host);
	}

	/** Sends and waits for the system's answer, or throws what the system has said since the last call. */
	sendConfirmed(data: Uint8Array, port: number, host: string, options: WaitOptions = {}): Promise<void> {
		return (this.#sender as DatagramSender).sendConfirmed(data, port, host, options, this.#throwPending);
	}

	/** Closes the socket. Pending calls end with `ClosedResourceError`. Resolves when the descriptor is free. Idempotent. */
	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		this.#end(new ClosedResourceError("Cannot use the socket: it is closed"));
		await this.#sender?.finish(LINGER);
		await this.#release();
	}

	async #release(): Promise<void> {
		try {
			await this.backend.scheduler.detached(() => this.raw.close());
		} finally {
			this.backend.sockets.delete(this);
		}
	}

	/** Settles all that waits. */
	#end(reason: Error): void {
		this.#closed = reason;
		this.#receiver.end(reason);
		this.#sender?.end(reason);
	}

	/** Ends a socket that is of no more use. */
	#lose(why: string, error: unknown, release: () => Promise<void>): void {
		if (this.#closed !== undefined) return;
		const reason = new BrokenResourceError(`Cannot use the socket on ${this.#receiver.name}: ${why}`, { cause: error });
		this.#end(reason);
		this.#sender?.abandon();
		this.#closing = release();
		this.#closing.catch((failure) => this.onError?.("closing", failure));
		this.onBroken?.(reason);
	}

	#events(): RawDatagramEvents {
		return {
			message: (data, host, port) => this.#receiver.message(data, host, port),
			truncated: () => {
				this.stats.received++;
				this.stats.truncated++;
			},
			error: (error) => this.#error(error),
			sendError: (error, data, port, host) => this.#sender?.sendError(error, data, port, host),
			drain: () => this.#sender?.drained(),
			close: (error) => this.#lose("the system closed it", error, async () => void this.backend.sockets.delete(this)),
		};
	}

	#error(error: unknown): void {
		if (this.#closed !== undefined) return;
		this.stats.errors++;
		const unreachable = isUnreachable(errorCode(error));
		// It answers something sent to somebody, nobody knows to whom.
		if (unreachable && !this.#connected) return;
		const reason = socketError(`Cannot receive on ${this.#receiver.name}`, error);
		if (this.#connected) this.#receiver.fail(reason);
		else this.onError?.("reception", reason);
		if (!unreachable && this.#storm.add(this.backend.now(), this.stats.received)) {
			this.#lose("it does nothing but fail", error, () => this.#release());
		}
	}

	readonly #throwPending = (): void => this.#receiver.throwPending();

	#sendFailed(error: Error): void {
		if (this.#closed !== undefined) return;
		this.stats.sendErrors++;
		this.onError?.("sending", error);
	}
}
