import { CancelledError } from "../errors.ts";
import { checkTime } from "./durations.ts";
import type { Deadline, TimerQueue } from "./timer_queue.ts";

/** Settings of a {@linkcode CancelScope}. */
export interface CancelScopeOptions {
	/** When the scope cancels itself, in milliseconds on the backend's clock (`backend.now()`). Default: never. */
	deadline?: number;
	/** Whether cancellation of the scopes around this one stays outside. Default: false. */
	shield?: boolean;
}

/** @internal Something that waits inside a scope. */
export interface Interruptible {
	/** What it waits for, for the report of a deadlock. */
	readonly waitsFor: string;
	/** Ends the wait with the error. It must leave the scope's waits before it returns. */
	interrupt(error: CancelledError): void;
}

/** In which scope each cancellation was thrown, so that a scope never swallows one from elsewhere. */
const origins = new WeakMap<CancelledError, CancelScope>();

/**
 * A part of a program that can be cancelled as one. Semantics are those of trio and anyio: cancellation is
 * level-triggered (every wait inside rejects with `CancelledError` until the scope is left), and a scope swallows its
 * own cancellation only.
 *
 * Open one with `backend.openCancelScope()`, or let `backend.timeout()` and `backend.moveOnAfter()` do it.
 */
export class CancelScope {
	readonly #timers: TimerQueue;
	#state: "new" | "entered" | "exited" = "new";
	#parent: CancelScope | undefined;
	#children: Set<CancelScope> | undefined;
	#waits: Set<Interruptible> | undefined;
	#deadline: number;
	#timer: Deadline | undefined;
	#shield: boolean;
	#cancelCalled = false;
	#cancelledCaught = false;
	#controller: AbortController | undefined;

	/** @internal Use `backend.openCancelScope()`. */
	constructor(timers: TimerQueue, options: CancelScopeOptions = {}) {
		this.#timers = timers;
		this.#deadline = checkTime("deadline", options.deadline ?? Infinity);
		this.#shield = options.shield ?? false;
	}

