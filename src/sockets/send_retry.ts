import type { RawDatagramSocket } from "../backend/driver.ts";
import type { Deadline, TimerQueue } from "../concurrency/timer_queue.ts";
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
	readonly #queue: Unsent[] = [];
	#bytes = 0;
	#tries = 0;

	constructor(raw: RawDatagramSocket, timers: TimerQueue) {
		this.#raw = raw;
		this.#timers = timers;
		this.#timer = timers.deadline(() => this.#tryFirst());
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
		this.#bytes += unsent.data.length;
		if (this.#queue.push(unsent) === 1) this.#pause();
	}

	/** Gives up: every datagram ends with the error. */
	stop(error: Error): void {
		this.#timer.clear();
		for (const unsent of this.#queue.splice(0)) unsent.done(error);
		this.#bytes = 0;
	}

	#pause(): void {
		this.#timer.set(this.#timers.now() + (DELAYS[this.#tries] as number));
	}

	#tryFirst(): void {
		const first = this.#queue[0] as Unsent;
		this.#raw.send(first.data, first.port, first.host, (error) => {
			if (this.#queue[0] !== first) return;
			this.#tries++;
			if (isTransient(error) && this.#tries < DELAYS.length) return this.#pause();
			this.#tries = 0;
			this.#queue.shift();
			this.#bytes -= first.data.length;
			first.done(error);
			if (this.active) this.#tryFirst();
		});
	}
}
