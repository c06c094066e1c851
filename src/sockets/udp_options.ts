import type { AsyncBackend } from "../backend/async_backend.ts";
import type { Capability } from "../backend/capabilities.ts";
import type { RawUdpOptions } from "../backend/driver.ts";
import type { Limits } from "../limits.ts";
import { ipFamily } from "./ip.ts";

/** Options of a UDP socket that become options of the system's socket (`ip(7)`, `socket(7)`, `udp(7)`). */
export interface UdpSocketOptions {
	/** Lets several sockets share the address; for multicast and broadcast receivers, each gets every datagram (`SO_REUSEADDR`). Default: false. */
	reuseAddress?: boolean | undefined;
	/** Lets several sockets share the address; the kernel spreads the peers among them (`SO_REUSEPORT`). Default: false. */
	reusePort?: boolean | undefined;
	/** Allows sending to broadcast addresses (`SO_BROADCAST`). Default: false. */
	broadcast?: boolean | undefined;
	/** Time to live of unicast datagrams, 1 to 255 hops (`IP_TTL`). Default: the system's. */
	ttl?: number | undefined;
	/** Time to live of multicast datagrams, 0 to 255 hops (`IP_MULTICAST_TTL`). Default: 1. */
	multicastTtl?: number | undefined;
	/** Whether this host receives the multicast datagrams it sends (`IP_MULTICAST_LOOP`). Default: true. */
	multicastLoopback?: boolean | undefined;
	/** The interface that multicast datagrams leave by: its IPv4 address, or `::%eth0` for IPv6. Default: the system's choice. */
	multicastInterface?: string | undefined;
	/** Size of the kernel's receive buffer in bytes (`SO_RCVBUF`); 4 MiB takes up spikes. Default: the system's. */
	receiveBufferSize?: number | undefined;
	/** Size of the kernel's send buffer in bytes (`SO_SNDBUF`). Default: the system's. */
	sendBufferSize?: number | undefined;
}

/** Options of `UdpSocket.bind()`. */
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

/** Options of `UdpSocket.connect()`. */
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

const FLAGS = {
	reuseAddress: "udpReuseAddress",
	reusePort: "udpReusePort",
	broadcast: "udpBroadcast",
	multicastLoopback: "udpMulticastOptions",
} as const satisfies Record<string, Capability>;

const NUMBERS = {
	ttl: ["udpTtl", 1, 255],
	multicastTtl: ["udpMulticastOptions", 0, 255],
	receiveBufferSize: ["udpBufferSize", 1, 2 ** 31 - 1],
	sendBufferSize: ["udpBufferSize", 1, 2 ** 31 - 1],
} as const satisfies Record<string, readonly [Capability, number, number]>;

/**
 * @internal Checks the values of the options. Needs no backend, so constructors call it.
 * @throws {TypeError} {RangeError} naming the option.
 */
export function checkUdpOptions(options: UdpSocketOptions): void {
	for (const name of Object.keys(FLAGS) as (keyof typeof FLAGS)[]) {
		const value: unknown = options[name];
		if (value !== undefined && typeof value !== "boolean") {
			throw new TypeError(`Cannot use ${String(value)} as "${name}": not a boolean`);
		}
	}
	for (const [name, [, min, max]] of Object.entries(NUMBERS)) {
		const value: unknown = options[name as keyof typeof NUMBERS];
		if (value === undefined) continue;
		if (typeof value !== "number") throw new TypeError(`Cannot use ${String(value)} as "${name}": not a number`);
		if (!Number.isInteger(value) || value < min || value > max) {
			throw new RangeError(`Cannot use ${value} as "${name}": not a whole number from ${min} to ${max}`);
		}
	}
	const { multicastInterface } = options;
	if (multicastInterface !== undefined && ipFamily(multicastInterface) === 0) {
		throw new TypeError(`Cannot use "${String(multicastInterface)}" as "multicastInterface": not a literal IP address`);
	}
}

/**
 * @internal The options for the driver: those that were given, once the backend is known to support them.
 * @throws {UnsupportedOperationError} naming the capability.
 */
export function rawUdpOptions(backend: AsyncBackend, options: UdpSocketOptions): Partial<RawUdpOptions> {
	const raw: Record<string, unknown> = {};
	for (const [name, capability] of Object.entries(FLAGS)) {
		const value = options[name as keyof typeof FLAGS];
		// What is off by default need not be switched off.
		if (value === undefined || (value === false && name !== "multicastLoopback")) continue;
		backend.require(capability, `the option "${name}" needs it`);
		raw[name] = value;
	}
	for (const [name, [capability]] of Object.entries(NUMBERS)) {
		const value = options[name as keyof typeof NUMBERS];
		if (value === undefined) continue;
		backend.require(capability, `the option "${name}" needs it`);
		raw[name] = value;
	}
	if (options.multicastInterface !== undefined) {
		backend.require("udpMulticastInterface", 'the option "multicastInterface" needs it');
		raw["multicastInterface"] = options.multicastInterface;
	}
	return raw;
}
