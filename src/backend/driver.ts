import type { Clock } from "../concurrency/clock.ts";
import type { Capabilities } from "./capabilities.ts";

/**
 * What a runtime supplies, and all that a custom backend has to write: a clock and raw sockets with callbacks. The core
 * adds queues, limits, cancellation and checks. `createBackend(driver)` makes a backend of it.
 *
 * A driver reports what it cannot do in `capabilities`; the core then never asks for it.
 */
export interface Driver extends Clock {
	/** A short name for errors and logs, such as `"node"`. */
	readonly name: string;
	/** What it can do; what is not named, it cannot. */
	readonly capabilities: Partial<Capabilities>;
	/**
	 * Opens a UDP socket, bound when this resolves.
	 *
	 * @throws whatever the system says; an error with a `code` such as `"EADDRINUSE"` is best.
	 */
	openUdp?(options: RawUdpOptions, events: RawDatagramEvents): Promise<RawDatagramSocket>;
	/** Resolves a host name to IP addresses, the best first. The core asks once per socket, and never for literal addresses. */
	resolve?(hostname: string): Promise<readonly string[]>;
	/** The addresses of this host, so that a server can tell its own. */
	localAddresses?(): readonly string[];
	/** Calls back when the process gets the signal, until the returned function is called. */
	onSignal?(signal: "SIGINT" | "SIGTERM", callback: () => void): () => void;
}

/** How to open a UDP socket. The core has checked everything, and leaves out what was not asked for. */
export interface RawUdpOptions {
	/** A literal IP address. */
	readonly host: string;
	/** 0: any free port. */
	readonly port: number;
	/** The family of `host`. */
	readonly family: 4 | 6;
	/** `SO_REUSEADDR`, before binding. */
	readonly reuseAddress?: boolean;
	/** `SO_REUSEPORT`, before binding. */
	readonly reusePort?: boolean;
	/** `SO_BROADCAST`. */
	readonly broadcast?: boolean;
	/** `IP_TTL`. */
	readonly ttl?: number;
	/** `IP_MULTICAST_TTL`. */
	readonly multicastTtl?: number;
	/** `IP_MULTICAST_LOOP`. */
	readonly multicastLoopback?: boolean;
	/** `IP_MULTICAST_IF`: an IPv4 address, or `::%eth0` for IPv6. */
	readonly multicastInterface?: string;
	/** `SO_RCVBUF`, bytes. */
	readonly receiveBufferSize?: number;
	/** `SO_SNDBUF`, bytes. */
	readonly sendBufferSize?: number;
	/** The only peer. Given only to a driver with the capability `udpConnected`. */
	readonly peer?: { readonly host: string; readonly port: number };
}

/** What a raw datagram socket tells the core. Callbacks may come from any async context. */
export interface RawDatagramEvents {
	/** A datagram arrived. `data` belongs to the core from now on: the driver must not reuse it. `host` is a literal address. */
	message(data: Uint8Array, host: string, port: number): void;
	/** A datagram arrived that was larger than the driver's buffer. It is counted, never delivered. */
	truncated(): void;
	/** Something went wrong that is no answer to a call, such as a receive error. The socket stays open. */
	error(error: unknown): void;
	/** A send without a callback of its own failed. With the datagram, the core can try again. */
	sendError(error: unknown, data?: Uint8Array, port?: number, host?: string): void;
	/** `bufferedAmount` has come down to 0. */
	drain(): void;
	/** The socket was closed by somebody else than the core, for good. The core calls nothing on it any more. */
	close(error?: unknown): void;
}

/** An open datagram socket of a driver. */
export interface RawDatagramSocket {
	/** Where it is bound, with the real port. */
	readonly localAddress: { readonly host: string; readonly port: number };
	/** Bytes that `send` accepted and the system has not taken yet, with some for each datagram, as empty ones count as well. 0 where sending never waits. */
	readonly bufferedAmount: number;
	/**
	 * Sends one datagram, in order. Does not throw: errors go to `done`, or to `events.sendError` where there is none.
	 * The data does not change until then.
	 *
	 * @param host A literal address; a connected socket sends to its peer and ignores it.
	 * @param done Called once, now or later: with nothing when the system took the datagram, else with the error.
	 */
	send(data: Uint8Array, port: number, host: string, done?: (error?: unknown) => void): void;
	/** Resolves when the descriptor is free, so that the port can be bound again at once. Called once. */
	close(): Promise<void>;
	/** Joins a multicast group. Given only to drivers with the capability `udpMulticast`. */
	joinGroup?(group: string, options: MulticastOptions): void | Promise<void>;
	/** Leaves a multicast group. */
	leaveGroup?(group: string, options: MulticastOptions): void | Promise<void>;
	/** Datagrams that the kernel dropped on this socket so far, if that can be known. */
	kernelDrops?(): number | undefined;
}

/** Which membership of a multicast group is meant. */
export interface MulticastOptions {
	/** The address of the local interface; without it the system chooses one. */
	readonly interface?: string | undefined;
	/** Only datagrams from this source (needs the capability `udpSourceMulticast`). */
	readonly source?: string | undefined;
}
