import type { AsyncBackend } from "../backend/async_backend.ts";
import type { CancelScope, Interruptible } from "../concurrency/cancel_scope.ts";
import type { Event } from "../concurrency/event.ts";
import type { AsyncExitStack } from "../concurrency/exit_stack.ts";
import { waitFor } from "./wait_for.ts";

/** Milliseconds that clean-up gets to end after it was cancelled. */
const AFTER_CLEANUP = 1_000;

/** @internal What serves while a server runs. */
export interface Service {
	/** The handlers that had to be left alone when it stopped, by name. */
	readonly abandoned: readonly string[];
	/** Begins to serve. */
	start(): void;
	/** Lets handlers end until the given time, then cancels them, and resolves when all have ended. */
	stop(drainUntil: number): Promise<void>;
	/** Brings the end of the drain forward. */
	hurry(drainUntil: number): void;
}

/** @internal One time that a server serves, from the call to the end of its clean-up. */
export class ServerRun {
	/** Resolves at the very end. */
	readonly ended: Promise<void>;
	/** Whether `serviceInit` is running. */
	settingUp = false;
	#finish: () => void = () => undefined;
	#backend: AsyncBackend | undefined;
	#scope: CancelScope | undefined;
	#stopRequested: Event | undefined;
	#service: Service | undefined;
	#stopping = false;
	#drainUntil = -Infinity;
	#failure: { readonly error: unknown } | undefined;

	constructor() {
		this.ended = new Promise((resolve) => {
			this.#finish = resolve;
		});
	}

	/** Whether handlers are called. */
	get serving(): boolean {
		return this.#service !== undefined && !this.#stopping;
	}

	/** The backend is known, and all that follows runs in `scope`. */
	begin(backend: AsyncBackend, scope: CancelScope): void {
		this.#backend = backend;
		this.#scope = scope;
		this.#stopRequested = backend.createEvent();
		if (this.#stopping) scope.cancel();
	}

	/** Whether the running code runs inside the server, so that it must not wait for the server's end. */
	isInside(): boolean {
		const scope = this.#backend?.scheduler.context().scope;
		return scope !== undefined && this.#scope !== undefined && scope.isInside(this.#scope);
	}

	/** Runs `serviceInit`. A stop that came before or meanwhile ends the run here, at the latest. */
	async setUp(init: () => Promise<void>): Promise<void> {
		if (this.#stopping) await this.#backend?.checkpoint();
		this.settingUp = true;
		try {
			await init();
		} finally {
			this.settingUp = false;
		}
		if (this.#stopping) await this.#backend?.checkpoint();
	}

	/** The service serves from now on. */
	started(service: Service): void {
		this.#service = service;
	}

	/** Waits until the server is to stop. */
	async stopRequested(): Promise<void> {
		await this.#stopRequested?.wait();
	}

	/** Asks for the end; again with less time, to hurry it. */
	stop(drain: number): void {
		const until = drain === 0 ? -Infinity : (this.#backend?.now() ?? 0) + drain;
		const first = !this.#stopping;
		this.#stopping = true;
		this.#drainUntil = first ? until : Math.min(this.#drainUntil, until);
		this.#service?.hurry(this.#drainUntil);
		this.#stopRequested?.set();
		// Nothing serves yet: whatever is set up is cut short.
		if (this.#service === undefined) this.#scope?.cancel();
	}

	/** Ends the server because it cannot go on. */
	fail(error: unknown): void {
		this.#failure ??= { error };
		this.stop(0);
	}

	throwFailure(): void {
		if (this.#failure !== undefined) throw this.#failure.error;
	}

	/** Stops the service and ends what `serviceInit` started. Cancellation from outside ends the drain. */
	async stopService(service: Service | undefined): Promise<void> {
		const backend = this.#backend as AsyncBackend;
		const { scope } = backend.scheduler.context();
		this.#stopping = true;
		const hurry: Interruptible = {
			waitsFor: "the end of the handlers",
			interrupt() {
				scope.removeWait(hurry);
				service?.hurry(-Infinity);
			},
		};
		if (scope.cancelledBy() !== undefined) this.#drainUntil = -Infinity;
		else scope.addWait(hurry);
		try {
			await backend.shield(async () => service?.stop(this.#drainUntil));
		} finally {
			scope.removeWait(hurry);
			this.#scope?.cancel();
		}
	}

	/**
	 * Unwinds the stack of `serviceInit`: shielded, but not for ever. Answers whether it was done in time.
	 *
	 * @throws what a clean-up threw.
	 */
	async unwind(exitStack: AsyncExitStack, timeout: number): Promise<boolean> {
		const backend = this.#backend as AsyncBackend;
		const deadline = backend.now() + timeout;
		const scope = backend.openCancelScope({ shield: true, deadline });
		const done = backend.runScope(scope, () => exitStack.disposeAsync());
		return await new Promise((resolve, reject) => {
			const abandon = backend.scheduler.timers.deadline(() => resolve(false));
			abandon.set(deadline + AFTER_CLEANUP);
			done.finally(() => abandon.clear()).then(() => resolve(!scope.cancelledCaught), reject);
		});
	}

	/** Waits for the end. */
	async wait(): Promise<void> {
		const backend = this.#backend;
		await (backend === undefined ? this.ended : waitFor(backend.scheduler, this.ended, "the end of the server"));
	}

	/** Everything is over. */
	end(): void {
		this.#finish();
	}
}
