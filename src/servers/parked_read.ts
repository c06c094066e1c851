import type { CancelScope, Interruptible } from "../concurrency/cancel_scope.ts";
import type { Deadline, TimerQueue } from "../concurrency/timer_queue.ts";
import { TimeoutError } from "../errors.ts";
import type { ReceiveParams } from "./receive_params.ts";

/** @internal What may end the wait of a handler that is parked at a `yield`: its timeout, its signal, a scope around the `yield`. */
export class ParkedRead implements Interruptible {
	readonly waitsFor = "a packet (handler)";
	readonly #interrupt: (error: unknown) => void;
	readonly #deadline: Deadline;
	#scope: CancelScope | undefined;
	#signal: AbortSignal | undefined;
	readonly #onAbort = (): void => this.interrupt(this.#signal?.reason);

	/** @param interrupt Ends the wait by throwing the error in. */
	constructor(timers: TimerQueue, interrupt: (error: unknown) => void) {
		this.#interrupt = interrupt;
		this.#deadline = timers.deadline(() => this.interrupt(new TimeoutError()));
	}

	/** Begins a wait. Answers false, without beginning, and interrupts, if it is over already. */
	begin(now: number, params: ReceiveParams | undefined, scope: CancelScope | undefined): boolean {
		if (scope?.cancelledBy() !== undefined) return this.#refuse(scope.cancellation());
		if (params?.signal?.aborted) return this.#refuse(params.signal.reason);
		if (params?.timeout !== undefined) this.#deadline.set(now + params.timeout);
		this.#signal = params?.signal;
		this.#signal?.addEventListener("abort", this.#onAbort);
		this.#scope = scope?.live();
		this.#scope?.addWait(this);
		return true;
	}

	/** Ends the wait: nothing will interrupt it any more. */
	end(): void {
		this.#deadline.clear();
		this.#signal?.removeEventListener("abort", this.#onAbort);
		this.#signal = undefined;
		this.#scope?.removeWait(this);
		this.#scope = undefined;
	}

	/** Ends the wait by throwing the error in at the `yield`. */
	interrupt(error: unknown): void {
		this.end();
		this.#interrupt(error);
	}

	#refuse(error: unknown): false {
		this.#interrupt(error);
		return false;
	}
}
