import type { AsyncBackend } from "../backend/async_backend.ts";
import { park, type WaitOptions } from "../concurrency/waiter.ts";
import { ClientClosedError, DatagramProtocolParseError } from "../errors.ts";
import { checkLimits } from "../limits.ts";
import { checkLogger, LimitedLog, type Logger } from "../logging.ts";
import { DatagramProtocol } from "../protocols/datagram_protocol.ts";
import { BytesSerializer } from "../serializers/bytes_serializer.ts";
import { InetAddress } from "../sockets/address.ts";
import { isGroupAddress, isUnspecified } from "../sockets/ip.ts";
import type { Datagram, UdpSocket } from "../sockets/udp_socket.ts";
import { DatagramInbox } from "./datagram_inbox.ts";
import { checkEndpointOptions, type DatagramEndpointOptions, openEndpoint } from "./endpoint_options.ts";
import { LazySocket } from "./lazy_socket.ts";
import { PendingRequests, type RequestOptions } from "./pending_requests.ts";

/** How long a request waits for its answer by default, in milliseconds. */
const REQUEST_TIMEOUT = 4_000;

/** What an endpoint received. */
export interface DatagramPacket<Received> extends Datagram {
	/** What the protocol made of `data`; without a protocol, `data` itself. */
	readonly packet: Received;
}

/**
 * A UDP socket for talking with many peers: sends to any address, awaits answers, and receives what is no answer. It binds
 * by itself when it is first used. Only a {@linkcode UdpClient}, which has one peer, can notice that nobody listens there.
 *
 * @example
 * ```ts
 * import { BytesSerializer, DatagramEndpoint, DatagramProtocol, UdpServer } from "netquay";
 *
 * const tracker = new UdpServer({
 * 	host: "127.0.0.1",
 * 	port: 0,
 * 	protocol: new DatagramProtocol(new BytesSerializer()),
 * 	handler: async function* (client) {
 * 		const bytes = yield;
 * 		await client.sendPacket(bytes.map((byte) => byte + 1));
 * 	},
 * });
 * await tracker.start();
 *
 * const endpoint = new DatagramEndpoint();
 * console.log(await endpoint.request(Uint8Array.of(4), tracker.getAddresses()[0]!)); // Uint8Array [ 5 ]
 * await endpoint.close();
 * await tracker.close();
 * ```
 */
export class DatagramEndpoint<Sent = Uint8Array, Received = Sent> {
	/** @internal */
	protected readonly protocol: DatagramProtocol<Sent, Received>;
	/** @internal */
	protected readonly logger: Logger;
	/** @internal */
	protected readonly log: LimitedLog;
	/** @internal The backend's clock, once there is a backend. */
	protected now: () => number = () => 0;
	readonly #socket: LazySocket;
	readonly #inbox: DatagramInbox;
	readonly #requests: PendingRequests<Received> = new PendingRequests();
	#broken: Error | undefined;

	/**
	 * Checks the options; opens nothing.
	 *
	 * @throws {TypeError} {RangeError} when an option is wrong.
	 */
	constructor(options: DatagramEndpointOptions<Sent, Received> = {}) {
		checkEndpointOptions(options);
		const protocol = options.protocol ?? new DatagramProtocol(new BytesSerializer());
		this.protocol = protocol as DatagramProtocol<Sent, Received>;
		this.logger = checkLogger(options.logger);
		this.log = new LimitedLog(this.logger, () => this.now());
		this.#inbox = new DatagramInbox(checkLimits(options.limits).queuedBytes);
		this.#socket = new LazySocket(options.backend, (backend) => this.#open(backend, options));
	}

	/** Whether it was closed. */
	isClosing(): boolean {
		return this.#socket.closed;
	}

	/**
	 * Where it is bound.
	 *
	 * @throws {SocketError} with `ENOTCONN` before it is bound.
	 * @throws {ClientClosedError} after it was closed.
	 */
	get localAddress(): InetAddress {
		return this.#socket.current.localAddress;
	}

	/** How many datagrams were dropped because nobody took them and `limits.queuedBytes` was reached. */
	get dropped(): number {
		return this.#inbox.dropped;
	}

	/**
	 * Binds, if it is not bound, so that datagrams can arrive; everything else does so as well. All who wait share one
	 * attempt.
	 *
	 * @throws {SocketError} {UnsupportedOperationError} as `UdpSocket.bind()` and `joinGroup()`; the next call tries again.
	 * @throws {ClientClosedError} when it is closed, also while this waits.
	 */
	async bind(options: WaitOptions = {}): Promise<void> {
		await this.#socket.use(options, () => undefined);
	}

	/**
	 * Sends one packet to a literal IP address. Resolves when the system has taken it.
	 *
	 * @throws {ProtocolCrashError} when the protocol cannot serialize the packet.
	 * @throws {MessageTooLargeError} {SendQueueFullError} {SocketError} {TypeError} as `UdpSocket.send()`.
	 * @throws {ClientClosedError} when it is closed.
	 */
	async send(
		packet: Sent,
		address: { readonly host: string; readonly port: number },
		options: WaitOptions = {},
	): Promise<void> {
		const data = this.protocol.makeDatagram(packet);
		await this.#socket.use(options, (socket, left) => socket.send(data, address, left));
	}

