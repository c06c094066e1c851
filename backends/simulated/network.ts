import { isGroupAddress } from "../../src/sockets/ip.ts";
import { canonicalAddress, type Endpoint, familyOf, isLoopback, isWildcard } from "./addresses.ts";
import { type DatagramFaults, FaultDice } from "./faults.ts";
import { Host, type Wire } from "./host.ts";
import type { SimulatedPacket } from "./packet.ts";
import { RuleChain } from "./rules.ts";
import { systemError } from "./system_error.ts";
import { Trace } from "./trace.ts";
import type { GroupReach } from "./udp_socket.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** A datagram that comes from nowhere: nobody has to have sent it. */
export interface InjectedDatagram {
	/** Where it claims to come from: any address, any port, 0 as well. */
	readonly from: Endpoint;
	/** Where it arrives. Loopback addresses are those of the default host. */
	readonly to: Endpoint;
	/** Its content. */
	readonly data: Uint8Array;
}

/** All hosts, and one switch that they hang on. Each is one hop away from each other. */
export class Network implements Wire {
	readonly clock: VirtualClock;
	readonly trace: Trace;
	readonly rules: RuleChain = new RuleChain();
	readonly receiveBuffer: number;
	/** Where code runs that asked for no other host. It has loopback addresses only. */
	readonly defaultHost: Host;
	readonly #hosts: Host[] = [];
	readonly #owners: Map<string, Host> = new Map();
	readonly #names: Map<string, readonly string[]> = new Map([["localhost", ["127.0.0.1", "::1"]]]);
	readonly #dice: FaultDice;
	readonly #mtu: number;

	constructor(clock: VirtualClock, faults: DatagramFaults, seed: number | bigint) {
		this.clock = clock;
		this.trace = new Trace(() => clock.now());
		this.receiveBuffer = faults.receiveBuffer;
		this.#mtu = faults.mtu;
		this.#dice = new FaultDice(faults, seed);
		this.defaultHost = new Host(this, []);
		this.#hosts.push(this.defaultHost);
	}

	/** Where the open sockets of all hosts are bound. */
	get openSockets(): string[] {
		return this.#hosts.flatMap((host) => host.openSockets);
	}

	/**
	 * The host with these addresses, a new one if there is none yet.
	 *
	 * @throws {RangeError} when an address is none that a host can have, or belongs to another host.
	 */
	host(addresses: readonly string[], name: string | undefined): Host {
		const own = addresses.map(hostAddress);
		const known = this.#owners.get(own[0] ?? "");
		for (const address of own) {
			if (own.length > 0 && this.#owners.get(address) === known) continue;
			throw new RangeError(`Cannot make a host of ${own.join(", ")}: ${address} is not the same host's`);
		}
		if (own.length === 0) throw new RangeError("Cannot make a host: it has no address");
		const host = known ?? new Host(this, own);
		if (known === undefined) {
			this.#hosts.push(host);
			for (const address of own) this.#owners.set(address, host);
		}
		if (name !== undefined) this.#names.set(name.toLowerCase(), host.addresses);
		return host;
	}

	/** The addresses of a named host. */
	async resolve(name: string): Promise<readonly string[]> {
		const addresses = this.#names.get(name.toLowerCase());
		if (addresses === undefined) throw systemError("ENOTFOUND");
		return addresses;
	}

	/**
	 * Lets a datagram arrive now, behind what is scheduled for now. Rules and faults do not touch it.
	 *
	 * @throws {RangeError} when an end of its way is not an address and a port, or no host is at its end.
	 */
	inject({ from, to, data }: InjectedDatagram): void {
		const packet: SimulatedPacket = { kind: "udp", from: endpoint(from), to: endpoint(to), data: new Uint8Array(data) };
		const targets = isGroupAddress(packet.to.host) ? this.#hosts : this.#unicast(this.defaultHost, packet.to.host);
		if (targets.length === 0) throw new RangeError(`Cannot inject the datagram: no host has the address ${to.host}`);
		this.trace.packet("inject", packet);
		for (const target of targets) this.clock.internal(0, () => this.#arrive(packet, target));
	}

	send(sender: Host, packet: SimulatedPacket, reach: GroupReach): void {
		this.trace.packet("send", packet);
		const { host } = packet.to;
		const targets = isGroupAddress(host) ? this.#group(sender, familyOf(host), reach) : this.#unicast(sender, host);
		if (targets.length === 0) this.trace.packet("drop-route", packet);
		for (const target of targets) this.#carry(packet, target);
	}

	#unicast(sender: Host, address: string): readonly Host[] {
		const owner = isLoopback(address) ? sender : this.#owners.get(address);
		return owner === undefined ? [] : [owner];
	}

	#group(sender: Host, family: 4 | 6, { loopback, others }: GroupReach): readonly Host[] {
		const leaves = others && sender.isOnNetwork(family);
		return this.#hosts.filter((host) => (host === sender ? loopback : leaves && host.isOnNetwork(family)));
	}

	#carry(packet: SimulatedPacket, target: Host): void {
		const delays = this.#dice.roll();
		const verdict = this.rules.judge(packet);
		const headers = familyOf(packet.to.host) === 4 ? 28 : 48;
		if (verdict.drop) return this.trace.packet("drop-rule", packet);
		if (packet.data.length + headers > this.#mtu) return this.trace.packet("drop-mtu", packet);
		if (delays.length === 0) this.trace.packet("drop-loss", packet);
		if (delays.length > 1) this.trace.packet("duplicate", packet);
		for (const delay of delays) this.clock.internal(verdict.delay + delay, () => this.#arrive(packet, target));
	}

	#arrive(packet: SimulatedPacket, target: Host): void {
		if (target.receive(packet) || isGroupAddress(packet.to.host)) return;
		this.trace.packet("drop-closed", packet);
		const notice: SimulatedPacket = { kind: "icmp", from: packet.to, to: packet.from, data: packet.data };
		this.trace.packet("send", notice);
		for (const sender of this.#unicast(target, packet.from.host)) this.#carry(notice, sender);
	}
}

function hostAddress(text: string): string {
	const address = canonicalAddress(text);
	if (address === undefined) throw new RangeError(`Cannot make a host of "${text}": not a literal IP address`);
	if (isLoopback(address))
		throw new RangeError(`Cannot make a host of "${text}": every host has a loopback of its own`);
	if (isWildcard(address) || isGroupAddress(address)) {
		throw new RangeError(`Cannot make a host of "${text}": not the address of one host`);
	}
	return address;
}

function endpoint({ host, port }: Endpoint): Endpoint {
	const address = canonicalAddress(host);
	if (address === undefined) throw new RangeError(`Cannot inject the datagram: "${host}" is not a literal IP address`);
	if (!Number.isInteger(port) || port < 0 || port > 65_535) {
		throw new RangeError(`Cannot inject the datagram: ${port} is not a port`);
	}
	return { host: address, port };
}
