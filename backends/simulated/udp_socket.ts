import type {
	MulticastOptions,
	RawDatagramEvents,
	RawDatagramSocket,
	RawUdpOptions,
} from "../../src/backend/driver.ts";
import { isGroupAddress } from "../../src/sockets/ip.ts";
import {
	BROADCAST,
	canonicalAddress,
	type Endpoint,
	familyOf,
	isLoopback,
	isMulticast,
	isWildcard,
	loopbackOf,
} from "./addresses.ts";
import { Memberships } from "./memberships.ts";
import type { SimulatedPacket } from "./packet.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import { systemError } from "./system_error.ts";
import type { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** The largest data of a datagram, in bytes. */
const MAX_DATA = { 4: 65_507, 6: 65_527 } as const;

/** How far a datagram to a group goes. */
export interface GroupReach {
	/** Whether the sending host receives it, too. */
	readonly loopback: boolean;
	/** Whether other hosts receive it. */
	readonly others: boolean;
}

/** What a socket needs from its host. */
export interface SocketHome {
	readonly clock: VirtualClock;
	readonly trace: Trace;
	/** Whether the host has the address. */
	owns(address: string): boolean;
	/**
	 * The address that datagrams to `destination` come from.
	 *
	 * @throws ENETUNREACH when there is no way.
	 */
	source(destination: string): string;
	/** Sends a packet. */
	send(packet: SimulatedPacket, reach: GroupReach): void;
	/** Frees the socket's port. */
	release(socket: UdpSocket): void;
}

/** A UDP socket in memory. What was received is handed over one datagram at a time, each in an event of its own. */
export class UdpSocket implements RawDatagramSocket {
	readonly options: RawUdpOptions;
	readonly localAddress: Endpoint;
	/** The only peer, of a connected socket. */
	readonly peer: Endpoint | undefined;
	/** Sending never waits. */
	readonly bufferedAmount = 0;
	readonly groups: Memberships = new Memberships();
	readonly #home: SocketHome;
	readonly #events: RawDatagramEvents;
	readonly #received: ReceiveBuffer;
	#closed = false;

	constructor(
		home: SocketHome,
		options: RawUdpOptions,
		local: Endpoint,
		bufferSize: number,
		events: RawDatagramEvents,
	) {
		this.#home = home;
		this.options = options;
		this.localAddress = local;
		this.peer = options.peer;
		this.#events = events;
		this.#received = new ReceiveBuffer(
			home.clock,
			bufferSize,
			(packet) => this.#deliver(packet),
			(error) => events.error(error),
		);
	}

	send(data: Uint8Array, port: number, host: string, done?: (error?: unknown) => void): void {
		let packet: SimulatedPacket;
		try {
			packet = this.#packet(data, this.peer ?? { host, port });
		} catch (error) {
			if (done === undefined) this.#events.sendError(error, data, port, host);
			else done(error);
			return;
		}
		// Outside of the `try`: what a rule of the test throws is no error of the system.
		const broadcast = packet.to.host === BROADCAST;
		this.#home.send(packet, {
			loopback: broadcast || this.options.multicastLoopback !== false,
			others: broadcast || this.options.multicastTtl !== 0,
		});
		done?.();
	}

	close(): Promise<void> {
		if (!this.#closed) {
			this.#closed = true;
			this.#received.close();
			this.#home.release(this);
			this.#home.trace.socket("close", this.localAddress);
		}
		return Promise.resolve();
	}

	joinGroup(group: string, options: MulticastOptions): void {
		const { address, source } = this.#membership(group, options);
		this.groups.join(address, source);
		this.#home.trace.socket("join", this.localAddress, ` ${address}${source === undefined ? "" : ` ${source}`}`);
	}

	leaveGroup(group: string, options: MulticastOptions): void {
		const { address, source } = this.#membership(group, options);
		this.groups.leave(address, source);
		this.#home.trace.socket("leave", this.localAddress, ` ${address}${source === undefined ? "" : ` ${source}`}`);
	}

	kernelDrops(): number {
		return this.#received.drops;
	}

	/** @internal A datagram arrived at the host. */
	receive(packet: SimulatedPacket): void {
		if (!this.#received.push(packet)) this.#home.trace.packet("drop-buffer", packet);
	}

	/** @internal A notice arrived that nobody listens where this connected socket sends to. */
	refuse(): void {
		this.#received.fail(systemError("ECONNREFUSED"));
	}

	#deliver(packet: SimulatedPacket): void {
		this.#home.trace.packet("deliver", packet);
		// Others may have received the same bytes, and the core may do with its own what it likes.
		this.#events.message(new Uint8Array(packet.data), packet.from.host, packet.from.port);
	}

	#packet(data: Uint8Array, { host, port }: Endpoint): SimulatedPacket {
		if (this.#closed) throw systemError("EBADF");
		const failure = this.#received.takeError();
		if (failure !== undefined) throw failure;
		const { options, localAddress } = this;
		const address = canonicalAddress(host);
		if (address === undefined || port < 1 || port > 65_535) throw systemError("EINVAL");
		if (familyOf(address) !== options.family) throw systemError("EAFNOSUPPORT");
		if (address === BROADCAST && options.broadcast !== true) throw systemError("EACCES");
		if (data.length > MAX_DATA[options.family]) throw systemError("EMSGSIZE");
		// As on Linux, "any address" as a destination means this host.
		const target = isWildcard(address) ? loopbackOf(options.family) : address;
		const anySource = isWildcard(localAddress.host) || isGroupAddress(localAddress.host);
		const source = anySource ? this.#home.source(target) : localAddress.host;
		if (isLoopback(source) && !isGroupAddress(target) && !this.#home.owns(target)) throw systemError("EINVAL");
		const from = { host: source, port: localAddress.port };
		// The caller may use its buffer again.
		return { kind: "udp", from, to: { host: target, port }, data: new Uint8Array(data) };
	}

	#membership(group: string, options: MulticastOptions): { address: string; source: string | undefined } {
		if (this.#closed) throw systemError("EBADF");
		const address = canonicalAddress(group);
		if (address === undefined || !isMulticast(address)) throw systemError("EINVAL");
		if (familyOf(address) !== this.options.family) throw systemError("EAFNOSUPPORT");
		if (options.interface !== undefined && !this.#hasInterface(options.interface)) throw systemError("ENODEV");
		if (options.source === undefined) return { address, source: undefined };
		const source = canonicalAddress(options.source);
		if (source === undefined) throw systemError("EINVAL");
		return { address, source };
	}

	#hasInterface(name: string): boolean {
		const address = canonicalAddress(name);
		return address !== undefined && (isWildcard(address) || this.#home.owns(address));
	}
}
