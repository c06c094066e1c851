import { CancelledError } from "../errors.ts";
import { CancelScope } from "./cancel_scope.ts";
import { type Context, type ContextValues, nextTaskId, runInContext, type TaskInfo } from "./context.ts";
import { isCancellation } from "./is_cancellation.ts";
import type { Scheduler } from "./scheduler.ts";
import { park, type WaitOptions } from "./waiter.ts";

/** Settings of a new task. */
export interface TaskOptions {
	/** Shown by `task.name`. Default: `Task-<id>`. */
	name?: string | undefined;
}

type Outcome<T> =
	| { state: "done"; value: T }
	| { state: "failed"; error: unknown }
	| { state: "cancelled"; error: unknown };

const NO_VALUES: ContextValues = new Map();

/** An async function that runs beside others, inside a {@linkcode TaskGroup}. */
export class Task<T = unknown> implements TaskInfo {
	/** Counts up from 1 in the process. */
	readonly id: number = nextTaskId();
	/** The name given, or `Task-<id>`. */
	readonly name: string;
	/** @internal */
	values: ContextValues;
	/** @internal */
	parkedIn: CancelScope | undefined = undefined;
	readonly #scheduler: Scheduler;
	readonly #scope: CancelScope;
	readonly #onEnd: Set<() => void> = new Set();
	#outcome: Outcome<T> | undefined;

	/** @internal Use `group.startSoon()` or `group.start()`. */
	constructor(scheduler: Scheduler, parent: CancelScope, options: TaskOptions = {}) {
		this.#scheduler = scheduler;
		this.#scope = new CancelScope(scheduler.timers);
		this.#scope.enter(parent);
		this.name = options.name ?? `Task-${this.id}`;
		this.values = scheduler.context().task?.values ?? NO_VALUES;
		scheduler.tasks++;
	}

	/** Whether it ended, in whatever way. */
	get done(): boolean {
		return this.#outcome !== undefined;
	}

	/** Whether it ended by cancellation. */
	get cancelled(): boolean {
		return this.#outcome?.state === "cancelled";
	}

	/** Cancels the task; it ends when its code lets the cancellation pass. Answers false if it had ended before. */
	cancel(): boolean {
		if (this.done) return false;
		this.#scope.cancel();
		return true;
	}

	/** Waits for the end, whatever it is. Cancelling the waiting task leaves this one running. */
	async wait(options: WaitOptions = {}): Promise<void> {
		if (this.done) return;
		await park<void>(this.#scheduler, { ...options, waitsFor: `the end of ${this.name}` }, (waiter) => {
			const resolve = (): void => void waiter.resolve();
			this.#onEnd.add(resolve);
			return () => void this.#onEnd.delete(resolve);
		});
	}

	/**
	 * Waits for the end and gives the result. Cancelling the waiting task leaves this one running.
	 *
	 * @throws what the task threw; {@linkcode CancelledError} if it was cancelled.
	 */
	async join(options: WaitOptions = {}): Promise<T> {
		await this.wait(options);
		const outcome = this.#outcome as Outcome<T>;
		if (outcome.state === "done") return outcome.value;
		// A fresh error: the task's own belongs to its scope, which could be around the caller as well.
		throw outcome.state === "cancelled" ? new CancelledError(`The task "${this.name}" was cancelled`) : outcome.error;
	}

	/** As {@linkcode Task.join}, but cancelling the waiting task, or running out of time, cancels this one and waits for its end. */
	async joinOrCancel(options: WaitOptions = {}): Promise<T> {
		try {
			return await this.join(options);
		} catch (error) {
			if (!this.done) {
				this.cancel();
				await new Promise<void>((resolve) => this.#onEnd.add(resolve));
			}
			throw error;
		}
	}

	/** @internal Runs the body to its end. Never rejects; answers with the error the task failed with, if it did. */
	async run(body: () => PromiseLike<T> | T): Promise<{ error: unknown } | undefined> {
		const context: Context = { task: this, scope: this.#scope };
		let outcome: Outcome<T>;
		try {
			outcome = { state: "done", value: await runInContext(context, body) };
		} catch (error) {
			outcome = { state: isCancellation(error) ? "cancelled" : "failed", error };
		}
		this.#scope.exit();
		this.#scheduler.tasks--;
		this.#outcome = outcome;
		for (const resolve of this.#onEnd) resolve();
		this.#onEnd.clear();
		return outcome.state === "failed" ? { error: outcome.error } : undefined;
	}
}