	/** Whether `cancel()` was called or the deadline passed. */
	get cancelCalled(): boolean {
		if (!this.#cancelCalled && this.#deadline < Infinity && this.#deadline <= this.#timers.now()) this.cancel();
		return this.#cancelCalled;
	}

	/** Whether the scope was left by its own cancellation, which it swallowed. */
	get cancelledCaught(): boolean {
		return this.#cancelledCaught;
	}

	/**
	 * When the scope cancels itself, on the backend's clock; `Infinity`: never. It can be moved at any time.
	 *
	 * @throws {TypeError} when set to `NaN` or to something that is not a number.
	 */
	get deadline(): number {
		return this.#deadline;
	}
	set deadline(value: number) {
		this.#deadline = checkTime("deadline", value);
		if (this.#state === "entered" && !this.#cancelCalled) this.#arm();
	}

	/** Moves the deadline; the same as setting {@linkcode CancelScope.deadline}. */
	reschedule(deadline: number): void {
		this.deadline = deadline;
	}

	/** Whether cancellation of the scopes around this one stays outside. */
	get shield(): boolean {
		return this.#shield;
	}
	set shield(value: boolean) {
		this.#shield = value;
		if (!value && this.cancelledBy() !== undefined) this.#deliver();
	}

	/**
	 * Cancels everything inside. Idempotent. Before the scope is entered, it takes effect on entering; after it was left,
	 * there is nothing to cancel.
	 */
	cancel(): void {
		if (this.#cancelCalled || this.#state === "exited" || this.#isRoot) return;
		this.#cancelCalled = true;
		this.#timer?.clear();
		this.#deliver();
	}

	/**
	 * An ordinary AbortSignal for `fetch` and the like: aborted when this scope, or an unshielded one around it, is
	 * cancelled before this one is left. Created on first use.
	 */
	get signal(): AbortSignal {
		if (this.#controller === undefined) {
			this.#controller = new AbortController();
			if (this.cancelledBy() !== undefined) this.#controller.abort(this.cancellation());
		}
		return this.#controller.signal;
	}

	/** @internal The nearest cancelled scope that is visible from here, this one included. */
	cancelledBy(): CancelScope | undefined {
		let scope: CancelScope | undefined = this;
		while (scope !== undefined && !scope.#cancelCalled) scope = scope.#visibleParent();
		return scope;
	}

	/** @internal The error that a wait in this scope ends with, while it is cancelled. */
	cancellation(): CancelledError {
		const error = new CancelledError();
		origins.set(error, this);
		return error;
	}

	/**
	 * @internal Starts the scope inside another.
	 * @throws {Error} when it was entered before.
	 */
	enter(parent: CancelScope | undefined): void {
		if (this.#state !== "new") throw new Error("Cannot enter the cancel scope: it was entered before");
		this.#state = "entered";
		let outer = parent;
		while (outer !== undefined && outer.#state === "exited" && !outer.#cancelCalled) outer = outer.#parent;
		this.#parent = outer;
		if (outer !== undefined) outer.live().#addChild(this);
		if (!this.#cancelCalled) this.#arm();
		if (this.#controller !== undefined && this.cancelledBy() !== undefined) this.#controller.abort(this.cancellation());
	}

	/**
	 * @internal Ends the scope. Answers whether `error`, what its body threw, is its own cancellation: of all the cancelled
	 * scopes that it comes through, the outermost one's.
	 */
	exit(error?: unknown): boolean {
		if (this.#state !== "entered") return false;
		const mayCatch = error !== undefined && this.#cancelCalled && this.#visibleParent()?.cancelledBy() === undefined;
		this.#state = "exited";
		this.#timer?.clear();
		this.#handOver();
		if (!mayCatch) return false;
		const found = this.#ownCancellations(error);
		this.#cancelledCaught = found !== "none";
		return found === "all";
	}

	/** @internal This scope, or the nearest around it that was not left yet. */
	live(): CancelScope {
		let scope: CancelScope = this;
		while (scope.#state === "exited" && scope.#parent !== undefined) scope = scope.#parent;
		return scope;
	}

	/** @internal Whether this is `outer`, or somewhere inside it, shielded or not. */
	isInside(outer: CancelScope): boolean {
		let scope: CancelScope | undefined = this;
		while (scope !== undefined && scope !== outer) scope = scope.#parent;
		return scope !== undefined;
	}

	/** @internal Lets cancellation interrupt the wait, until {@linkcode CancelScope.removeWait} of the same scope. */
	addWait(wait: Interruptible): void {
		const scope = this.live();
		scope.#waits ??= new Set();
		scope.#waits.add(wait);
	}

	/** @internal */
	removeWait(wait: Interruptible): void {
		// Since it was added, the scope may have been left, and the wait handed over.
		const waits = this.live().#waits;
		waits?.delete(wait);
	}

	/** @internal Everything that waits in this scope and the ones inside. */
	*pendingWaits(): Generator<Interruptible> {
		if (this.#waits !== undefined) yield* this.#waits;
		for (const child of this.#children ?? []) yield* child.pendingWaits();
	}

	get #isRoot(): boolean {
		return this.#state === "entered" && this.#parent === undefined;
	}

	/** A shield lasts as long as its scope. */
	#visibleParent(): CancelScope | undefined {
		return this.#shield && this.#state !== "exited" ? undefined : this.#parent;
	}

	#addChild(child: CancelScope): void {
		this.#children ??= new Set();
		this.#children.add(child);
	}

	/**
	 * Work that outlives the scope, because nobody awaited it, goes on in the nearest scope that is still open. If this
	 * scope was cancelled, such work stays cancelled.
	 */
	#handOver(): void {
		const heir = this.#parent?.live();
		if (heir === undefined) return;
		heir.#children?.delete(this);
		const waits = this.#waits;
		const children = this.#children;
		if (!waits?.size && !children?.size) return;
		const exposed = this.#shield && this.cancelledBy() !== undefined;
		for (const wait of waits ?? []) {
			heir.addWait(wait);
			if (exposed) wait.interrupt(this.cancellation());
		}
		for (const child of children ?? []) {
			if (!this.#cancelCalled) child.#parent = this.#parent;
			heir.#addChild(child);
			if (exposed && !child.#shield) child.#deliver();
		}
		this.#waits = undefined;
		this.#children = undefined;
	}

	#arm(): void {
		if (this.#deadline === Infinity) return this.#timer?.clear();
		if (this.#deadline <= this.#timers.now()) return this.cancel();
		this.#timer ??= this.#timers.deadline(() => this.cancel());
		this.#timer.set(this.#deadline);
	}

	#deliver(): void {
		const waits = this.#waits;
		// What is interrupted may run code at once, which ends other waits.
		for (const wait of [...(waits ?? [])]) if (waits?.has(wait)) wait.interrupt(this.cancellation());
		this.#controller?.abort(this.cancellation());
		for (const child of [...(this.#children ?? [])]) if (!child.#shield) child.#deliver();
	}

	#ownCancellations(error: unknown): "all" | "some" | "none" {
		if (error instanceof AggregateError && error.errors.length > 0) {
			const found = new Set(error.errors.map((inner) => this.#ownCancellations(inner)));
			return found.size > 1 ? "some" : ([...found][0] ?? "none");
		}
		if (!(error instanceof CancelledError)) return "none";
		for (let scope = origins.get(error); scope !== undefined; scope = scope.#parent) if (scope === this) return "all";
		return "none";
	}
}
