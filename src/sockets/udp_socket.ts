import type { AsyncBackend } from "../backend/async_backend.ts";
import { detectBackend } from "../backend/detect.ts";
import type { MulticastOptions } from "../backend/driver.ts";
import type { WaitOptions } from "../concurrency/waiter.ts";
import { ClosedResourceError, SocketError } from "../errors.ts";
import { checkLimits, type Limits } from "../limits.ts";
import { checkPort, formatAddress, InetAddress, resolveHost } from "./address.ts";
import { DatagramSocket } from "./datagram_socket.ts";
import { ipFamily, isUnspecified } from "./ip.ts";
import { socketError } from "./system_error.ts";
import { checkUdpOptions, rawUdpOptions, type UdpSocketOptions } from "./udp_options.ts";

/** The largest payload: 65,535 less the UDP header, and for IPv4 the IP header (RFC 768, RFC 791, RFC 8200). */
const MAX_PAYLOAD = { 4: 65_507, 6: 65_527 } as const;

/** A received datagram. */
export interface Datagram {
	/** The payload; yours to keep. */
	readonly data: Uint8Array;
	/** Who sent it. */
	readonly address: InetAddress;
}

/** Options of {@linkcode UdpSocket.bind}. */
export interface UdpBindOptions extends UdpSocketOptions {
	/** An address of this host, or a name of one. Default: `"0.0.0.0"`, all IPv4 interfaces. */
	host?: string | undefined;
	/** Default 0: any free port. */
	port?: number | undefined;
	/** Default: the running runtime's. */
	backend?: AsyncBackend | undefined;
	/** `queuedBytes` and `sendQueueBytes` count here. */
	limits?: Partial<Limits> | undefined;
}

/** Options of {@linkcode UdpSocket.connect}. */
export interface UdpConnectOptions extends UdpSocketOptions {
	/** The peer's address or name; its addresses are tried in order. */
	host: string;
	/** The peer's port. */
	port: number;
	/** Where to bind. Default: any free port, on the address that leads to the peer. */
	localAddress?: { readonly host: string; readonly port?: number | undefined } | undefined;
	/** Default: the running runtime's. */
	backend?: AsyncBackend | undefined;
	/** `queuedBytes` and `sendQueueBytes` count here. */
	limits?: Partial<Limits> | undefined;
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

	private constructor(core: DatagramSocket, remoteAddress: InetAddress | undefined) {
		this.core = core;
		const { host, port } = core.raw.localAddress;
		this.#localAddress = new InetAddress(host, port);
		this.#remoteAddress = remoteAddress;
	}

	/**
	 * Opens a socket that anybody can send to.
	 *
	 * @throws {SocketError} when the system refuses, such as with `EADDRINUSE`.
	 * @throws {UnsupportedOperationError} when the backend lacks what an option asks for.
	 * @throws {TypeError} {RangeError} when an option is wrong.
	 */
	static async bind(options: UdpBindOptions = {}): Promise<UdpSocket> {
		checkUdpOptions(options);
		const port = checkPort(options.port ?? 0);
		const backend = options.backend ?? (await detectBackend());
		backend.require("udp");
		const raw = rawUdpOptions(backend, options);
		const [host] = (await resolveHost(backend, options.host ?? "0.0.0.0")) as [string];
		const core = new DatagramSocket(backend, checkLimits(options.limits));
		const family = ipFamily(host) as 4 | 6;
		await core.open(
			`Cannot bind ${formatAddress(host, port)}`,
			// biome-ignore lint/style/noNonNullAssertion: a driver with the capability has the method
			(events) => backend.driver.openUdp!({ ...raw, host, port, family }, events),
			{ maxPayload: MAX_PAYLOAD[family], connected: false },
		);
		return new UdpSocket(core, undefined);
	}

