import { CancelScope, type CancelScopeOptions } from "../concurrency/cancel_scope.ts";
import { checkpoint, shieldedCheckpoint, sleepUntil } from "../concurrency/checkpoint.ts";
import { Condition } from "../concurrency/condition.ts";
import type { TaskInfo } from "../concurrency/context.ts";
import { checkDuration } from "../concurrency/durations.ts";
import { Event } from "../concurrency/event.ts";
import { gather } from "../concurrency/gather.ts";
import { Lock } from "../concurrency/lock.ts";
import { Queue } from "../concurrency/queue.ts";
import { Scheduler } from "../concurrency/scheduler.ts";
import { runScoped, type ScopedBody, type ScopedGeneratorBody } from "../concurrency/scoped.ts";
import { Semaphore } from "../concurrency/semaphore.ts";
import { TaskGroup } from "../concurrency/task_group.ts";
import type { WaitOptions } from "../concurrency/waiter.ts";
import { TimeoutError, UnsupportedOperationError } from "../errors.ts";
import { allCapabilities, type Capabilities, type Capability } from "./capabilities.ts";
import type { Driver } from "./driver.ts";

/**
 * What handlers, servers and clients see of a runtime: its clock, cancel scopes, task groups and locks. Sockets open on
 * it. Times are milliseconds on its own monotonic clock.
 *
 * Get the running runtime's from `detectBackend()`, make your own with `createBackend(driver)`.
 */
export class AsyncBackend {
	/** The driver below. */
	readonly driver: Driver;
	/** What this backend can do. */
	readonly capabilities: Capabilities;
	/** @internal */
	readonly scheduler: Scheduler;
	/** @internal Open sockets, for the count of live resources. */
	readonly sockets: Set<object> = new Set();

	/** @internal Use `createBackend()`. */
	constructor(driver: Driver) {
		this.driver = driver;
		this.capabilities = allCapabilities(driver.capabilities);
		this.scheduler = new Scheduler(driver);
	}

	/** The driver's name. */
	get name(): string {
		return this.driver.name;
	}

	/** The time, in milliseconds from an arbitrary start. */
	now(): number {
		return this.scheduler.timers.now();
	}

