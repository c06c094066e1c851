/** @internal A received datagram. */
export interface Received {
	readonly data: Uint8Array;
	readonly host: string;
	readonly port: number;
}

/** @internal What a datagram that waits costs beside its bytes, so that empty ones count as well. */
export const DATAGRAM_OVERHEAD = 64;

/** @internal First in, first out; bounded in bytes. */
export class ReceiveQueue {
	readonly #limit: number;
	#items: Received[] = [];
	#first = 0;
	#bytes = 0;

	constructor(limit: number) {
		this.#limit = limit;
	}

	get size(): number {
		return this.#items.length - this.#first;
	}

	/** The bytes held, overhead included. */
	get bytes(): number {
		return this.#bytes;
	}

	/** Answers false, and keeps nothing, when there is no room. */
	add(item: Received): boolean {
		const cost = item.data.length + DATAGRAM_OVERHEAD;
		if (this.#bytes + cost > this.#limit) return false;
		this.#bytes += cost;
		this.#items.push(item);
		return true;
	}

	/** The oldest. Only when there is one. */
	take(): Received {
		const item = this.#items[this.#first] as Received;
		this.#bytes -= item.data.length + DATAGRAM_OVERHEAD;
		this.#first++;
		if (this.#first === this.#items.length) {
			this.#items = [];
			this.#first = 0;
		} else if (this.#first >= 1024 && this.#first * 2 >= this.#items.length) {
			this.#items = this.#items.slice(this.#first);
			this.#first = 0;
		}
		return item;
	}

	clear(): void {
		this.#items = [];
		this.#first = 0;
		this.#bytes = 0;
	}
}
