import type { AsyncBackend } from "../backend/async_backend.ts";
import type { CancelScope } from "../concurrency/cancel_scope.ts";
import type { Event } from "../concurrency/event.ts";
import type { AsyncExitStack } from "../concurrency/exit_stack.ts";

/** @internal What serves while a server runs. */
export interface Service {
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

	/** Runs `serviceInit`. */
	async setUp(init: () => Promise<void>): Promise<void> {
		this.settingUp = true;
		try {
			await init();
		} finally {
			this.settingUp = false;
		}
		// A stop that came meanwhile ends it here, at the latest.
		if (this.#stopping) await this.#backend?.checkpoint();
	}

	/** The service serves. */
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

	/** Stops the service, ends what `serviceInit` started, then unwinds its stack: shielded, but not for ever. */
	async tearDown(service: Service | undefined, exitStack: AsyncExitStack, timeout: number): Promise<void> {
		const backend = this.#backend as AsyncBackend;
		this.#stopping = true;
		await backend.shield(async () => {
			await service?.stop(this.#drainUntil);
			this.#scope?.cancel();
		});
		const scope = backend.openCancelScope({ shield: true, deadline: backend.now() + timeout });
		await backend.runScope(scope, () => exitStack.disposeAsync());
	}

	/** Waits for the end. */
	async wait(): Promise<void> {
		const backend = this.#backend;
		if (backend === undefined) return this.ended;
		const event = backend.createEvent();
		void this.ended.then(() => event.set());
		await event.wait();
	}

	/** Everything is over. */
	end(): void {
		this.#finish();
	}
}
