import { CancelledError } from "../errors.ts";
import { CancelScope } from "./cancel_scope.ts";
import { type Context, runInContext } from "./context.ts";
import { isCancellation } from "./is_cancellation.ts";
import type { Scheduler } from "./scheduler.ts";
import { Task, type TaskOptions } from "./task.ts";
import { park, type Waiter } from "./waiter.ts";

/**
 * Tasks that end together: the group is left only when all have ended, and the first failure cancels the others.
 * Open one with `backend.taskGroup(body)`, or with `backend.openTaskGroup()` for an exit stack.
 */
export class TaskGroup {
	readonly #scheduler: Scheduler;
	readonly #outer: CancelScope;
	readonly #scope: CancelScope;
	readonly #errors: unknown[] = [];
	readonly #cancelOuter: boolean;
	#running = 0;
	#closed = false;
	#closing: Promise<void> | undefined;
	#idle: (() => void) | undefined;

	/** @internal Use `backend.taskGroup()` or `backend.openTaskGroup()`. */
	constructor(scheduler: Scheduler, options: { cancelOuter: boolean }) {
		this.#scheduler = scheduler;
		this.#outer = scheduler.context().scope;
		this.#scope = new CancelScope(scheduler.timers);
		this.#scope.enter(this.#outer);
		this.#cancelOuter = options.cancelOuter;
	}

	/** The scope around all tasks of the group. */
	get scope(): CancelScope {
		return this.#scope;
	}

	/**
	 * Starts a task, which begins as soon as the running code waits.
	 *
	 * @throws {Error} when the group is closed; `body` is not called.
	 */
	startSoon<T>(body: () => PromiseLike<T> | T, options: TaskOptions = {}): Task<T> {
		if (this.#closed) throw new Error("Cannot start a task: the task group is closed");
		const task = new Task<T>(this.#scheduler, this.#scope, options);
		this.#running++;
		const begun = Promise.resolve().then(() => task.run(body));
		void begun.then((failure) => this.#ended(failure));
		return task;
	}

	/**
	 * Starts a task and waits until it has begun. If the waiting is cancelled first, `body` is never called.
	 *
	 * @throws {Error} when the group is closed; `body` is not called.
	 */
	async start<T>(body: () => PromiseLike<T> | T, options: TaskOptions = {}): Promise<Task<T>> {
		let task: Task<T> | undefined;
		await park<void>(this.#scheduler, { waitsFor: "the start of a task" }, (waiter: Waiter<void>) => {
			let wanted = true;
			task = this.startSoon(() => {
				if (!wanted) throw new CancelledError();
				waiter.resolve();
				return body();
			}, options);
			return () => {
				wanted = false;
			};
		});
		return task as Task<T>;
	}

	/** @internal Runs `body` in the group, then waits for all tasks. */
	async run<T>(body: (group: TaskGroup) => PromiseLike<T> | T): Promise<T> {
		const context: Context = { task: this.#scheduler.context().task, scope: this.#scope };
		let failure: { error: unknown } | undefined;
		let value: T | undefined;
		try {
			value = await runInContext(context, body, this);
		} catch (error) {
			failure = { error };
			this.#scope.cancel();
		}
		const waited = this.#running > 0;
		await this.#join();
		if (failure === undefined && waited && this.#scope.cancelledBy() !== undefined) {
			failure = { error: this.#scope.cancellation() };
		}
		const own = this.#scope.exit(failure?.error);
		if (failure === undefined || own || (this.#errors.length > 0 && isCancellation(failure.error))) {
			throwAll(this.#errors);
		} else {
			throwAll([failure.error, ...this.#errors]);
		}
		return value as T;
	}

	/**
	 * Waits for all tasks, then closes the group. What failed is thrown as by `backend.taskGroup()`. Only for groups of
	 * `backend.openTaskGroup()`.
	 */
	async close(): Promise<void> {
		this.#closing ??= (async () => {
			await this.#join();
			this.#scope.exit();
			throwAll(this.#errors);
		})();
		return this.#closing;
	}

	/** The same as {@linkcode TaskGroup.close}. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** Waits for all tasks. Cancellation reaches them by their scopes, so this ends with them and not before. */
	async #join(): Promise<void> {
		while (this.#running > 0) {
			await new Promise<void>((resolve) => {
				this.#idle = resolve;
			});
		}
		this.#closed = true;
	}

	#ended(failure: { error: unknown } | undefined): void {
		this.#running--;
		if (failure !== undefined) {
			this.#errors.push(failure.error);
			this.#scope.cancel();
			if (this.#cancelOuter) this.#outer.live().cancel();
		}
		if (this.#running === 0) this.#idle?.();
	}
}

function throwAll(all: unknown[]): void {
	// A body that joins a failed task throws the error of the task.
	const errors = [...new Set(all)];
	if (errors.length === 1) throw errors[0];
	if (errors.length > 1) throw new AggregateError(errors, `${errors.length} failures in a task group`);
}
