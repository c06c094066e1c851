import type { AsyncBackend } from "../backend/async_backend.ts";
import type { MulticastOptions } from "../backend/driver.ts";
import type { WaitOptions } from "../concurrency/waiter.ts";
import { ClosedResourceError, SocketError } from "../errors.ts";
import { checkPort, InetAddress } from "./address.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import { ipFamily } from "./ip.ts";
import { socketError } from "./system_error.ts";
import { bindUdp, connectUdp, type OpenUdpSocket } from "./udp_open.ts";
import type { UdpBindOptions, UdpConnectOptions } from "./udp_options.ts";

export type { UdpBindOptions, UdpConnectOptions } from "./udp_options.ts";

/** A received datagram. */
export interface Datagram {
	/** The payload; yours to keep. */
	readonly data: Uint8Array;
	/** Who sent it. */
	readonly address: InetAddress;
}

/**
 * A UDP socket (RFC 768). Datagrams that arrive while nobody receives are queued, within `limits.queuedBytes`.
 *
 * @example
 * ```ts
 * import { UdpSocket } from "netquay";
 *
 * const receiver = await UdpSocket.bind({ host: "127.0.0.1" });
 * const sender = await UdpSocket.bind({ host: "127.0.0.1" });
 * await sender.send(new TextEncoder().encode("hello"), receiver.localAddress);
 * const { data, address } = await receiver.receive({ timeout: 1_000 });
 * console.log(new TextDecoder().decode(data), address.equals(sender.localAddress)); // hello true
 * await receiver.close();
 * await sender.close();
 * ```
 */
export class UdpSocket implements AsyncIterable<Datagram> {
	/** @internal */
	readonly core: DatagramSocket;
	readonly #localAddress: InetAddress;
	readonly #remoteAddress: InetAddress | undefined;

	private constructor({ core, localAddress, remoteAddress }: OpenUdpSocket) {
		this.core = core;
		this.#localAddress = localAddress;
		this.#remoteAddress = remoteAddress;
	}

	/**
	 * Opens a socket that anybody can send to. A host name that has several addresses stands for the first.
	 *
	 * @throws {SocketError} when the system refuses, such as with `EADDRINUSE`, or with `EACCES` where the runtime asks
	 * for a permission such as `--allow-net`.
	 * @throws {UnsupportedOperationError} when the backend lacks what an option asks for.
	 * @throws {TypeError} {RangeError} when an option is wrong.
	 * @throws {CancelledError} when the scope around the call is cancelled; then nothing stays open.
	 */
	static async bind(options: UdpBindOptions = {}): Promise<UdpSocket> {
		return new UdpSocket(await bindUdp(options));
	}

	/**
	 * Opens a socket that sends to, and receives from, one peer only. Nothing is sent. Where the backend lacks
	 * `udpConnected`, the system does not know of the peer, so that a dead one goes unnoticed.
	 *
	 * @throws {SocketError} when the system refuses, or the name has no address; several failures are an `AggregateError`.
	 * @throws {UnsupportedOperationError} {TypeError} {RangeError} {CancelledError} as {@linkcode UdpSocket.bind}.
	 */
	static async connect(options: UdpConnectOptions): Promise<UdpSocket> {
		return new UdpSocket(await connectUdp(options));
	}

	/** Where the socket is bound, with the real port. */
	get localAddress(): InetAddress {
		return this.#localAddress;
	}

	/** The peer of a connected socket. */
	get remoteAddress(): InetAddress | undefined {
		return this.#remoteAddress;
	}

	/** The backend it was opened on. */
	get backend(): AsyncBackend {
		return this.core.backend;
	}

	/** Whether it was closed, by this program or by the system. */
	get closed(): boolean {
		return this.core.closed;
	}

	/** How many datagrams arrived and were dropped here: by `limits.queuedBytes`, because they were truncated, came from others than the peer, or were not received before the socket was closed. */
	get dropped(): number {
		const { queueFull, truncated, foreign, discarded } = this.core.stats;
		return queueFull + truncated + foreign + discarded;
	}

	/** How many datagrams the kernel dropped before, because its buffer was full; `undefined` where it does not tell. Sockets that share an address share the count. */
	get kernelDrops(): number | undefined {
		return this.closed ? undefined : this.core.raw.kernelDrops?.();
	}

	/**
	 * Waits for the next datagram.
	 *
	 * @throws {BusyResourceError} when another task is receiving.
	 * @throws {ClosedResourceError} when the socket is closed, also while waiting.
	 * @throws {BrokenResourceError} when the system closed it, or reports nothing but errors.
	 * @throws {SocketError} with `ECONNREFUSED` when the peer of a connected socket is not there; once, then it goes on.
	 * @throws {TimeoutError} {CancelledError} as every wait.
	 */
	async receive(options: WaitOptions = {}): Promise<Datagram> {
		const { data, host, port } = await this.core.receive(options);
		return { data, address: new InetAddress(host, port) };
	}

