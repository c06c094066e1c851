/** Something that will happen at a point in virtual time. It can be scheduled again and again. */
export class SimulatedEvent {
	/** When it happens. Read only. */
	at = 0;
	/** Its rank among the events of one time. Read only. */
	order = 0;
	/** @internal Its place in the heap, or -1. */
	index = -1;
	/** What happens. */
	readonly run: () => void;
	/** Whether it may run code of the program under test, whose promise jobs must then settle before the next event. */
	readonly needsTurn: boolean;

	constructor(run: () => void, needsTurn: boolean) {
		this.run = run;
		this.needsTurn = needsTurn;
	}
}

/** Everything that will happen: a binary heap by time; of one time, first scheduled, first run. */
export class EventQueue {
	readonly #heap: SimulatedEvent[] = [];
	#lastOrder = 0;

	/** How many events are scheduled. */
	get size(): number {
		return this.#heap.length;
	}

	/** When the next event happens, or `Infinity`. */
	get next(): number {
		return this.#heap[0]?.at ?? Infinity;
	}

	/** Schedules an event, behind all others of that time. Replaces the event's earlier schedule. */
	schedule(event: SimulatedEvent, at: number): void {
		event.at = at;
		event.order = ++this.#lastOrder;
		if (event.index < 0) event.index = this.#heap.push(event) - 1;
		this.#up(event);
		this.#down(event);
	}

	/** Forgets an event, if it is scheduled. */
	cancel(event: SimulatedEvent): void {
		if (event.index < 0) return;
		const last = this.#heap.pop() as SimulatedEvent;
		if (last !== event) {
			this.#put(last, event.index);
			this.#up(last);
			this.#down(last);
		}
		event.index = -1;
	}

	/** Takes the next event. */
	pop(): SimulatedEvent | undefined {
		const first = this.#heap[0];
		if (first !== undefined) this.cancel(first);
		return first;
	}

	#put(event: SimulatedEvent, index: number): void {
		this.#heap[index] = event;
		event.index = index;
	}

	#up(event: SimulatedEvent): void {
		let index = event.index;
		while (index > 0) {
			const above = this.#heap[(index - 1) >> 1] as SimulatedEvent;
			if (!before(event, above)) break;
			const free = above.index;
			this.#put(above, index);
			index = free;
		}
		this.#put(event, index);
	}

	#down(event: SimulatedEvent): void {
		let index = event.index;
		for (;;) {
			const left = this.#heap[2 * index + 1];
			if (left === undefined) break;
			const right = this.#heap[2 * index + 2];
			const below = right !== undefined && before(right, left) ? right : left;
			if (!before(below, event)) break;
			const free = below.index;
			this.#put(below, index);
			index = free;
		}
		this.#put(event, index);
	}
}

function before(a: SimulatedEvent, b: SimulatedEvent): boolean {
	return a.at < b.at || (a.at === b.at && a.order < b.order);
}
