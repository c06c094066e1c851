import { CancelScope } from "./cancel_scope.ts";
import type { Clock } from "./clock.ts";
import { type Context, currentContext, runInContext } from "./context.ts";
import { TimerQueue } from "./timer_queue.ts";

/** @internal What all waiting of one backend goes through: its clock, its timers, and the root of its cancel scopes. */
export class Scheduler {
	readonly timers: TimerQueue;
	/** The scope around all code that is in no other. It is never cancelled. */
	readonly root: CancelScope;
	/** Tasks that run. */
	tasks = 0;
	readonly #clock: Clock;
	readonly #rootContext: Context;

	constructor(clock: Clock) {
		this.#clock = clock;
		this.timers = new TimerQueue(clock);
		this.root = new CancelScope(this.timers);
		this.root.enter(undefined);
		this.#rootContext = { task: undefined, scope: this.root };
	}

	/** The context of the running code. */
	context(): Context {
		return currentContext() ?? this.#rootContext;
	}

	/** Runs `body` outside of every task and scope. */
	detached<R>(body: () => R): R {
		return runInContext(this.#rootContext, body);
	}

	/** Calls back in a later turn of the event loop. */
	defer(callback: () => void): void {
		this.#clock.defer(callback);
	}
}