	/**
	 * Sends one datagram, to the peer of a connected socket or to `address`, whose host must be a literal IP address.
	 * Resolves when the system has taken it; UDP does not tell whether it arrives. Until then, the data must not change.
	 *
	 * @throws {MessageTooLargeError} when it is larger than UDP can carry.
	 * @throws {SendQueueFullError} when too much waits to be sent.
	 * @throws {SocketError} when the system refuses; with `ECONNREFUSED` when the peer of a connected socket was not there
	 * for an earlier datagram, once; with `EAFNOSUPPORT` when the address is not of the socket's family.
	 * @throws {ClosedResourceError} {BrokenResourceError} {TimeoutError} {CancelledError} as {@linkcode UdpSocket.receive}.
	 * @throws {TypeError} when there is no address, or one on a connected socket.
	 */
	async send(
		data: Uint8Array,
		address?: { readonly host: string; readonly port: number },
		options?: WaitOptions,
	): Promise<void> {
		if (!(data instanceof Uint8Array)) throw new TypeError(`Cannot send ${String(data)}: not a Uint8Array`);
		const to = this.#remoteAddress ?? address;
		if (to === undefined) throw new TypeError("Cannot send: the socket is not connected, and no address is given");
		if (address !== undefined && this.#remoteAddress !== undefined) {
			throw new TypeError("Cannot send to an address: the socket is connected");
		}
		if (to !== this.#remoteAddress) this.#checkDestination(to);
		await this.core.sendConfirmed(data, to.port, to.host, options);
	}

	/**
	 * Joins a multicast group (RFC 1112), so that datagrams sent to it arrive here.
	 *
	 * @throws {UnsupportedOperationError} when the backend has no multicast, or no source-specific multicast.
	 * @throws {SocketError} when the system refuses.
	 */
	async joinGroup(group: string, options: MulticastOptions = {}): Promise<void> {
		await this.#membership("join", group, options);
	}

	/** Leaves a multicast group; the options are those it was joined with. */
	async leaveGroup(group: string, options: MulticastOptions = {}): Promise<void> {
		await this.#membership("leave", group, options);
	}

	/** Closes the socket. Pending calls end with `ClosedResourceError`. Resolves when the port is free again. Idempotent. */
	close(): Promise<void> {
		return this.core.close();
	}

	/** The same as {@linkcode UdpSocket.close}. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** Receives until the socket is closed. */
	async *[Symbol.asyncIterator](): AsyncGenerator<Datagram, void, undefined> {
		for (;;) {
			let datagram: Datagram;
			try {
				datagram = await this.receive();
			} catch (error) {
				if (error instanceof ClosedResourceError) return;
				throw error;
			}
			yield datagram;
		}
	}

	#checkDestination({ host, port }: { readonly host: string; readonly port: number }): void {
		const family = ipFamily(host);
		if (family === 0) throw new TypeError(`Cannot send to "${String(host)}": not a literal IP address`);
		if (checkPort(port) === 0) throw new RangeError("Cannot send to port 0");
		const own = this.#localAddress.family;
		// Without IPV6_V6ONLY, an IPv6 socket serves both.
		const wrong = own === "IPv4" ? family === 6 : family === 4 && this.backend.capabilities.ipv6Only;
		if (wrong) throw new SocketError(`Cannot send to ${host}: the socket is an ${own} one`, "EAFNOSUPPORT");
	}

	async #membership(verb: "join" | "leave", group: string, options: MulticastOptions): Promise<void> {
		const { backend } = this;
		backend.require("udpMulticast");
		if (options.source !== undefined) backend.require("udpSourceMulticast", 'the option "source" needs it');
		const what = `Cannot ${verb} "${String(group)}"`;
		if (ipFamily(group) === 0) throw new TypeError(`${what}: not a literal IP address`);
		for (const name of ["interface", "source"] as const) {
			const value = options[name];
			if (value !== undefined && ipFamily(value) === 0) {
				throw new TypeError(`${what}: "${String(value)}" as "${name}" is not a literal IP address`);
			}
		}
		if (this.closed) throw new ClosedResourceError(`${what}: the socket is closed`);
		try {
			await this.core.raw[verb === "join" ? "joinGroup" : "leaveGroup"]?.(group, options);
		} catch (error) {
			throw socketError(what, error);
		}
	}
}
