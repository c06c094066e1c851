import type { RawDatagramSocket } from "../backend/driver.ts";
import type { Deadline, TimerQueue } from "../concurrency/timer_queue.ts";
import { DATAGRAM_OVERHEAD } from "./receive_queue.ts";
import { isTransient } from "./system_error.ts";

/** Milliseconds before each further try, when the system is out of buffers. */
const DELAYS = [1, 5, 25] as const;

interface Unsent {
	readonly data: Uint8Array;
	readonly port: number;
	readonly host: string;
	/** Called with the final outcome. */
	readonly done: (error?: unknown) => void;
}

/** @internal Datagrams that the system could not take just now. They, and all that come behind them, go out in order. */
export class SendRetry {
	readonly #raw: RawDatagramSocket;
	readonly #timer: Deadline;
	readonly #timers: TimerQueue;
	readonly #onEmpty: () => void;
	#queue: Unsent[] = [];
	#bytes = 0;
	#tries = 0;

	constructor(raw: RawDatagramSocket, timers: TimerQueue, onEmpty: () => void) {
		this.#raw = raw;
		this.#timers = timers;
		this.#timer = timers.deadline(() => this.#sendQueued());
		this.#onEmpty = onEmpty;
	}

	/** Bytes that wait here. */
	get bytes(): number {
		return this.#bytes;
	}

	/** Whether anything waits here, so that later datagrams have to queue behind it. */
	get active(): boolean {
		return this.#queue.length > 0;
	}

	/** Queues a datagram; the first one is tried after a pause. */
	add(unsent: Unsent): void {
		this.#bytes += unsent.data.length + DATAGRAM_OVERHEAD;
		if (this.#queue.push(unsent) === 1) this.#pause();
	}

	/** Gives up: every datagram ends with the error. */
	stop(error: Error): void {
		this.#timer.clear();
		const queue = this.#queue;
		this.#queue = [];
		this.#bytes = 0;
		for (const unsent of queue) unsent.done(error);
	}

	#pause(): void {
		this.#timer.set(this.#timers.now() + (DELAYS[this.#tries] as number));
	}

	/** One after the other. A loop, because a driver may call back at once, and the queue may be long. */
	#sendQueued(): void {
		for (let goOn = true; goOn && this.active; ) {
			goOn = false;
			let atOnce = true;
			const first = this.#queue[0] as Unsent;
			this.#raw.send(first.data, first.port, first.host, (error) => {
				if (!this.#tried(first, error)) return;
				if (atOnce) goOn = true;
				else this.#sendQueued();
			});
			atOnce = false;
		}
	}

	/** Answers whether the datagram is done with, sent or given up, so that the next one can follow. */
	#tried(first: Unsent, error: unknown): boolean {
		if (this.#queue[0] !== first) return false;
		this.#tries++;
		if (isTransient(error) && this.#tries < DELAYS.length) {
			this.#pause();
			return false;
		}
		this.#tries = 0;
		this.#queue.shift();
		this.#bytes -= first.data.length + DATAGRAM_OVERHEAD;
		first.done(error);
		if (!this.active) this.#onEmpty();
		return true;
	}
}