	/**
	 * Sends one packet to a literal IP address, and waits for the answer: the next packet from there. Any number of
	 * requests to different addresses can be pending. An answer that comes too late is received as any other datagram.
	 *
	 * @throws {TimeoutError} when no answer came in time.
	 * @throws {BusyResourceError} when a request to that address is pending, unless both have `accept`.
	 * @throws {DatagramProtocolParseError} when the answer is malformed. With `accept`, malformed packets are no answers.
	 * @throws {TypeError} when the address is one that answers would not come from, such as a multicast group's.
	 * @throws as {@linkcode DatagramEndpoint.send}; what `accept` throws.
	 */
	async request(
		packet: Sent,
		address: { readonly host: string; readonly port: number },
		options: RequestOptions<Received> = {},
	): Promise<Received> {
		const { timeout = REQUEST_TIMEOUT, signal, accept } = options;
		const peer = new InetAddress(address.host, address.port);
		if (isGroupAddress(peer.host) || isUnspecified(peer.host)) {
			throw new TypeError(`Cannot request from "${peer.host}": answers would come from other addresses`);
		}
		const data = this.protocol.makeDatagram(packet);
		return await this.#socket.use({ timeout, signal }, (socket, left) => {
			this.#checkUsable(socket);
			const { scheduler } = socket.backend;
			return park<Received>(scheduler, { ...left, waitsFor: `an answer of ${peer}` }, (waiter) => {
				const take = (answer: Uint8Array): { answer: Received } | undefined => this.#answer(answer, accept);
				const request = { waiter, context: scheduler.context(), take, selective: accept !== undefined };
				const remove = this.#requests.add(peer, request);
				socket.send(data, peer, left).catch((error) => {
					remove();
					waiter.reject(error);
				});
				return remove;
			});
		});
	}

	/**
	 * Waits for the next datagram that is no answer to a request. Several callers are served in turn. What arrives while
	 * nobody receives is queued, within `limits.queuedBytes`.
	 *
	 * @throws {DatagramProtocolParseError} when the datagram is malformed; the next one can be received.
	 * @throws {SocketError} when the system reports a receive error while this waits.
	 * @throws {ClientClosedError} when it is closed, also while waiting.
	 * @throws {TimeoutError} {CancelledError} as every wait; no datagram is lost.
	 */
	async receive(options: WaitOptions = {}): Promise<DatagramPacket<Received>> {
		const { data, address } = await this.receiveDatagram(options);
		return { data, address, packet: this.protocol.buildPacket(data) };
	}

	/**
	 * Closes it for good. Pending calls end with `ClientClosedError`, datagrams that nobody took are dropped. Resolves when
	 * the port is free. Idempotent.
	 */
	close(): Promise<void> {
		const closed = this.#socket.close();
		this.#fail(new ClientClosedError());
		this.#inbox.clear();
		return closed;
	}

	/** The same as {@linkcode DatagramEndpoint.close}. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** The address and the number of pending requests, for logs. */
	toString(): string {
		return `${this.constructor.name}(${this.#state()}, ${this.#requests.size} pending)`;
	}

	/** @internal The next datagram, unparsed. */
	protected async receiveDatagram(options: WaitOptions): Promise<Datagram> {
		const { data, host, port } = await this.#socket.use(options, (socket, left) =>
			this.#inbox.take(socket.backend.scheduler, { ...left, waitsFor: `a datagram on ${this}` }, () => {
				this.#checkUsable(socket);
			}),
		);
		return { data, address: new InetAddress(host, port) };
	}

	async #open(backend: AsyncBackend, options: DatagramEndpointOptions<Sent, Received>): Promise<UdpSocket> {
		this.now = () => backend.now();
		const socket = await openEndpoint(backend, options);
		socket.core.onError = (what, error) => this.#failed(what, error);
		socket.core.onBroken = (error) => {
			this.#broken = error;
			this.#fail(error);
		};
		socket.core.consume((data, host, port) => {
			if (!this.#requests.offer(data, host, port)) this.#inbox.put({ data, host, port });
		});
		return socket;
	}

	#answer(data: Uint8Array, accept: ((packet: Received) => boolean) | undefined): { answer: Received } | undefined {
		let answer: Received;
		try {
			answer = this.protocol.buildPacket(data);
		} catch (error) {
			if (accept !== undefined && error instanceof DatagramProtocolParseError) return undefined;
			throw error;
		}
		return accept === undefined || accept(answer) ? { answer } : undefined;
	}

	/** An error that belongs to no call: whoever receives gets it, or else the log. */
	#failed(what: string, error: Error): void {
		if (what === "reception" && this.#inbox.fail(error)) return;
		this.log.warn(`error on ${what}`, () => `${this}: error on ${what}: ${error.message}`);
	}

	#fail(error: Error): void {
		this.#inbox.fail(error);
		this.#requests.fail(error);
	}

	#state(): string {
		if (this.isClosing()) return "closed";
		if (this.#broken !== undefined) return "lost";
		return this.#socket.isOpen ? `${this.localAddress}` : "not open";
	}

	#checkUsable(socket: UdpSocket): void {
		if (socket.closed) throw this.#broken ?? new ClientClosedError();
	}
}
