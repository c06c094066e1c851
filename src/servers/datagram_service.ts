import type { CancelScope } from "../concurrency/cancel_scope.ts";
import type { ContextValues } from "../concurrency/context.ts";
import { isCancellation } from "../concurrency/is_cancellation.ts";
import type { Scheduler } from "../concurrency/scheduler.ts";
import type { Deadline, TimerQueue } from "../concurrency/timer_queue.ts";
import { TimeoutError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { LimitedLog } from "../logging.ts";
import type { DatagramProtocol } from "../protocols/datagram_protocol.ts";
import type { UdpSocket } from "../sockets/udp_socket.ts";
import { type ClientHost, DatagramClient } from "./datagram_client.ts";
import { Flow } from "./flow.ts";
import type { FlowHost } from "./flow_host.ts";
import type { FlowTable } from "./flow_table.ts";
import type { DatagramRequestHandler } from "./handlers.ts";
import { LoopWatch } from "./loop_watch.ts";
import { Peers, type PeersHost } from "./peers.ts";
import { reportHandlerError, safely } from "./report_error.ts";
import type { Service } from "./server_run.ts";
import { SourceFilter } from "./source_filter.ts";
import type { ServiceCounts } from "./stats.ts";

/** Queued datagrams, and milliseconds, after which the event loop gets a turn, so that a busy peer starves nobody. */
const PER_TURN = 64;
const TURN_MS = 5;
/** Milliseconds that handlers get to end after they were cancelled at the end of a drain. */
const AFTER_DRAIN = 1_000;
/** How many handlers that were left alone are named. */
const NAMED = 10;

/** @internal What a datagram service is made of. */
export interface DatagramServiceOptions {
	readonly scheduler: Scheduler;
	readonly sockets: readonly UdpSocket[];
	// biome-ignore lint/suspicious/noExplicitAny: the server's types fit those of its protocol and handler
	readonly protocol: DatagramProtocol<any, any>;
	// biome-ignore lint/suspicious/noExplicitAny: as above
	readonly handler: DatagramRequestHandler<any, any>;
	readonly limits: Limits;
	readonly overflow: "drop-newest" | "drop-oldest";
	readonly refuseSourcePorts: ReadonlySet<number>;
	readonly counts: ServiceCounts & { queued: number; queuedBytes: number };
	readonly log: LimitedLog;
	/** The scope of all handlers. */
	readonly scope: CancelScope;
	/** The context variables that `serviceInit` set. */
	readonly values: ContextValues;
}

/** @internal A datagram server while it serves: takes datagrams from the sockets, and leads them to the flows of their peers. */
export class DatagramService implements Service, ClientHost, FlowHost<Flow>, PeersHost {
	readonly protocol: DatagramServiceOptions["protocol"];
	readonly handler: DatagramServiceOptions["handler"];
	readonly limits: Limits;
	readonly overflow: "drop-newest" | "drop-oldest";
	readonly counts: DatagramServiceOptions["counts"];
	readonly timers: TimerQueue;
	readonly scope: CancelScope;
	readonly values: ContextValues;
	/** Whether handlers can send no more. */
	stopped = false;
	readonly watch: LoopWatch;
	readonly abandoned: string[] = [];
	readonly #options: DatagramServiceOptions;
	readonly #peers: Peers;
	readonly #quietDeadline: Deadline;
	/** Flows that have something to do, parked ones included. */
	#active = 0;
	#draining = false;
	/** Handlers that were left alone when the server stopped. */
	#left = 0;
	#steps = 0;
	#turnEnds = 0;
	#waitingForTurn: Flow[] = [];
	#turnScheduled = false;
	#onQuiet: (() => void) | undefined;

	constructor(options: DatagramServiceOptions) {
		this.#options = options;
		this.protocol = options.protocol;
		this.handler = options.handler;
		this.limits = options.limits;
		this.overflow = options.overflow;
		this.counts = options.counts;
		this.timers = options.scheduler.timers;
		this.scope = options.scope;
		this.values = options.values;
		this.#peers = new Peers(this);
		this.#quietDeadline = this.timers.deadline(() => this.#onQuiet?.());
		this.watch = new LoopWatch(this.timers, (blocked) => this.#warnBlocked(blocked));
	}

	/** Peers with state. */
	get peers(): number {
		return this.#peers.size;
	}

	/** Handlers that have not ended, or are about to begin. */
	get handlers(): number {
		return this.#active;
	}

	/** Begins to take datagrams, first those that the sockets queued. */
	start(): void {
		const { sockets, refuseSourcePorts } = this.#options;
		const filter = new SourceFilter(sockets, refuseSourcePorts);
		for (const socket of sockets) {
			const table = this.#peers.newTable();
			socket.core.consume((data, host, port) => {
				const flow = table.get(host, port) ?? this.#admit(table, filter, socket, host, port);
				if (flow === undefined) return;
				flow.client.heard(data.length);
				flow.receive(data);
			});
		}
	}

	/**
	 * Stops reading, lets handlers end until `drainUntil`, then cancels them. Those that do not end in time are abandoned.
	 */
	async stop(drainUntil: number): Promise<void> {
		for (const socket of this.#options.sockets) socket.core.consume(undefined);
		const drains = drainUntil > this.timers.now();
		if (drains) {
			this.#draining = true;
			for (const flow of this.#peers.all()) if (flow.parked) this.#end(flow);
			await this.#quiet(drainUntil);
			this.#draining = false;
		}
		this.scope.cancel();
		for (const flow of this.#peers.all()) this.#end(flow);
		// After a drain, handlers have had their time.
		const grace = drains ? Math.min(AFTER_DRAIN, this.limits.abandonTimeout) : this.limits.abandonTimeout;
		await this.#quiet(this.timers.now() + grace);
		for (const flow of this.#peers.all()) if (flow.running) this.abandon(flow, "it did not end when it was cancelled");
		if (this.#left > NAMED) this.abandoned.push(`and ${this.#left - NAMED} more`);
		this.stopped = true;
		this.#peers.clear();
		this.watch.stop();
		this.scope.exit();
	}

	/** Brings the end of the drain forward. */
	hurry(drainUntil: number): void {
		if (this.#draining && drainUntil < this.#quietDeadline.at)
			this.#quietDeadline.set(Math.max(drainUntil, this.timers.now()));
	}

	woke(): void {
		this.#active++;
	}

	parked(flow: Flow, timed: boolean): void {
		if (this.#draining) this.#end(flow);
		else this.#peers.parked(flow, timed);
	}

	rested(flow: Flow, forget: boolean): void {
		if (forget) this.#peers.forget(flow);
		else this.#peers.rested(flow);
		this.#slept();
	}

	handlerFailed(error: unknown, flow: Flow): void {
		if (this.scope.cancelledBy() !== undefined && safely(() => isCancellation(error), false)) return;
		this.counts.handlerErrors++;
		reportHandlerError(this.#options.log, error, () => String(flow.client));
	}

	abandon(flow: Flow, why: string): void {
		this.counts.abandoned++;
		if (this.scope.cancelCalled && ++this.#left <= NAMED) {
			this.abandoned.push(`the handler ${this.#handlerName()} for ${flow.client}`);
		}
		this.#options.log.warn(
			"abandoned handler",
			() => `Abandoned the handler ${this.#handlerName()} for ${flow.client}: ${why}`,
		);
		flow.abandon();
		this.#peers.forget(flow);
		this.#slept();
	}

	expired(flow: Flow): void {
		this.counts.idleTimeouts++;
		flow.expire();
	}

	evict(flow: Flow): void {
		this.counts.evictions++;
		flow.close("evicted", new TimeoutError("Timed out: the peer was evicted to make room for others"));
	}

	mayGoOn(): boolean {
		const now = this.timers.now();
		if (!this.#turnScheduled) {
			this.#turnScheduled = true;
			this.#steps = 0;
			this.#turnEnds = now + TURN_MS;
			this.#options.scheduler.defer(() => this.#nextTurn());
		}
		return ++this.#steps <= PER_TURN && now < this.#turnEnds;
	}

	goOnLater(flow: Flow): void {
		this.#waitingForTurn.push(flow);
	}

	#nextTurn(): void {
		this.#turnScheduled = false;
		const flows = this.#waitingForTurn;
		this.#waitingForTurn = [];
		for (const flow of flows) flow.resume();
	}

	#admit(
		table: FlowTable<Flow>,
		filter: SourceFilter,
		socket: UdpSocket,
		host: string,
		port: number,
	): Flow | undefined {
		if (!filter.accepts(host, port)) {
			this.counts.dropped.source++;
			return undefined;
		}
		const flow = new Flow(this, table, new DatagramClient<never>(this, socket, host, port), host, port);
		if (this.#peers.add(flow)) return flow;
		this.counts.dropped.peers++;
		return undefined;
	}

	#slept(): void {
		this.#active--;
		if (this.#active === 0) this.#onQuiet?.();
	}

	#end(flow: Flow): void {
		if (flow.parked || flow.running) flow.close("stopped", this.scope.cancellation());
	}

	/** Waits until no flow has anything to do, or until the time has come. */
	#quiet(until: number): Promise<void> {
		return new Promise((resolve) => {
			if (this.#active === 0) return resolve();
			this.#onQuiet = () => {
				this.#quietDeadline.clear();
				this.#onQuiet = undefined;
				resolve();
			};
			this.#quietDeadline.set(until);
		});
	}

	#warnBlocked(milliseconds: number): void {
		this.#options.log.warn(
			"blocked event loop",
			() =>
				`The event loop was blocked for ${Math.round(milliseconds)} ms or more while the handler ${this.#handlerName()} ran`,
		);
	}

	#handlerName(): string {
		const { handler } = this;
		const name = handler.constructor === Object ? handler.handle.name : handler.constructor?.name;
		return name === undefined || name === "" ? "(anonymous)" : `"${name}"`;
	}
}
