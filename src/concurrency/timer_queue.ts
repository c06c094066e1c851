import type { Clock, ClockTimer } from "./clock.ts";

/** How late the queue may run, in milliseconds, before it lets pending input be read ahead of the timeouts. */
const LATE = 20;
const LATE_TURNS = 3;
/** How long such a turn is: so much that the loop waits for input. Deno does not look for any in a turn without waiting. */
const LATE_TURN = 1;
/** The longest delay that timers of the runtimes take. After it, the rest is set. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * Any number of deadlines on one timer of the clock: a binary heap. Of one time, the first set fires first.
 *
 * After the event loop was blocked, input that arrived in time may still wait in the kernel. So when the queue finds
 * itself late, it gives the loop a few turns to read before it fires: nobody times out because somebody else was slow.
 */
export class TimerQueue {
	readonly #clock: Clock;
	readonly #timer: ClockTimer;
	readonly #heap: Deadline[] = [];
	#armedFor = Infinity;
	#firing = false;
	#lateTurns = 0;
	#lastOrder = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
		this.#timer = clock.createTimer(() => this.#wake());
	}

	/** The clock's time in milliseconds. */
	now(): number {
		return this.#clock.now();
	}

	/** How many deadlines are set. */
	get size(): number {
		return this.#heap.length;
	}

	/** When the earliest deadline falls due, or `Infinity`. */
	get next(): number {
		return this.#heap[0]?.at ?? Infinity;
	}

	/** Makes an unset deadline that calls `callback` each time it falls due. */
	deadline(callback: () => void): Deadline {
		return new Deadline(this, callback);
	}

	/** @internal Called by {@linkcode Deadline}. */
	place(deadline: Deadline): void {
		deadline.order = ++this.#lastOrder;
		if (deadline.index < 0) {
			deadline.index = this.#heap.length;
			this.#heap.push(deadline);
			this.#up(deadline.index);
		} else {
			this.#up(deadline.index);
			this.#down(deadline.index);
		}
		this.#arm();
	}

	/** @internal Called by {@linkcode Deadline}. */
	remove(deadline: Deadline): void {
		const index = deadline.index;
		const last = this.#heap.pop() as Deadline;
		deadline.index = -1;
		if (last !== deadline) {
			this.#heap[index] = last;
			last.index = index;
			this.#up(index);
			this.#down(last.index);
		}
		if (this.#heap.length === 0) this.#arm();
	}

	#arm(): void {
		if (this.#firing) return;
		const next = this.next;
		// A timer that is armed too early wakes up for nothing, once; so only an earlier deadline or none at all counts.
		if (next >= this.#armedFor && next !== Infinity) return;
		this.#armedFor = next;
		this.#lateTurns = 0;
		if (next === Infinity) this.#timer.stop();
		else this.#timer.start(Math.min(Math.max(0, next - this.now()), MAX_DELAY));
	}

	#wake(): void {
		if (this.now() - this.next > LATE && this.#lateTurns < LATE_TURNS) {
			this.#lateTurns++;
			this.#timer.start(LATE_TURN);
			return;
		}
		this.#firing = true;
		const now = this.now();
		// Not for ever: what a callback sets to a time that has passed may have to wait for the next turn.
		let left = this.#heap.length;
		try {
			for (let first = this.#heap[0]; first !== undefined && first.at <= now && left > 0; first = this.#heap[0]) {
				left--;
				this.remove(first);
				first.fire();
			}
		} finally {
			this.#firing = false;
			this.#armedFor = Infinity;
			this.#arm();
		}
	}

	#up(start: number): void {
		const heap = this.#heap;
		const item = heap[start] as Deadline;
		let index = start;
		while (index > 0) {
			const above = (index - 1) >> 1;
			const other = heap[above] as Deadline;
			if (!before(item, other)) break;
			heap[index] = other;
			other.index = index;
			index = above;
		}
		heap[index] = item;
		item.index = index;
	}

	#down(start: number): void {
		const heap = this.#heap;
		const item = heap[start] as Deadline;
		let index = start;
		for (;;) {
			let below = 2 * index + 1;
			const left = heap[below];
			if (left === undefined) break;
			const right = heap[below + 1];
			if (right !== undefined && before(right, left)) below++;
			const other = heap[below] as Deadline;
			if (!before(other, item)) break;
			heap[index] = other;
			other.index = index;
			index = below;
		}
		heap[index] = item;
		item.index = index;
	}
}

function before(a: Deadline, b: Deadline): boolean {
	return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** One deadline in a {@linkcode TimerQueue}, which can be set again and again. */
export class Deadline {
	/** When it falls due, on the queue's clock; `Infinity` when unset. Read only. */
	at: number = Infinity;
	/** @internal Its rank among the deadlines of one time. */
	order: number = 0;
	/** @internal Its place in the heap, or -1. */
	index: number = -1;
	readonly #queue: TimerQueue;
	readonly #callback: () => void;

	/** @internal Use {@linkcode TimerQueue.deadline}. */
	constructor(queue: TimerQueue, callback: () => void) {
		this.#queue = queue;
		this.#callback = callback;
	}

	/** Sets the time it falls due; `Infinity` unsets it. */
	set(at: number): void {
		if (at === Infinity) return this.clear();
		this.at = at;
		this.#queue.place(this);
	}

	/** Unsets it. */
	clear(): void {
		this.at = Infinity;
		if (this.index >= 0) this.#queue.remove(this);
	}

	/** @internal */
	fire(): void {
		this.at = Infinity;
		this.#callback();
	}
}
