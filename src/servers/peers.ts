import type { Deadline } from "../concurrency/timer_queue.ts";
import type { DatagramService } from "./datagram_service.ts";
import type { Flow } from "./flow.ts";
import { FlowList } from "./flow_list.ts";
import { FlowTable } from "./flow_table.ts";

/** Milliseconds for which a peer without a handler is remembered, so that its next datagram finds its state. */
const MEMORY = 1_000;

/**
 * @internal All peers of a service, and which of them have to go: idle ones after a while, others when room is needed.
 * The lists are ordered by time, so that one timer serves them all and costs nothing per datagram.
 */
export class Peers {
	readonly #service: DatagramService;
	readonly #tables: FlowTable[] = [];
	/** Without a handler. */
	readonly #resting: FlowList = new FlowList();
	/** Their handlers wait for them, and they never answered an answer of ours. */
	readonly #waiting: FlowList = new FlowList();
	/** Their handlers wait for them, and they did. */
	readonly #trusted: FlowList = new FlowList();
	/** As `waiting`, with a timeout that the handler chose. */
	readonly #timed: FlowList = new FlowList();
	/** Evicted, and their handlers have not ended yet. They are in no table any more. */
	readonly #evicted: FlowList = new FlowList();
	readonly #sweep: Deadline;
	#size = 0;

	constructor(service: DatagramService) {
		this.#service = service;
		this.#sweep = service.timers.deadline(() => this.#onSweep());
	}

	get size(): number {
		return this.#size;
	}

	newTable(): FlowTable {
		const table = new FlowTable();
		this.#tables.push(table);
		return table;
	}

	*all(): Generator<Flow> {
		for (const table of this.#tables) yield* [...table];
		for (let flow = this.#evicted.first; flow !== undefined; flow = flow.next) yield flow;
	}

	/** Adds a new peer. Answers false if there is no room, and nobody can give way. */
	add(flow: Flow): boolean {
		if (!this.#makeRoom()) return false;
		flow.table.add(flow);
		this.#size++;
		this.#arm(this.#waiting, this.#patience());
		return true;
	}

	/** Its handler waits for the peer; `timed`: with a timeout of its own. */
	parked(flow: Flow, timed: boolean): void {
		const { trusted } = flow.client;
		flow.since = this.#service.timers.now();
		if (timed) {
			// Its own timeout ends it; the list only says who may have to give way.
			if (!trusted) this.#timed.add(flow);
		} else if (trusted) {
			this.#trusted.add(flow);
			this.#arm(this.#trusted, this.#service.limits.peerIdleTimeout);
		} else {
			this.#waiting.add(flow);
			this.#arm(this.#waiting, this.#patience());
		}
	}

	/** It has no handler and no datagrams. */
	rested(flow: Flow): void {
		flow.since = this.#service.timers.now();
		this.#resting.add(flow);
		this.#arm(this.#resting, MEMORY);
	}

	/** It is gone for good. */
	forget(flow: Flow): void {
		if (flow.list === this.#evicted) {
			this.#evicted.remove(flow);
			return;
		}
		flow.list?.remove(flow);
		flow.table.delete(flow);
		this.#size--;
	}

	stop(): void {
		this.#sweep.clear();
	}

	#makeRoom(): boolean {
		const { peers } = this.#service.limits;
		if (this.#size < peers) return true;
		if (this.#resting.first !== undefined) {
			this.forget(this.#resting.first);
			return true;
		}
		const [waiting, timed] = [this.#waiting.first, this.#timed.first];
		const flow = waiting === undefined || (timed !== undefined && timed.since < waiting.since) ? timed : waiting;
		// Handlers that do not end although they were evicted take up room as well.
		if (flow === undefined || this.#evicted.size >= peers) return false;
		this.forget(flow);
		flow.since = this.#service.timers.now();
		this.#evicted.add(flow);
		this.#arm(this.#evicted, this.#service.limits.abandonTimeout);
		this.#service.evict(flow);
		return true;
	}

	/** How long to wait for a peer that may be an invention. */
	#patience(): number {
		const { peers, peerIdleTimeout } = this.#service.limits;
		if (this.#size > peers * 0.8) return peerIdleTimeout / 100;
		return this.#size > peers * 0.5 ? peerIdleTimeout / 10 : peerIdleTimeout;
	}

	#arm(list: FlowList, patience: number): void {
		if (list.first === undefined) return;
		const due = list.first.since + patience;
		if (due < this.#sweep.at) this.#sweep.set(due);
	}

	#onSweep(): void {
		const { peerIdleTimeout, abandonTimeout } = this.#service.limits;
		const service = this.#service;
		this.#expire(this.#resting, MEMORY, (flow) => this.forget(flow));
		this.#expire(this.#waiting, this.#patience(), (flow) => service.expired(flow));
		this.#expire(this.#trusted, peerIdleTimeout, (flow) => service.expired(flow));
		this.#expire(this.#evicted, abandonTimeout, (flow) => service.abandon(flow, "it did not end when it was evicted"));
	}

	#expire(list: FlowList, patience: number, act: (flow: Flow) => void): void {
		const now = this.#service.timers.now();
		for (let flow = list.first; flow !== undefined && flow.since + patience <= now; flow = list.first) act(flow);
		this.#arm(list, patience);
	}
}
