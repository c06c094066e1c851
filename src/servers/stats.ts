/** Why a datagram was dropped. */
export interface DatagramDrops {
	/** From port 0, a refused port, a multicast or broadcast address, or the server itself. */
	source: number;
	/** There were too many peers, and none could give way. */
	peers: number;
	/** Too many datagrams of this peer waited. */
	peerQueue: number;
	/** Too many bytes of all peers waited. */
	totalQueue: number;
	/** The handler returned before its first `yield`. */
	refused: number;
	/** The handler threw before its first `yield`. */
	failed: number;
	/** It was queued behind a handler that was evicted or abandoned. */
	evicted: number;
	/** It was queued when the server stopped. */
	stopped: number;
	/** It was larger than the driver's buffer. */
	truncated: number;
}

/** What a datagram server counts: `received` is always `handled` + `queued` + the sum of `dropped`. */
export interface DatagramServerStats {
	/** Whether all sockets are open. */
	listening: boolean;
	/** Peers with state, now. */
	peers: number;
	/** Handlers that have not ended, now. */
	handlers: number;
	/** Datagrams that wait for a handler, now. */
	queued: number;
	/** Datagrams that the system handed over. */
	received: number;
	/** Datagrams that a handler got, well-formed or as an error. */
	handled: number;
	/** Of these, those that were malformed. */
	malformed: number;
	/** Datagrams that were dropped, by reason. */
	dropped: DatagramDrops;
	/** Datagrams sent. */
	sent: number;
	/** Datagrams that the system could not send. */
	sendErrors: number;
	/** Packets refused by `limits.amplification`. */
	amplificationRefused: number;
	/** Errors that the system reported on reception. */
	receiveErrors: number;
	/** Handlers that ended by an error. */
	handlerErrors: number;
	/** Handlers that waited too long for their peer. */
	idleTimeouts: number;
	/** Peers that gave way to others. */
	evictions: number;
	/** Handlers that did not end in time after they were cancelled, and were left alone. */
	abandoned: number;
	/** Datagrams that the kernel dropped before we saw them; `undefined` where it does not tell. */
	kernelDrops: number | undefined;
}

/** @internal What a service counts itself. */
export type ServiceCounts = Omit<
	DatagramServerStats,
	"listening" | "peers" | "handlers" | "queued" | "received" | "sendErrors" | "receiveErrors" | "kernelDrops"
>;

/** @internal */
export function newCounts(): ServiceCounts {
	return {
		handled: 0,
		malformed: 0,
		dropped: {
			source: 0,
			peers: 0,
			peerQueue: 0,
			totalQueue: 0,
			refused: 0,
			failed: 0,
			evicted: 0,
			stopped: 0,
			truncated: 0,
		},
		sent: 0,
		amplificationRefused: 0,
		handlerErrors: 0,
		idleTimeouts: 0,
		evictions: 0,
		abandoned: 0,
	};
}