	/**
	 * Runs `body` with a time limit. When it passes, every wait of ours in the body rejects with `CancelledError`, and
	 * this throws. With an async generator function it covers the body's `yield`s: `yield* backend.timeout(...)`.
	 *
	 * @param delay Milliseconds; `Infinity` for none.
	 * @throws {TimeoutError} when the body was cancelled by the limit, or by `scope.cancel()`.
	 * @throws {TypeError} {RangeError} when `delay` is not a number or is negative.
	 * @example
	 * ```ts
	 * import { detectBackend, TimeoutError } from "netquay";
	 *
	 * const backend = await detectBackend();
	 * try {
	 * 	await backend.timeout(10, () => backend.sleepForever());
	 * } catch (error) {
	 * 	console.log(error instanceof TimeoutError); // true
	 * }
	 * ```
	 */
	timeout<Y, T, N>(delay: number, body: ScopedGeneratorBody<Y, T>): AsyncGenerator<Y, T, N>;
	/** For a body that is an async function. */
	timeout<T>(delay: number, body: ScopedBody<T>): Promise<T>;
	timeout(delay: number, body: (scope: CancelScope) => unknown): unknown {
		return this.timeoutAt(this.#deadline(delay), body as ScopedBody<unknown>);
	}

	/** As {@linkcode AsyncBackend.timeout}, with a point in time on the backend's clock. */
	timeoutAt<Y, T, N>(deadline: number, body: ScopedGeneratorBody<Y, T>): AsyncGenerator<Y, T, N>;
	/** For a body that is an async function. */
	timeoutAt<T>(deadline: number, body: ScopedBody<T>): Promise<T>;
	timeoutAt(deadline: number, body: (scope: CancelScope) => unknown): unknown {
		return runScoped(this.scheduler, this.openCancelScope({ deadline }), body, () => {
			throw new TimeoutError();
		});
	}

	/** Runs `body` with a time limit. When it passes, the body is cancelled and the result is `undefined`. */
	moveOnAfter<Y, T, N>(delay: number, body: ScopedGeneratorBody<Y, T>): AsyncGenerator<Y, T | undefined, N>;
	/** For a body that is an async function. */
	moveOnAfter<T>(delay: number, body: ScopedBody<T>): Promise<T | undefined>;
	moveOnAfter(delay: number, body: (scope: CancelScope) => unknown): unknown {
		return this.moveOnAt(this.#deadline(delay), body as ScopedBody<unknown>);
	}

	/** As {@linkcode AsyncBackend.moveOnAfter}, with a point in time on the backend's clock. */
	moveOnAt<Y, T, N>(deadline: number, body: ScopedGeneratorBody<Y, T>): AsyncGenerator<Y, T | undefined, N>;
	/** For a body that is an async function. */
	moveOnAt<T>(deadline: number, body: ScopedBody<T>): Promise<T | undefined>;
	moveOnAt(deadline: number, body: (scope: CancelScope) => unknown): unknown {
		return this.runScope(this.openCancelScope({ deadline }), body as ScopedBody<unknown>);
	}

	/** Makes a cancel scope, to be entered by {@linkcode AsyncBackend.runScope}. */
	openCancelScope(options: CancelScopeOptions = {}): CancelScope {
		return new CancelScope(this.scheduler.timers, options);
	}

	/**
	 * Runs `body` inside a scope; the result is `undefined` when the scope was cancelled and swallowed it.
	 *
	 * @throws {Error} when the scope was entered before.
	 */
	runScope<Y, T, N>(scope: CancelScope, body: ScopedGeneratorBody<Y, T>): AsyncGenerator<Y, T | undefined, N>;
	/** For a body that is an async function. */
	runScope<T>(scope: CancelScope, body: ScopedBody<T>): Promise<T | undefined>;
	runScope(scope: CancelScope, body: (scope: CancelScope) => unknown): unknown {
		return runScoped(this.scheduler, scope, body, () => undefined);
	}

	/** Runs `body` to its end whatever is cancelled around it; the cancellation takes effect at the next wait after it. */
	shield<Y, T, N>(body: ScopedGeneratorBody<Y, T>): AsyncGenerator<Y, T, N>;
	/** For a body that is an async function. */
	shield<T>(body: ScopedBody<T>): Promise<T>;
	shield(body: (scope: CancelScope) => unknown): unknown {
		return this.runScope(this.openCancelScope({ shield: true }), body as ScopedBody<unknown>);
	}

	/**
	 * Runs `body` with a group of tasks, then waits for all of them. The first failure cancels the others.
	 *
	 * @returns What `body` returned.
	 * @throws what failed: one error as it is, several as an `AggregateError`.
	 */
	taskGroup<T>(body: (group: TaskGroup) => PromiseLike<T> | T): Promise<T> {
		return new TaskGroup(this.scheduler, { cancelOuter: false }).run(body);
	}

	/**
	 * Opens a task group that is closed by hand, or by an exit stack: `exitStack.use(backend.openTaskGroup())`. As the
	 * code after this call is not inside the group, a failing task cancels the scope around the call.
	 */
	openTaskGroup(): TaskGroup {
		return new TaskGroup(this.scheduler, { cancelOuter: true });
	}

	/** The running task, or `undefined` outside of every task. */
	currentTask(): TaskInfo | undefined {
		return this.scheduler.context().task;
	}

	/**
	 * Waits for all, each only once, and gives the results in order. Functions are called at once.
	 *
	 * @throws what failed, after all have ended: one error as it is, several as an `AggregateError`.
	 */
	gather<T>(awaitables: Iterable<PromiseLike<T> | (() => PromiseLike<T> | T)>): Promise<T[]> {
		return gather(awaitables);
	}

	/** Waits for `delay` milliseconds; 0 is one turn of the event loop. */
	async sleep(delay: number, options: WaitOptions = {}): Promise<void> {
		await sleepUntil(this.scheduler, this.#deadline(delay), options);
	}

	/** Waits until the clock shows `time`. */
	sleepUntil(time: number, options: WaitOptions = {}): Promise<void> {
		return sleepUntil(this.scheduler, time, options);
	}

	/** Waits until it is cancelled. */
	sleepForever(): Promise<never> {
		return sleepUntil(this.scheduler, Infinity) as Promise<never>;
	}

	/** One turn of the event loop, in which others run and input is read. Rejects when the scope around it is cancelled. */
	checkpoint(): Promise<void> {
		return checkpoint(this.scheduler);
	}

	/** One turn of the event loop that a pending cancellation does not end. */
	shieldedCheckpoint(): Promise<void> {
		return shieldedCheckpoint(this.scheduler);
	}

	/** Makes a fair lock. */
	createLock(): Lock {
		return new Lock(this.scheduler);
	}

	/** Makes an event. */
	createEvent(): Event {
		return new Event(this.scheduler);
	}

	/** Makes a condition, on the given lock or one of its own. */
	createCondition(lock?: Lock): Condition {
		return new Condition(this.scheduler, lock);
	}

	/** Makes a semaphore with `value` places, never more than `max`. */
	createSemaphore(value: number, max: number = Infinity): Semaphore {
		return new Semaphore(this.scheduler, value, max);
	}

	/** Makes a queue that holds up to `capacity` items. */
	createQueue<T>(capacity: number): Queue<T> {
		return new Queue<T>(this.scheduler, capacity);
	}

	/** Open sockets, running tasks, waits and timers. All are 0 when nothing was left behind. */
	liveResources(): { sockets: number; tasks: number; waits: number; timers: number } {
		return {
			sockets: this.sockets.size,
			tasks: this.scheduler.tasks,
			waits: [...this.scheduler.root.pendingWaits()].length,
			timers: this.scheduler.timers.size,
		};
	}

	/**
	 * @internal Fails unless the backend has the capability.
	 * @throws {UnsupportedOperationError}
	 */
	require(capability: Capability, hint?: string): void {
		if (!this.capabilities[capability]) {
			throw new UnsupportedOperationError({ capability, backend: this.name, hint });
		}
	}

	#deadline(delay: number): number {
		return this.now() + checkDuration("delay", delay);
	}
}

/**
 * Makes a backend of a driver: the way to run netquay on something of your own.
 *
 * @example
 * ```ts
 * import { createBackend } from "netquay";
 * import { nodeDriver } from "netquay/node";
 *
 * const backend = createBackend(nodeDriver);
 * console.log(backend.name); // node
 * ```
 */
export function createBackend(driver: Driver): AsyncBackend {
	return new AsyncBackend(driver);
}
