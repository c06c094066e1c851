import { DeserializeError, LimitOverrunError } from "../errors.ts";

/** The limits of a format whose values nest. */
export interface ItemLimits {
	/** The largest packet in bytes. */
	readonly limit: number;
	/** How many containers may nest. */
	readonly maxDepth: number;
	/** How many values a packet may hold, the containers counted. */
	readonly maxNodes: number;
}

/** A container that never says how many items it has. */
const UNTIL_END_MARK = Number.POSITIVE_INFINITY;

/** What is wrong with the bytes, so that the end of the packet cannot be found. */
export function malformed(what: string): DeserializeError {
	return new DeserializeError(`Cannot read the packet: ${what}`, { fatal: true });
}

/**
 * Finds the end of a packet by the headers of its items, without decoding them, and goes on where it stopped when more
 * bytes are there. Limits are checked by what the headers announce, before anything is kept or decoded.
 *
 * A format reads one header at a time; this class keeps the nesting.
 */
export abstract class ItemScanner {
	/** Set by `read`: the bytes of the item's header, and of its contents unless it is a container. */
	protected size = 0;
	/** Set by `read`: how many items a container has, -1 for what is none, or {@link UNTIL_END_MARK}. */
	protected children = -1;
	/** Set by `read`: whether a container is a map, whose items are keys and values by turns. */
	protected isMap = false;
	/** Set by `read`: whether this is no item but the end of a container. */
	protected isEndMark = false;
	/** Why the packet must be refused although its end is known, if it must. */
	refusal: string | undefined;

	readonly #limits: ItemLimits;
	/** Behind the packet's start, the items so far took this many bytes. */
	#at = 0;
	#nodes = 0;
	/** Of each open container, how many items it has, how many came, and whether it is a map. */
	readonly #totals: number[] = [];
	readonly #counts: number[] = [];
	readonly #maps: boolean[] = [];

	constructor(limits: ItemLimits) {
		this.#limits = limits;
	}

	/**
	 * Reads the header at `at`, which is before `end`, and sets the fields above. Whether it is all there; contents need not
	 * be.
	 *
	 * @throws {DeserializeError} when it is not a header, `fatal`.
	 */
	protected abstract read(buffer: Uint8Array, at: number, end: number): boolean;

	/** Looks at a whole item that is not a container, and may set `refusal`. */
	protected abstract inspect(buffer: Uint8Array, at: number, isKey: boolean): void;

	/** How many containers are open. */
	protected get depth(): number {
		return this.#totals.length;
	}

	/** Whether the innermost container ends with an end mark. */
	protected get isOpenEnded(): boolean {
		return this.#totals.at(-1) === UNTIL_END_MARK;
	}

	/**
	 * The length of the packet that begins at `start`, or -1 if it is not all there.
	 *
	 * @throws {DeserializeError} when the packet's end cannot be found, or lies behind a limit; `fatal`.
	 */
	scan(buffer: Uint8Array, start: number, end: number): number {
		for (;;) {
			const at = start + this.#at;
			if (at >= end) return this.#wait(end - start);
			this.children = -1;
			this.isEndMark = false;
			if (!this.read(buffer, at, end)) return this.#wait(end - start);
			const { limit, maxNodes } = this.#limits;
			// Each announced item takes one byte at least.
			const announced = this.children > 0 && this.children !== UNTIL_END_MARK ? this.children : 0;
			if (this.#at + this.size + announced > limit) throw new LimitOverrunError("limit", limit, { fatal: true });
			if (at + this.size > end) return -1;
			if (!this.isEndMark && ++this.#nodes > maxNodes)
				throw new LimitOverrunError("maxNodes", maxNodes, { fatal: true });
			this.#at += this.size;
			if (this.isEndMark) this.#close();
			else if (this.children === -1) this.inspect(buffer, at, this.#isKey());
			else if (!this.#open()) continue;
			if (this.#isComplete()) return this.#at;
		}
	}

	/** Forgets the packet, to begin the next. */
	reset(): void {
		this.#at = 0;
		this.#nodes = 0;
		this.refusal = undefined;
		this.#totals.length = this.#counts.length = this.#maps.length = 0;
	}

	#wait(available: number): -1 {
		if (available > this.#limits.limit) throw new LimitOverrunError("limit", this.#limits.limit, { fatal: true });
		return -1;
	}

	#isKey(): boolean {
		return this.#maps.at(-1) === true && (this.#counts.at(-1) as number) % 2 === 0;
	}

	/** Opens a container, unless it is empty. Whether it is complete. */
	#open(): boolean {
		if (this.#isKey()) this.refusal ??= "a container is the key of a map";
		const { maxDepth } = this.#limits;
		if (this.#totals.length >= maxDepth) throw new LimitOverrunError("maxDepth", maxDepth, { fatal: true });
		if (this.children === 0) return true;
		this.#totals.push(this.children);
		this.#counts.push(0);
		this.#maps.push(this.isMap);
		return false;
	}

	#close(): void {
		if (!this.isOpenEnded) throw malformed("an end mark stands where none may");
		if (this.#maps.at(-1) && !this.#isKey()) throw malformed("a map ends behind a key");
		this.#pop();
	}

	#pop(): void {
		this.#totals.pop();
		this.#counts.pop();
		this.#maps.pop();
	}

	/** Counts the item that is complete, and closes the containers that are complete with it. Whether the packet is. */
	#isComplete(): boolean {
		for (;;) {
			const top = this.#totals.length - 1;
			if (top < 0) return true;
			const count = (this.#counts[top] as number) + 1;
			this.#counts[top] = count;
			if (count !== this.#totals[top]) return false;
			this.#pop();
		}
	}
}
