import type { Flow } from "./flow.ts";

/** @internal Flows in the order in which they were added, the oldest first. A flow is in one list at most; all is O(1). */
export class FlowList {
	first: Flow | undefined;
	#last: Flow | undefined;
	size = 0;

	add(flow: Flow): void {
		flow.list = this;
		flow.previous = this.#last;
		if (this.#last === undefined) this.first = flow;
		else this.#last.next = flow;
		this.#last = flow;
		this.size++;
	}

	/** Takes the flow out of the list it is in. */
	remove(flow: Flow): void {
		const { previous, next } = flow;
		if (previous === undefined) this.first = next;
		else previous.next = next;
		if (next === undefined) this.#last = previous;
		else next.previous = previous;
		flow.list = undefined;
		flow.previous = undefined;
		flow.next = undefined;
		this.size--;
	}
}
