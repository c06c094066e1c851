import type { AsyncBackend } from "../backend/async_backend.ts";
import { detectBackend } from "../backend/detect.ts";
import { checkDuration } from "../concurrency/durations.ts";
import { Lock } from "../concurrency/lock.ts";
import type { WaitOptions } from "../concurrency/waiter.ts";
import { ClientClosedError, ClosedResourceError, SocketError, TimeoutError } from "../errors.ts";
import { DatagramProtocol } from "../protocols/datagram_protocol.ts";
import { checkPort, type InetAddress } from "../sockets/address.ts";
import { checkUdpOptions } from "../sockets/udp_options.ts";
import { type UdpConnectOptions, UdpSocket } from "../sockets/udp_socket.ts";

/** Options of a {@linkcode UdpClient}. */
export interface UdpClientOptions<Sent, Received> extends UdpConnectOptions {
	/** How packets become datagrams and back. */
	protocol: DatagramProtocol<Sent, Received>;
}

/**
 * A UDP client: sends packets to one peer, and receives packets from it alone. It connects by itself when it is first
 * used; a failed attempt can be repeated.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, JsonSerializer, UdpClient, UdpServer } from "netquay";
 *
 * const protocol = new DatagramProtocol(new JsonSerializer<{ n: number }>());
 * const server = new UdpServer({
 * 	host: "127.0.0.1",
 * 	port: 0,
 * 	protocol,
 * 	handler: async function* (client) {
 * 		const { n } = yield;
 * 		await client.sendPacket({ n: n + 1 });
 * 	},
 * });
 * await server.start();
 *
 * const client = new UdpClient({ host: "127.0.0.1", port: server.getAddresses()[0]!.port, protocol });
 * await client.sendPacket({ n: 41 });
 * console.log(await client.receivePacket({ timeout: 1_000 })); // { n: 42 }
 * await client.close();
 * await server.close();
 * ```
 */
export class UdpClient<Sent = unknown, Received = Sent> {
	readonly #options: UdpClientOptions<Sent, Received>;
	readonly #protocol: DatagramProtocol<Sent, Received>;
	#connecting: Promise<UdpSocket> | undefined;
	#socket: UdpSocket | undefined;
	#receiveLock: Lock | undefined;
	#closed = false;

	/**
	 * Checks the options; opens nothing.
	 *
	 * @throws {TypeError} {RangeError} when an option is wrong.
	 */
	constructor(options: UdpClientOptions<Sent, Received>) {
		checkUdpOptions(options);
		if (checkPort(options.port) === 0) throw new RangeError('Cannot use 0 as "port": a peer has a real port');
		if (typeof options.host !== "string" || options.host === "") {
			throw new TypeError(`Cannot use ${String(options.host)} as "host": not a host name or address`);
		}
		if (!(options.protocol instanceof DatagramProtocol)) {
			throw new TypeError(`Cannot use ${String(options.protocol)} as "protocol": not a DatagramProtocol`);
		}
		this.#options = options;
		this.#protocol = options.protocol;
	}

	/** Whether it is connected now. */
	isConnected(): boolean {
		return this.#socket !== undefined && !this.#closed;
	}

	/** Whether it was closed. */
	isClosing(): boolean {
		return this.#closed;
	}

	/**
	 * Where its socket is bound.
	 *
	 * @throws {SocketError} with `ENOTCONN` before it is connected.
	 * @throws {ClientClosedError} after it was closed.
	 */
	get localAddress(): InetAddress {
		return this.#connected().localAddress;
	}

	/** The peer. Throws as {@linkcode UdpClient.localAddress}. */
	get remoteAddress(): InetAddress {
		return this.#connected().remoteAddress as InetAddress;
	}

	/**
	 * Connects, if it is not connected. Everything else does so as well. Nothing is sent.
	 *
	 * @throws {ClientClosedError} when it was closed, also while this waits.
	 * @throws {SocketError} as `UdpSocket.connect()`; it can be tried again.
	 */
	async waitConnected(): Promise<void> {
		await this.#connect();
	}

	/**
	 * Sends one packet. Resolves when the system has taken it.
	 *
	 * @throws {ProtocolCrashError} when the protocol cannot serialize it.
	 * @throws {MessageTooLargeError} {SendQueueFullError} {SocketError} as `UdpSocket.send()`.
	 * @throws {ClientClosedError} when the client is closed.
	 */
	async sendPacket(packet: Sent, options: WaitOptions = {}): Promise<void> {
		const socket = await this.#connect();
		await this.#translate(socket.send(this.#protocol.makeDatagram(packet), undefined, options));
	}

	/**
	 * Waits for the next packet. Several callers are served in turn; the time in the queue counts.
	 *
	 * @throws {DatagramProtocolParseError} when the datagram is malformed; the next one can be received.
	 * @throws {SocketError} with `ECONNREFUSED` when nobody listens there, once; the client stays usable.
	 * @throws {ClientClosedError} when the client is closed, also while waiting.
	 * @throws {TimeoutError} {CancelledError} as every wait; no packet is lost.
	 */
	async receivePacket(options: WaitOptions = {}): Promise<Received> {
		const timeout = checkDuration("timeout", options.timeout);
		const socket = await this.#connect();
		const deadline = socket.backend.now() + timeout;
		this.#receiveLock ??= new Lock(socket.backend.scheduler);
		return await this.#receiveLock.with(async () => {
			const left = Math.max(0, deadline - socket.backend.now());
			const { data } = await this.#translate(socket.receive({ ...options, timeout: left }));
			return this.#protocol.buildPacket(data);
		}, options);
	}

	/**
	 * Packets as they come. The iteration ends when the client is closed, or no packet came for `timeout` milliseconds
	 * (default: no limit). Malformed ones throw.
	 */
	async *packets(options: WaitOptions = {}): AsyncGenerator<Received, void, undefined> {
		checkDuration("timeout", options.timeout);
		for (;;) {
			let packet: Received;
			try {
				packet = await this.receivePacket(options);
			} catch (error) {
				if (error instanceof TimeoutError || error instanceof ClientClosedError) return;
				throw error;
			}
			yield packet;
		}
	}

	/** Closes the client for good. Pending calls end with `ClientClosedError`. Idempotent. */
	async close(): Promise<void> {
		this.#closed = true;
		const socket = this.#socket ?? (await this.#connecting?.catch(() => undefined));
		await socket?.close();
	}

	/** The same as {@linkcode UdpClient.close}. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** All who come while it connects share one attempt, which nobody's cancellation ends. */
	async #connect(): Promise<UdpSocket> {
		if (this.#closed) throw new ClientClosedError();
		this.#connecting ??= this.#open().catch((error) => {
			this.#connecting = undefined;
			throw error;
		});
		const socket = await this.#connecting;
		if (this.#closed) throw new ClientClosedError();
		return socket;
	}

	async #open(): Promise<UdpSocket> {
		const backend: AsyncBackend = this.#options.backend ?? (await detectBackend());
		this.#socket = await backend.scheduler.detached(() => UdpSocket.connect({ ...this.#options, backend }));
		if (this.#closed) await this.#socket.close();
		return this.#socket;
	}

	async #translate<T>(operation: Promise<T>): Promise<T> {
		try {
			return await operation;
		} catch (error) {
			throw error instanceof ClosedResourceError ? new ClientClosedError() : error;
		}
	}

	#connected(): UdpSocket {
		if (this.#closed) throw new ClientClosedError();
		if (this.#socket === undefined) throw new SocketError("Cannot get the address: the client is not connected yet", "ENOTCONN");
		return this.#socket;
	}
}
