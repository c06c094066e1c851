/** What a backend may be able to do. What it cannot do fails when it is opened, with `UnsupportedOperationError`. */
export interface Capabilities {
	/** UDP sockets at all. */
	readonly udp: boolean;
	/** Sockets connected to one peer by the system, which then reports a dead peer (`ECONNREFUSED`). Without it, the core filters by address. */
	readonly udpConnected: boolean;
	/** Sending to broadcast addresses (`SO_BROADCAST`). */
	readonly udpBroadcast: boolean;
	/** Joining and leaving multicast groups. */
	readonly udpMulticast: boolean;
	/** Joining a group for one source only (`IP_ADD_SOURCE_MEMBERSHIP`). */
	readonly udpSourceMulticast: boolean;
	/** The time to live of multicast datagrams, and whether they loop back. */
	readonly udpMulticastOptions: boolean;
	/** The interface that multicast datagrams leave by. */
	readonly udpMulticastInterface: boolean;
	/** The time to live of unicast datagrams (`IP_TTL`). */
	readonly udpTtl: boolean;
	/** Several sockets on one address (`SO_REUSEADDR`). */
	readonly udpReuseAddress: boolean;
	/** Several sockets on one address, among which the kernel spreads the peers (`SO_REUSEPORT`). */
	readonly udpReusePort: boolean;
	/** The sizes of the kernel's buffers (`SO_RCVBUF`, `SO_SNDBUF`). */
	readonly udpBufferSize: boolean;
	/** IPv6 sockets that leave IPv4 alone (`IPV6_V6ONLY`). Without it, `"::"` serves both families on one socket. */
	readonly ipv6Only: boolean;
	/** How many datagrams the kernel dropped because the receive buffer was full. */
	readonly kernelDrops: boolean;
	/** Calling back on SIGINT and SIGTERM. */
	readonly signals: boolean;
	/** Resolving host names. */
	readonly resolve: boolean;
}

/** The name of something that a backend may be able to do. */
export type Capability = keyof Capabilities;

const NONE: Capabilities = {
	udp: false,
	udpConnected: false,
	udpBroadcast: false,
	udpMulticast: false,
	udpSourceMulticast: false,
	udpMulticastOptions: false,
	udpMulticastInterface: false,
	udpTtl: false,
	udpReuseAddress: false,
	udpReusePort: false,
	udpBufferSize: false,
	ipv6Only: false,
	kernelDrops: false,
	signals: false,
	resolve: false,
};

/** @internal The full record: what a driver does not name, it cannot do. */
export function allCapabilities(some: Partial<Capabilities>): Capabilities {
	return Object.freeze({ ...NONE, ...some });
}
