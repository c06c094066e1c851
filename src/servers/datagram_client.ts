import type { AsyncBackend } from "../backend/async_backend.ts";
import { AmplificationLimitError, ClientClosedError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { InetAddress } from "../sockets/address.ts";
import type { UdpSocket } from "../sockets/udp_socket.ts";

/** @internal What a client needs from the service it belongs to. */
export interface ClientHost {
	/** Whether handlers can send no more. */
	readonly stopped: boolean;
	readonly limits: Limits;
	readonly counts: { sent: number; amplificationRefused: number };
	readonly protocol: { makeDatagram(packet: unknown): Uint8Array };
}

/** A peer of a datagram server, as its handler sees it. The same object is passed as long as the server remembers the peer. */
export class DatagramClient<Response> {
	readonly #service: ClientHost;
	readonly #socket: UdpSocket;
	readonly #host: string;
	readonly #port: number;
	#remoteAddress: InetAddress | undefined;
	#received = 0;
	#sent = 0;
	#validated = false;
	#answered = false;

	/** @internal */
	constructor(service: ClientHost, socket: UdpSocket, host: string, port: number) {
		this.#service = service;
		this.#socket = socket;
		this.#host = host;
		this.#port = port;
	}

	/** The peer's address. */
	get remoteAddress(): InetAddress {
		this.#remoteAddress ??= new InetAddress(this.#host, this.#port);
		return this.#remoteAddress;
	}

	/** The address of the server's socket. */
	get localAddress(): InetAddress {
		return this.#socket.localAddress;
	}

	/** The backend, for timeouts, tasks and locks. */
	get backend(): AsyncBackend {
		return this.#socket.backend;
	}

	/** Whether sending has become impossible, because the server stopped. */
	isClosing(): boolean {
		return this.#service.stopped || this.#socket.closed;
	}

	/**
	 * Sends one packet to the peer. Resolves when the system, or the bounded queue before it, took the datagram; what the
	 * system says later is logged and counted in `server.stats()`.
	 *
	 * @throws {ClientClosedError} when the server stopped.
	 * @throws {ProtocolCrashError} when the protocol cannot serialize the packet.
	 * @throws {MessageTooLargeError} when the datagram is larger than UDP can carry.
	 * @throws {SendQueueFullError} when `limits.sendQueueBytes` are waiting.
	 * @throws {AmplificationLimitError} when `limits.amplification` is set and used up.
	 */
	sendPacket(packet: Response): Promise<void> {
		const service = this.#service;
		if (service.stopped || this.#socket.closed) return Promise.reject(new ClientClosedError());
		let data: Uint8Array;
		try {
			data = service.protocol.makeDatagram(packet);
		} catch (error) {
			return Promise.reject(error);
		}
		this.#sent += data.length;
		if (!this.#validated && this.#sent > this.#received * service.limits.amplification) {
			this.#sent -= data.length;
			service.counts.amplificationRefused++;
			return Promise.reject(new AmplificationLimitError(service.limits.amplification));
		}
		service.counts.sent++;
		return this.#socket.core.send(data, this.#port, this.#host);
	}

	/**
	 * Says that the peer really is where its datagrams claim to come from. A validated peer is exempt from
	 * `limits.amplification`, and is never evicted to make room for others.
	 */
	markValidated(): void {
		this.#validated = true;
	}

	/** Whether the other is the same peer on the same socket. */
	equals(other: DatagramClient<unknown>): boolean {
		return (
			#socket in other && other.#socket === this.#socket && other.#port === this.#port && other.#host === this.#host
		);
	}

	/** The peer's address, usable as a key. */
	toString(): string {
		return this.remoteAddress.toString();
	}

	/** @internal Counts what arrived. */
	heard(bytes: number): void {
		this.#received += bytes;
		if (this.#sent > 0) this.#answered = true;
	}

	/** @internal Whether {@linkcode DatagramClient.markValidated} was called. */
	get validated(): boolean {
		return this.#validated;
	}

	/** @internal Whether the peer sent again after an answer, so that it is evicted behind those who did not. */
	get answered(): boolean {
		return this.#answered;
	}
}
