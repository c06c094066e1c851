import { isGroupAddress, isUnspecified } from "../sockets/ip.ts";
import type { UdpSocket } from "../sockets/udp_socket.ts";

/** @internal Tells which sources of a datagram cannot be answered, or must not: no state is made for them. */
export class SourceFilter {
	readonly #refusedPorts: ReadonlySet<number>;
	readonly #ownPort: number;
	readonly #ownHosts: ReadonlySet<string>;
	readonly #anyLoopback: boolean;

	constructor(socket: UdpSocket, refusedPorts: ReadonlySet<number>) {
		const { host, port } = socket.localAddress;
		this.#refusedPorts = refusedPorts;
		this.#ownPort = port;
		// On all interfaces, every address of this host is the socket's own.
		this.#anyLoopback = isUnspecified(host);
		this.#ownHosts = new Set(this.#anyLoopback ? socket.backend.driver.localAddresses?.() : [host]);
	}

	/** Port 0 and group addresses cannot be answered; answering oneself has no end. */
	accepts(host: string, port: number): boolean {
		if (port === 0 || this.#refusedPorts.has(port) || isGroupAddress(host)) return false;
		return port !== this.#ownPort || !this.#isOwn(host);
	}

	#isOwn(host: string): boolean {
		return this.#ownHosts.has(host) || (this.#anyLoopback && (host.startsWith("127.") || host === "::1"));
	}
}
