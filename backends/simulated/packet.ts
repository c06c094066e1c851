import type { Endpoint } from "./addresses.ts";

/** Something on its way from one host to another, as `simulation.rule()` sees it. */
export interface SimulatedPacket {
	/** A datagram, or the notice that nobody listens where a datagram was sent to; the notice travels back. */
	readonly kind: "udp" | "icmp";
	/** Who sent it; for a notice, where nobody listens. */
	readonly from: Endpoint;
	/** Where it goes; for a notice, who had sent the datagram. */
	readonly to: Endpoint;
	/** The content of the datagram. Do not change it. */
	readonly data: Uint8Array;
}
