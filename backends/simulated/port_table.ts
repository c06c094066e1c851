import { formatAddress } from "../../src/sockets/address.ts";
import { BROADCAST, type Endpoint, familyOf, isMulticast, isWildcard } from "./addresses.ts";
import type { SimulatedPacket } from "./packet.ts";
import { systemError } from "./system_error.ts";
import type { UdpSocket } from "./udp_socket.ts";

const FIRST_EPHEMERAL = 49_152;
const LAST_EPHEMERAL = 65_535;

/** What a new socket asks for. */
interface Binding extends Endpoint {
	readonly reuseAddress?: boolean | undefined;
	readonly reusePort?: boolean | undefined;
}

/** Which sockets of one host are bound to which port, and which of them a datagram is for. */
export class PortTable {
	readonly #ports: Map<number, UdpSocket[]> = new Map();
	#nextEphemeral = FIRST_EPHEMERAL;

	/** All sockets, by port, in the order in which they were bound. */
	*sockets(): Generator<UdpSocket> {
		for (const sockets of this.#ports.values()) yield* sockets;
	}

	/**
	 * The port for a new socket: the one it asks for, or for 0 the next free one.
	 *
	 * @throws EADDRINUSE when another socket has it and not both share it.
	 */
	allot(binding: Binding): number {
		if (binding.port === 0) return this.#ephemeral();
		const taken = this.#ports.get(binding.port)?.some((other) => conflicts(binding, other)) ?? false;
		if (taken) throw systemError("EADDRINUSE");
		return binding.port;
	}

	/** Registers a socket under its port. */
	add(socket: UdpSocket): void {
		const { port } = socket.localAddress;
		const sockets = this.#ports.get(port);
		if (sockets === undefined) this.#ports.set(port, [socket]);
		else sockets.push(socket);
	}

	/** Frees a socket's port. */
	remove(socket: UdpSocket): void {
		const { port } = socket.localAddress;
		const left = (this.#ports.get(port) ?? []).filter((other) => other !== socket);
		if (left.length > 0) this.#ports.set(port, left);
		else this.#ports.delete(port);
	}

	/** The sockets that a datagram is for: at most one, unless it was sent to a group. */
	receivers(packet: SimulatedPacket): readonly UdpSocket[] {
		const { to, from } = packet;
		const candidates = (this.#ports.get(to.port) ?? []).filter(
			(socket) => takes(socket, from) && hears(socket, to.host),
		);
		if (to.host === BROADCAST) return candidates;
		if (isMulticast(to.host)) return candidates.filter((socket) => socket.groups.accepts(to.host, from.host));
		return closest(candidates, from);
	}

	/** The connected sockets between these two. */
	*connected(local: Endpoint, peer: Endpoint): Generator<UdpSocket> {
		for (const socket of this.#ports.get(local.port) ?? []) {
			if (socket.peer !== undefined && hears(socket, local.host) && takes(socket, peer)) yield socket;
		}
	}

	#ephemeral(): number {
		for (let tries = FIRST_EPHEMERAL; tries <= LAST_EPHEMERAL; tries++) {
			const port = this.#nextEphemeral;
			this.#nextEphemeral = port === LAST_EPHEMERAL ? FIRST_EPHEMERAL : port + 1;
			if (!this.#ports.has(port)) return port;
		}
		throw systemError("EADDRINUSE");
	}
}

function conflicts(binding: Binding, other: UdpSocket): boolean {
	const host = other.localAddress.host;
	if (familyOf(host) !== familyOf(binding.host)) return false;
	if (host !== binding.host && !isWildcard(host) && !isWildcard(binding.host)) return false;
	if (binding.reusePort === true && other.options.reusePort === true) return false;
	return binding.reuseAddress !== true || other.options.reuseAddress !== true;
}

function takes({ peer }: UdpSocket, from: Endpoint): boolean {
	return peer === undefined || (peer.host === from.host && peer.port === from.port);
}

function hears({ localAddress, options }: UdpSocket, host: string): boolean {
	return localAddress.host === host || (isWildcard(localAddress.host) && familyOf(host) === options.family);
}

/** Of several sockets, Linux prefers the connected one, then the one with the exact address, then the latest; those of `reusePort` share. */
function closest(candidates: readonly UdpSocket[], from: Endpoint): readonly UdpSocket[] {
	const score = (socket: UdpSocket): number => (socket.peer ? 2 : 0) + (isWildcard(socket.localAddress.host) ? 0 : 1);
	const best = Math.max(...candidates.map(score));
	const equals = candidates.filter((socket) => score(socket) === best);
	const sharing = equals.filter((socket) => socket.options.reusePort);
	return sharing.length > 1 ? sharing.slice(spread(from, sharing.length)).slice(0, 1) : equals.slice(-1);
}

/** Which of the sharing sockets serves a peer: always the same one, as long as their number stays. */
function spread(peer: Endpoint, sockets: number): number {
	let hash = 0x811c9dc5;
	for (const char of formatAddress(peer.host, peer.port)) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
	return ((hash ^ (hash >>> 15)) >>> 0) % sockets;
}
