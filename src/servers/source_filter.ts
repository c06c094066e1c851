import { isGroupAddress, isUnspecified } from "../sockets/ip.ts";
import type { UdpSocket } from "../sockets/udp_socket.ts";

/** @internal Tells which sources of a datagram cannot be answered, or must not: no state is made for them. */
export class SourceFilter {
	readonly #refusedPorts: ReadonlySet<number>;
	/** Where the server itself is bound: answering oneself has no end. */
	readonly #own: Map<number, Set<string>> = new Map();
	/** The ports that are bound on all interfaces. */
	readonly #everywhere: Set<number> = new Set();

	constructor(sockets: readonly UdpSocket[], refusedPorts: ReadonlySet<number>) {
		this.#refusedPorts = refusedPorts;
		for (const socket of sockets) {
			const { host, port } = socket.localAddress;
			const hosts = this.#own.get(port) ?? new Set();
			this.#own.set(port, hosts.add(host));
			if (!isUnspecified(host)) continue;
			this.#everywhere.add(port);
			for (const own of socket.backend.driver.localAddresses?.() ?? []) hosts.add(own);
		}
	}

	/** Port 0, group addresses and "any address" cannot be answered. */
	accepts(host: string, port: number): boolean {
		if (port === 0 || this.#refusedPorts.has(port)) return false;
		if (host === "0.0.0.0" || host === "::" || isGroupAddress(host)) return false;
		const own = this.#own.get(port);
		if (own === undefined) return true;
		return !own.has(host) && !(this.#everywhere.has(port) && (host.startsWith("127.") || host === "::1"));
	}
}
