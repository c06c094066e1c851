/** Everything that a stranger can make grow has a limit. Each can be overridden by the `limits` option of a server or socket. */
export interface Limits {
	/** Peers with state in one server. Beyond it, the longest idle peer that was not validated gives way; if none can, new ones are dropped. Default 10,000. */
	readonly peers: number;
	/** Datagrams that wait for one peer's handler. Default 64. */
	readonly datagramsPerPeer: number;
	/** Bytes that wait for one peer's handler. Default 256 KiB. */
	readonly bytesPerPeer: number;
	/** Bytes of all datagrams that wait in one server or socket. Default 16 MiB. */
	readonly queuedBytes: number;
	/** Bytes handed to one socket that the system did not take yet; more are refused with `SendQueueFullError`. Default 1 MiB. */
	readonly sendQueueBytes: number;
	/** Milliseconds that a handler waits for its peer's next datagram when it gives no timeout. Under pressure it shrinks: above 50 % of `peers` to a tenth, above 80 % to a hundredth. Default 30,000. */
	readonly peerIdleTimeout: number;
	/** Milliseconds that a cancelled handler may take to end before it is abandoned. Default 5,000. */
	readonly abandonTimeout: number;
	/** Bytes sent to a peer per byte received from it, until `client.markValidated()` (RFC 9000, section 8.1, takes 3). Default `Infinity`. */
	readonly amplification: number;
}

/** The default limits. */
export const defaultLimits: Limits = Object.freeze({
	peers: 10_000,
	datagramsPerPeer: 64,
	bytesPerPeer: 256 * 1024,
	queuedBytes: 16 * 1024 * 1024,
	sendQueueBytes: 1024 * 1024,
	peerIdleTimeout: 30_000,
	abandonTimeout: 5_000,
	amplification: Infinity,
});

/**
 * @internal The defaults with some overridden.
 * @throws {TypeError} when a name is unknown or a value is not a number.
 * @throws {RangeError} when a value is not positive.
 */
export function checkLimits(some: Partial<Limits> = {}): Limits {
	const given = Object.entries(some).filter(([, value]) => value !== undefined);
	for (const [name, value] of given) {
		if (!Object.hasOwn(defaultLimits, name))
			throw new TypeError(`Cannot set the limit "${name}": there is none of that name`);
		if (typeof value !== "number" || Number.isNaN(value)) {
			throw new TypeError(`Cannot use ${String(value)} as the limit "${name}": not a number`);
		}
		if (value <= 0) throw new RangeError(`Cannot use ${value} as the limit "${name}": it must be above 0`);
	}
	return Object.freeze({ ...defaultLimits, ...Object.fromEntries(given) });
}
