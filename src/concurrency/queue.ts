import { ClosedResourceError } from "../errors.ts";
import type { Scheduler } from "./scheduler.ts";
import { checkWait, park, type Waiter, type WaitOptions } from "./waiter.ts";

/** A first-in, first-out queue between tasks that holds a bounded number of items. Make one with `backend.createQueue(capacity)`. */
export class Queue<T> implements AsyncIterable<T> {
	readonly #scheduler: Scheduler;
	readonly #capacity: number;
	readonly #items: (T | undefined)[] = [];
	/** Where the oldest item is. `shift()` would move all the others each time. */
	#first = 0;
	readonly #getters: Set<Waiter<T>> = new Set();
	readonly #putters: Map<Waiter<void>, T> = new Map();
	#closed = false;

	/**
	 * @internal Use `backend.createQueue()`.
	 * @throws {RangeError} when the capacity is neither a whole number of 0 or more nor `Infinity`.
	 */
	constructor(scheduler: Scheduler, capacity: number) {
		if (capacity !== Infinity && !(Number.isInteger(capacity) && capacity >= 0)) {
			throw new RangeError(`Cannot make a queue with capacity ${capacity}: not a whole number of 0 or more`);
		}
		this.#scheduler = scheduler;
		this.#capacity = capacity;
	}

	/** How many items wait to be taken. */
	get size(): number {
		return this.#items.length - this.#first;
	}

	/**
	 * Adds an item, waiting while the queue is full. With capacity 0, waits for somebody to take it.
	 *
	 * @throws {ClosedResourceError} when the queue is closed.
	 */
	async put(item: T, options: WaitOptions = {}): Promise<void> {
		checkWait(this.#scheduler, options);
		if (this.tryPut(item)) return;
		await park<void>(this.#scheduler, { ...options, waitsFor: "room in a queue" }, (waiter) => {
			this.#putters.set(waiter, item);
			return () => this.#putters.delete(waiter);
		});
	}

	/**
	 * Adds an item if there is room; answers whether it did.
	 *
	 * @throws {ClosedResourceError} when the queue is closed.
	 */
	tryPut(item: T): boolean {
		if (this.#closed) throw new ClosedResourceError("Cannot put into the queue: it is closed");
		for (const getter of this.#getters) {
			this.#getters.delete(getter);
			if (getter.resolve(item)) return true;
		}
		if (this.size >= this.#capacity) return false;
		this.#items.push(item);
		return true;
	}

	/**
	 * Takes the oldest item, waiting for one.
	 *
	 * @throws {ClosedResourceError} when the queue is closed and empty.
	 */
	async get(options: WaitOptions = {}): Promise<T> {
		checkWait(this.#scheduler, options);
		const ready = this.#take();
		if (ready !== undefined) return ready.item;
		if (this.#closed) throw new ClosedResourceError("Cannot get from the queue: it is closed");
		return await park<T>(this.#scheduler, { ...options, waitsFor: "an item of a queue" }, (waiter) => {
			this.#getters.add(waiter);
			return () => this.#getters.delete(waiter);
		});
	}

	/** Lets no more in. What is inside can still be taken; after it, iteration ends and `get()` throws. */
	close(): void {
		this.#closed = true;
		for (const getter of this.#getters)
			getter.interrupt(new ClosedResourceError("Cannot get from the queue: it is closed"));
		for (const putter of this.#putters.keys()) {
			putter.interrupt(new ClosedResourceError("Cannot put into the queue: it is closed"));
		}
	}

	/** Takes items until the queue is closed and empty. */
	async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
		while (!this.#closed || this.size > 0) {
			let item: T;
			try {
				item = await this.get();
			} catch (error) {
				if (error instanceof ClosedResourceError) return;
				throw error;
			}
			yield item;
		}
	}

	#take(): { item: T } | undefined {
		const ready = this.size > 0 ? { item: this.#shift() } : undefined;
		for (const [putter, item] of this.#putters) {
			this.#putters.delete(putter);
			if (!putter.resolve()) continue;
			if (ready === undefined) return { item };
			this.#items.push(item);
			break;
		}
		return ready;
	}

	#shift(): T {
		const item = this.#items[this.#first] as T;
		this.#items[this.#first++] = undefined;
		if (this.#first * 2 > this.#items.length) {
			this.#items.splice(0, this.#first);
			this.#first = 0;
		}
		return item;
	}
}
