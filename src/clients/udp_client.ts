import { checkDuration } from "../concurrency/durations.ts";
import type { Lock } from "../concurrency/lock.ts";
import type { WaitOptions } from "../concurrency/waiter.ts";
import { ClientClosedError, TimeoutError } from "../errors.ts";
import { checkLimits } from "../limits.ts";
import { DatagramProtocol } from "../protocols/datagram_protocol.ts";
import { checkPort, type InetAddress } from "../sockets/address.ts";
import { checkUdpOptions } from "../sockets/udp_options.ts";
import { type UdpConnectOptions, UdpSocket } from "../sockets/udp_socket.ts";
import { LazySocket } from "./lazy_socket.ts";

/** Options of a {@linkcode UdpClient}. */
export interface UdpClientOptions<Sent, Received> extends UdpConnectOptions {
	/** How packets become datagrams and back. */
	protocol: DatagramProtocol<Sent, Received>;
}

/**
 * A UDP client: sends packets to one peer, and receives packets from it alone. It connects by itself when it is first
 * used, which sends nothing; a failed attempt can be repeated.
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
	readonly #protocol: DatagramProtocol<Sent, Received>;
	readonly #socket: LazySocket;
	/** Whose turn it is to receive. */
	#turn: Lock | undefined;

	/**
	 * Checks the options; opens nothing.
	 *
	 * @throws {TypeError} {RangeError} when an option is wrong.
	 */
	constructor(options: UdpClientOptions<Sent, Received>) {
		checkUdpOptions(options);
		checkLimits(options.limits);
		if (checkPort(options.port) === 0) throw new RangeError('Cannot use 0 as "port": a peer has a real port');
		if (typeof options.host !== "string" || options.host === "") {
			throw new TypeError(`Cannot use "${String(options.host)}" as "host": not a host name or address`);
		}
		if (!(options.protocol instanceof DatagramProtocol)) {
			throw new TypeError(`Cannot use ${String(options.protocol)} as "protocol": not a DatagramProtocol`);
		}
		this.#protocol = options.protocol;
		this.#socket = new LazySocket(options.backend, (backend) => UdpSocket.connect({ ...options, backend }));
	}

	/** Whether it is connected now. */
	isConnected(): boolean {
		return this.#socket.isOpen;
	}

	/** Whether it was closed. */
	isClosing(): boolean {
		return this.#socket.closed;
	}

	/**
	 * Where its socket is bound.
	 *
	 * @throws {SocketError} with `ENOTCONN` before it is connected.
	 * @throws {ClientClosedError} after it was closed.
	 */
	get localAddress(): InetAddress {
		return this.#socket.current.localAddress;
	}

	/** The peer, by the address that its name stands for. Throws as {@linkcode UdpClient.localAddress}. */
	get remoteAddress(): InetAddress {
		return this.#socket.current.remoteAddress as InetAddress;
	}

	/**
	 * Connects, if it is not connected. Everything else does so as well. All who wait share one attempt, which goes on when
	 * one of them gives up.
	 *
	 * @throws {ClientClosedError} when it was closed, also while this waits.
	 * @throws {SocketError} {UnsupportedOperationError} as `UdpSocket.connect()`; the next call tries again.
	 * @throws {TimeoutError} {CancelledError} as every wait.
	 */
	async waitConnected(options: WaitOptions = {}): Promise<void> {
		await this.#socket.use(options, () => undefined);
	}

	/**
	 * Sends one packet, which is serialized at once. Resolves when the system has taken it.
	 *
	 * @throws {ProtocolCrashError} when the protocol cannot serialize it.
	 * @throws {MessageTooLargeError} {SendQueueFullError} {SocketError} as `UdpSocket.send()`. `ECONNREFUSED` says that
	 * nobody listened when something was sent before; this packet was not sent.
	 * @throws {ClientClosedError} when the client is closed.
	 * @throws {TimeoutError} {CancelledError} as every wait; the packet may have been sent.
	 */
	async sendPacket(packet: Sent, options: WaitOptions = {}): Promise<void> {
		const data = this.#protocol.makeDatagram(packet);
		await this.#socket.use(options, (socket, left) => socket.send(data, undefined, left));
	}

	/**
	 * Waits for the next packet. Several callers are served in turn; the time in the queue counts. With `timeout` 0, it
	 * gives what has arrived already.
	 *
	 * @throws {DatagramProtocolParseError} when the datagram is malformed; the next one can be received.
	 * @throws {ProtocolCrashError} when the protocol fails in any other way; the next one can be received.
	 * @throws {SocketError} with `ECONNREFUSED` when nobody listens there, once; the client stays usable. Backends without
	 * the capability `udpConnected` cannot tell.
	 * @throws {ClientClosedError} when the client is closed, also while waiting.
	 * @throws {TimeoutError} {CancelledError} as every wait; no packet is lost.
	 */
	async receivePacket(options: WaitOptions = {}): Promise<Received> {
		return await this.#socket.use(options, async (socket, left) => {
			const { backend } = socket;
			const deadline = backend.now() + (left.timeout ?? Infinity);
			this.#turn ??= backend.createLock();
			const { data } = await this.#turn.with(
				() => socket.receive({ ...left, timeout: Math.max(0, deadline - backend.now()) }),
				left,
			);
			return this.#protocol.buildPacket(data);
		});
	}

	/**
	 * Packets as they come. The iteration ends when no packet came for `timeout` milliseconds (default: no limit), or when
	 * the client is closed. Other errors are thrown, as by {@linkcode UdpClient.receivePacket}; a new iteration goes on
	 * with the next packet.
	 *
	 * @throws {TypeError} {RangeError} when `timeout` is wrong.
	 */
	packets(options: WaitOptions = {}): AsyncGenerator<Received, void, undefined> {
		checkDuration("timeout", options.timeout);
		return this.#packets(options);
	}

	/**
	 * Closes the client for good. Pending calls end with `ClientClosedError`, packets that nobody took are dropped.
	 * Resolves when the port is free. Idempotent.
	 */
	close(): Promise<void> {
		return this.#socket.close();
	}

	/** The same as {@linkcode UdpClient.close}. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	async *#packets(options: WaitOptions): AsyncGenerator<Received, void, undefined> {
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
}
