import type { RawDatagramEvents, RawUdpOptions } from "../../src/backend/driver.ts";
import { formatAddress } from "../../src/sockets/address.ts";
import { isGroupAddress } from "../../src/sockets/ip.ts";
import {
	BROADCAST,
	canonicalAddress,
	type Endpoint,
	familyOf,
	isLoopback,
	isWildcard,
	loopbackOf,
} from "./addresses.ts";
import type { SimulatedPacket } from "./packet.ts";
import { PortTable } from "./port_table.ts";
import { systemError } from "./system_error.ts";
import type { Trace } from "./trace.ts";
import { type GroupReach, type SocketHome, UdpSocket } from "./udp_socket.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** What a host needs from the network around it. */
export interface Wire {
	readonly clock: VirtualClock;
	readonly trace: Trace;
	/** The size of a receive buffer that asks for none, in bytes. */
	readonly receiveBuffer: number;
	/** Brings a packet to the hosts that it is for. */
	send(sender: Host, packet: SimulatedPacket, reach: GroupReach): void;
}

/** A computer of the simulation: its addresses beside loopback, and the sockets on it. */
export class Host implements SocketHome {
	readonly clock: VirtualClock;
	readonly trace: Trace;
	/** Its addresses on the network; the default host has none. */
	readonly addresses: readonly string[];
	readonly #wire: Wire;
	readonly #ports: PortTable = new PortTable();

	constructor(wire: Wire, addresses: readonly string[]) {
		this.#wire = wire;
		this.clock = wire.clock;
		this.trace = wire.trace;
		this.addresses = addresses;
	}

	/** Where its open sockets are bound. */
	get openSockets(): string[] {
		return [...this.#ports.sockets()].map(({ localAddress }) => formatAddress(localAddress.host, localAddress.port));
	}

	/** Whether it is on the network with addresses of the family. */
	isOnNetwork(family: 4 | 6): boolean {
		return this.addresses.some((address) => familyOf(address) === family);
	}

	owns(address: string): boolean {
		return isLoopback(address) || this.addresses.includes(address);
	}

	source(destination: string): string {
		const family = familyOf(destination);
		if (isLoopback(destination)) return loopbackOf(family);
		if (this.addresses.includes(destination)) return destination;
		const own = this.addresses.find((address) => familyOf(address) === family);
		if (own !== undefined) return own;
		if (isGroupAddress(destination)) return loopbackOf(family);
		throw systemError("ENETUNREACH");
	}

	/**
	 * Opens a socket.
	 *
	 * @throws EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENETUNREACH or EACCES, as Linux does.
	 */
	open(options: RawUdpOptions, events: RawDatagramEvents): UdpSocket {
		const host = canonicalAddress(options.host);
		if (host === undefined || familyOf(host) !== options.family) throw systemError("EINVAL");
		if (!this.owns(host) && !isWildcard(host) && !isGroupAddress(host)) throw systemError("EADDRNOTAVAIL");
		const peer = options.peer === undefined ? undefined : this.#peer(options.peer, options);
		const port = this.#ports.allot({ ...options, host });
		// As on Linux, connecting settles which of its addresses a socket uses.
		const local = { host: peer !== undefined && isWildcard(host) ? this.source(peer.host) : host, port };
		const settled = { ...options, ...(peer === undefined ? {} : { peer }) };
		const buffer = options.receiveBufferSize ?? this.#wire.receiveBuffer;
		const socket = new UdpSocket(this, settled, local, buffer, events);
		this.#ports.add(socket);
		this.trace.socket("open", local, peer === undefined ? "" : ` > ${formatAddress(peer.host, peer.port)}`);
		return socket;
	}

	send(packet: SimulatedPacket, reach: GroupReach): void {
		this.#wire.send(this, packet, reach);
	}

	release(socket: UdpSocket): void {
		this.#ports.remove(socket);
	}

	/** Hands a packet that arrived to its sockets. Answers false when nobody listens there. */
	receive(packet: SimulatedPacket): boolean {
		if (packet.kind === "icmp") {
			for (const socket of this.#ports.connected(packet.to, packet.from)) {
				this.trace.packet("deliver", packet);
				socket.refuse();
			}
			return true;
		}
		const receivers = this.#ports.receivers(packet);
		for (const socket of receivers) socket.receive(packet);
		return receivers.length > 0;
	}

	#peer({ host, port }: Endpoint, options: RawUdpOptions): Endpoint {
		const address = canonicalAddress(host);
		if (address === undefined || familyOf(address) !== options.family || port < 1) throw systemError("EINVAL");
		if (address === BROADCAST && options.broadcast !== true) throw systemError("EACCES");
		const target = isWildcard(address) ? loopbackOf(options.family) : address;
		if (isLoopback(options.host) && !this.owns(target) && !isGroupAddress(target)) throw systemError("EINVAL");
		this.source(target);
		return { host: target, port };
	}
}
