import type {
	MulticastOptions,
	RawDatagramEvents,
	RawDatagramSocket,
	RawUdpOptions,
} from "../../src/backend/driver.ts";
import { MessageTooLargeError } from "../../src/errors.ts";
import {
	BROADCAST,
	canonicalAddress,
	type Endpoint,
	familyOf,
	formatEndpoint,
	isGroup,
	isLoopback,
	isMulticast,
	isWildcard,
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
	 * @throws {SocketError} ENETUNREACH when there is no way.
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
		try {
			this.#send(data, this.peer ?? { host, port });
		} catch (error) {
			if (done === undefined) this.#events.sendError(error, data, port, host);
			else done(error);
			return;
		}
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
		const { address, source } = this.#membership("join", group, options);
		this.groups.join(address, source);
		this.#home.trace.socket("join", this.localAddress, ` ${address}${source === undefined ? "" : ` ${source}`}`);
	}

	leaveGroup(group: string, options: MulticastOptions): void {
		const { address, source } = this.#membership("leave", group, options);
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
		const peer = this.peer as Endpoint;
		this.#received.fail(systemError(`reach ${formatEndpoint(peer)}`, "ECONNREFUSED"));
	}

	#deliver(packet: SimulatedPacket): void {
		this.#home.trace.packet("deliver", packet);
		// Others may have received the same bytes, and the core may do with its own what it likes.
		this.#events.message(new Uint8Array(packet.data), packet.from.host, packet.from.port);
	}

	#send(data: Uint8Array, { host, port }: Endpoint): void {
		const action = `send to ${host} port ${port}`;
		if (this.#closed) throw systemError(action, "EBADF");
		const failure = this.#received.takeError();
		if (failure !== undefined) throw failure;
		const { options, localAddress } = this;
		const address = canonicalAddress(host);
		if (address === undefined || port < 1 || port > 65_535) throw systemError(action, "EINVAL");
		if (familyOf(address) !== options.family) throw systemError(action, "EAFNOSUPPORT");
		if (address === BROADCAST && options.broadcast !== true) throw systemError(action, "EACCES");
		if (data.length > MAX_DATA[options.family]) throw new MessageTooLargeError(data.length, MAX_DATA[options.family]);
		// As on Linux, "any address" as a destination means this host.
		const target = isWildcard(address) ? this.#home.source(options.family === 4 ? "127.0.0.1" : "::1") : address;
		const anySource = isWildcard(localAddress.host) || isGroup(localAddress.host);
		const source = anySource ? this.#home.source(target) : localAddress.host;
		if (isLoopback(source) && !isGroup(target) && !this.#home.owns(target)) throw systemError(action, "EINVAL");
		const from = { host: source, port: localAddress.port };
		// The caller may use its buffer again.
		const packet: SimulatedPacket = { kind: "udp", from, to: { host: target, port }, data: new Uint8Array(data) };
		this.#home.send(packet, {
			loopback: address === BROADCAST || options.multicastLoopback !== false,
			others: address === BROADCAST || options.multicastTtl !== 0,
		});
	}

	#membership(verb: string, group: string, options: MulticastOptions): { address: string; source: string | undefined } {
		const action = `${verb} the group "${group}"`;
		if (this.#closed) throw systemError(action, "EBADF");
		const address = canonicalAddress(group);
		if (address === undefined || !isMulticast(address)) throw systemError(action, "EINVAL");
		if (familyOf(address) !== this.options.family) throw systemError(action, "EAFNOSUPPORT");
		if (options.interface !== undefined && !this.#hasInterface(options.interface)) throw systemError(action, "ENODEV");
		if (options.source === undefined) return { address, source: undefined };
		const source = canonicalAddress(options.source);
		if (source === undefined) throw systemError(action, "EINVAL");
		return { address, source };
	}

	#hasInterface(name: string): boolean {
		const address = canonicalAddress(name);
		return address !== undefined && (isWildcard(address) || this.#home.owns(address));
	}
}
