/** @internal What a list holds: its neighbours are in the item itself, so that adding and removing allocate nothing. */
export interface Linked<Item extends Linked<Item>> {
	list: FlowList<Item> | undefined;
	previous: Item | undefined;
	next: Item | undefined;
	/** When it came into the list. */
	since: number;
}

/** @internal Items in the order in which they were added, the oldest first. An item is in one list at most; all is O(1). */
export class FlowList<Item extends Linked<Item>> {
	first: Item | undefined = undefined;
	size = 0;
	#last: Item | undefined;

	/** Adds an item that is in no list. */
	add(item: Item, now: number): void {
		item.since = now;
		item.list = this;
		item.previous = this.#last;
		if (this.#last === undefined) this.first = item;
		else this.#last.next = item;
		this.#last = item;
		this.size++;
	}

	/** Takes an item of this list out. */
	remove(item: Item): void {
		const { previous, next } = item;
		if (previous === undefined) this.first = next;
		else previous.next = next;
		if (next === undefined) this.#last = previous;
		else next.previous = previous;
		item.list = undefined;
		item.previous = undefined;
		item.next = undefined;
		this.size--;
	}

	clear(): void {
		for (const item of [...this]) this.remove(item);
	}

	*[Symbol.iterator](): Generator<Item> {
		for (let item = this.first; item !== undefined; item = item.next) yield item;
	}
}
