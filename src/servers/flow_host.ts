import type { CancelScope } from "../concurrency/cancel_scope.ts";
import type { ContextValues } from "../concurrency/context.ts";
import type { TimerQueue } from "../concurrency/timer_queue.ts";
import type { QueueHost } from "./flow_queue.ts";
import type { DatagramRequestHandler } from "./handlers.ts";
import type { LoopWatch } from "./loop_watch.ts";
import type { ServiceCounts } from "./stats.ts";

/** @internal What a flow needs from the service it belongs to. */
export interface FlowHost<Flow> extends QueueHost {
	readonly counts: QueueHost["counts"] & ServiceCounts;
	readonly protocol: { buildPacket(datagram: Uint8Array): unknown };
	readonly handler: DatagramRequestHandler<never, never>;
	readonly timers: TimerQueue;
	readonly watch: LoopWatch;
	/** The scope and the context variables of all handlers. */
	readonly scope: CancelScope;
	readonly values: ContextValues;
	/** It has something to do. */
	woke(): void;
	/** Its handler waits for the peer; `timed`: with a timeout of its own. */
	parked(flow: Flow, timed: boolean): void;
	/** It has neither handler nor datagrams any more; `forget`: nor any use. */
	rested(flow: Flow, forget: boolean): void;
	/** Its handler threw. */
	handlerFailed(error: unknown, flow: Flow): void;
	/** Its handler does not end. */
	abandon(flow: Flow, why: string): void;
	/** Whether it may go on with its queue in this turn of the event loop. */
	mayGoOn(): boolean;
	/** Resumes it in the next turn. */
	goOnLater(flow: Flow): void;
}
