import type { Deadline, TimerQueue } from "../concurrency/timer_queue.ts";
import type { Limits } from "../limits.ts";
import type { Flow } from "./flow.ts";
import { FlowList } from "./flow_list.ts";
import { FlowTable } from "./flow_table.ts";

/** Milliseconds for which a peer without a handler is remembered, so that its next datagram finds its state. */
const MEMORY = 1_000;

/** @internal What happens to flows whose time has come. */
export interface PeersHost {
	readonly timers: TimerQueue;
	readonly limits: Limits;
	/** Its handler waited too long for it. */
	expired(flow: Flow): void;
	/** It has to make room. */
	evict(flow: Flow): void;
	/** Its handler does not end. */
	abandon(flow: Flow, why: string): void;
}

/**
 * @internal All peers of a service, and which of them have to go: idle ones after a while, others when room is needed.
 * The lists are ordered by time, so that one timer serves them all and costs nothing per datagram.
 */
export class Peers {
	readonly #host: PeersHost;
	readonly #tables: FlowTable<Flow>[] = [];
	/** Without a handler. */
	readonly #resting: FlowList<Flow> = new FlowList();
	/** Their handlers wait for them, and they may be inventions of a spoofer; `timed`: with a timeout of the handler's own. */
	readonly #strangers: FlowList<Flow> = new FlowList();
	readonly #timedStrangers: FlowList<Flow> = new FlowList();
	/** They sent again after an answer. Somebody who sends twice blindly does so as well: they are only the last to go. */
	readonly #answered: FlowList<Flow> = new FlowList();
	readonly #timedAnswered: FlowList<Flow> = new FlowList();
	/** Validated by the handler: they never have to go. */
	readonly #validated: FlowList<Flow> = new FlowList();
	/** Evicted, and their handlers have not ended yet. They are in no table any more. */
	readonly #evicted: FlowList<Flow> = new FlowList();
	readonly #sweep: Deadline;
	#size = 0;

	constructor(host: PeersHost) {
		this.#host = host;
		this.#sweep = host.timers.deadline(() => this.#onSweep());
	}

	get size(): number {
		return this.#size;
	}

	newTable(): FlowTable<Flow> {
		const table = new FlowTable<Flow>();
		this.#tables.push(table);
		return table;
	}

	/** All flows, as they are now. */
	all(): Flow[] {
		return [...this.#tables.flatMap((table) => [...table]), ...this.#evicted];
	}

	/** Adds a new peer. Answers false if there is no room, and nobody can give way. */
	add(flow: Flow): boolean {
		if (!this.#makeRoom()) return false;
		flow.table.add(flow);
		this.#size++;
		this.#arm(this.#strangers, this.#patience());
		return true;
	}

	/** Its handler waits for the peer; `timed`: with a timeout of its own, which ends the wait. */
	parked(flow: Flow, timed: boolean): void {
		const { validated, answered } = flow.client;
		const now = this.#host.timers.now();
		if (timed) {
			if (!validated) (answered ? this.#timedAnswered : this.#timedStrangers).add(flow, now);
		} else {
			const list = validated ? this.#validated : answered ? this.#answered : this.#strangers;
			list.add(flow, now);
			this.#arm(list, list === this.#strangers ? this.#patience() : this.#host.limits.peerIdleTimeout);
		}
	}

	/** It has no handler and no datagrams. */
	rested(flow: Flow): void {
		this.#resting.add(flow, this.#host.timers.now());
		this.#arm(this.#resting, MEMORY);
	}

	/** It is gone for good. */
	forget(flow: Flow): void {
		flow.list?.remove(flow);
		if (flow.table.delete(flow)) this.#size--;
	}

	/** Forgets all. */
	clear(): void {
		for (const table of this.#tables) table.clear();
		this.#resting.clear();
		this.#size = 0;
		this.#sweep.clear();
	}

	#makeRoom(): boolean {
		const { peers, abandonTimeout } = this.#host.limits;
		if (this.#size < peers) return true;
		if (this.#resting.first !== undefined) {
			this.forget(this.#resting.first);
			return true;
		}
		// Handlers that do not end although they were evicted take up room as well.
		if (this.#evicted.size >= peers) return false;
		const flow =
			this.#oldest(this.#strangers, this.#timedStrangers) ?? this.#oldest(this.#answered, this.#timedAnswered);
		if (flow === undefined) return false;
		this.forget(flow);
		this.#host.evict(flow);
		if (flow.running) {
			this.#evicted.add(flow, this.#host.timers.now());
			this.#arm(this.#evicted, abandonTimeout);
		}
		return true;
	}

	#oldest(idle: FlowList<Flow>, timed: FlowList<Flow>): Flow | undefined {
		for (;;) {
			const [one, other] = [idle.first, timed.first];
			const flow = one === undefined || (other !== undefined && other.since < one.since) ? other : one;
			if (!flow?.client.validated) return flow;
			// It was validated while its handler waited.
			const list = flow.list as FlowList<Flow>;
			list.remove(flow);
			if (list === idle) this.parked(flow, false);
		}
	}

	/** How long to wait for a peer that may be an invention. */
	#patience(): number {
		const { peers, peerIdleTimeout } = this.#host.limits;
		if (this.#size > peers * 0.8) return peerIdleTimeout / 100;
		return this.#size > peers * 0.5 ? peerIdleTimeout / 10 : peerIdleTimeout;
	}

	#arm(list: FlowList<Flow>, patience: number): void {
		if (list.first === undefined) return;
		const due = list.first.since + patience;
		if (due < this.#sweep.at) this.#sweep.set(due);
	}

	#onSweep(): void {
		const host = this.#host;
		const { peerIdleTimeout, abandonTimeout } = host.limits;
		const expired = (flow: Flow): void => host.expired(flow);
		this.#expire(this.#resting, MEMORY, (flow) => this.forget(flow));
		this.#expire(this.#strangers, this.#patience(), expired);
		this.#expire(this.#answered, peerIdleTimeout, expired);
		this.#expire(this.#validated, peerIdleTimeout, expired);
		this.#expire(this.#evicted, abandonTimeout, (flow) => host.abandon(flow, "it did not end when it was evicted"));
	}

	#expire(list: FlowList<Flow>, patience: number, act: (flow: Flow) => void): void {
		const now = this.#host.timers.now();
		for (let flow = list.first; flow !== undefined && flow.since + patience <= now; flow = list.first) act(flow);
		this.#arm(list, patience);
	}
}