	/**
	 * Opens a socket that sends to, and receives from, one peer only. Nothing is sent. Where the backend lacks
	 * `udpConnected`, datagrams of others are dropped here, and a dead peer goes unnoticed.
	 *
	 * @throws {SocketError} when the system refuses, or the name has no address; several failures are an `AggregateError`.
	 * @throws {UnsupportedOperationError} {TypeError} {RangeError} as {@linkcode UdpSocket.bind}.
	 */
	static async connect(options: UdpConnectOptions): Promise<UdpSocket> {
		checkUdpOptions(options);
		const port = checkPort(options.port);
		if (port === 0) throw new RangeError('Cannot use 0 as "port": a peer has a real port');
		const localPort = checkPort(options.localAddress?.port ?? 0, "localAddress.port");
		const backend = options.backend ?? (await detectBackend());
		backend.require("udp");
		const raw = rawUdpOptions(backend, options);
		const local = options.localAddress === undefined ? undefined : await resolveHost(backend, options.localAddress.host);
		const errors: unknown[] = [];
		for (const host of await resolveHost(backend, options.host)) {
			const family = ipFamily(host) as 4 | 6;
			const localHost = local === undefined ? anyAddress(family, host) : local.find((own) => ipFamily(own) === family);
			if (localHost === undefined) {
				errors.push(new SocketError(`Cannot connect to ${host}: "localAddress" is of the other family`, "EAFNOSUPPORT"));
				continue;
			}
			const core = new DatagramSocket(backend, checkLimits(options.limits));
			const native = backend.capabilities.udpConnected;
			const peer = { host, port };
			try {
				await core.open(
					`Cannot connect to ${formatAddress(host, port)}`,
					(events) =>
						// biome-ignore lint/style/noNonNullAssertion: a driver with the capability has the method
						backend.driver.openUdp!({ ...raw, host: localHost, port: localPort, family, ...(native && { peer }) }, events),
					{ maxPayload: MAX_PAYLOAD[family], connected: native, peer: native ? undefined : peer },
				);
				return new UdpSocket(core, new InetAddress(host, port));
			} catch (error) {
				errors.push(error);
			}
		}
		throw errors.length === 1 ? errors[0] : new AggregateError(errors, `Cannot connect to "${options.host}"`);
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

	/**
	 * Waits for the next datagram.
	 *
	 * @throws {BusyResourceError} when another task is receiving.
	 * @throws {ClosedResourceError} when the socket is closed, also while waiting.
	 * @throws {SocketError} with `ECONNREFUSED` when the peer of a connected socket is not there; once, then it goes on.
	 * @throws {TimeoutError} {CancelledError} as every wait.
	 */
	async receive(options: WaitOptions = {}): Promise<Datagram> {
		const { data, host, port } = await this.core.receive(options);
		return { data, address: new InetAddress(host, port) };
	}

	/**
	 * Sends one datagram, to the peer of a connected socket or to `address`, whose host must be a literal IP address.
	 * Resolves when the system has taken it; UDP does not tell whether it arrives.
	 *
	 * @throws {MessageTooLargeError} when it is larger than UDP can carry.
	 * @throws {SendQueueFullError} when too much waits to be sent.
	 * @throws {SocketError} when the system refuses.
	 * @throws {TypeError} when there is no address, or one on a connected socket.
	 */
	async send(data: Uint8Array, address?: { readonly host: string; readonly port: number }, options?: WaitOptions): Promise<void> {
		if (!(data instanceof Uint8Array)) throw new TypeError(`Cannot send ${String(data)}: not a Uint8Array`);
		const to = this.#remoteAddress ?? address;
		if (to === undefined) throw new TypeError("Cannot send: the socket is not connected, and no address is given");
		if (address !== undefined && this.#remoteAddress !== undefined) {
			throw new TypeError("Cannot send to an address: the socket is connected");
		}
		if (to !== this.#remoteAddress) {
			if (ipFamily(to.host) === 0) throw new TypeError(`Cannot send to "${to.host}": not a literal IP address`);
			if (checkPort(to.port) === 0) throw new RangeError("Cannot send to port 0");
		}
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

	async #membership(verb: "join" | "leave", group: string, options: MulticastOptions): Promise<void> {
		const { backend } = this;
		backend.require("udpMulticast");
		if (options.source !== undefined) backend.require("udpSourceMulticast", 'the option "source" needs it');
		if (ipFamily(group) === 0) throw new TypeError(`Cannot ${verb} "${group}": not a literal IP address`);
		if (this.closed) throw new ClosedResourceError(`Cannot ${verb} a group: the socket is closed`);
		try {
			await this.core.raw[verb === "join" ? "joinGroup" : "leaveGroup"]?.(group, options);
		} catch (error) {
			throw socketError(`Cannot ${verb} the group ${group}`, error);
		}
	}
}

/** Binding to loopback shows the right local address also where the system does not connect for us. */
function anyAddress(family: 4 | 6, peer: string): string {
	if (family === 4) return peer.startsWith("127.") ? "127.0.0.1" : "0.0.0.0";
	return peer === "::1" || isUnspecified(peer) ? "::1" : "::";
}
