/** Drives a generator by hand, the way a server drives a handler. */

import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import type { CancelScope } from "../../src/concurrency/cancel_scope.ts";
import { type Context, nextTaskId, runInContext, stepInContext, type TaskInfo } from "../../src/concurrency/context.ts";
import type { Queue } from "../../src/concurrency/queue.ts";

/** How many steps a handler may take in {@linkcode HandlerDriver.run}: one that swallows its cancellation takes endlessly many. */
const MAX_STEPS = 1_000;

/** A handler, the task it runs in, and the reads that it is parked on. */
export class HandlerDriver<T> {
	readonly task: TaskInfo;
	/** The scope around the whole handler. */
	readonly scope: CancelScope;
	/** The innermost scope around the `yield` at which the handler stopped last. */
	parkedIn: CancelScope | undefined;
	readonly #context: Context;
	readonly #generator: AsyncGenerator<unknown, unknown, T>;

	/** The handler runs in the scope that this is called in. */
	constructor(backend: AsyncBackend, handler: () => AsyncGenerator<unknown, unknown, T>) {
		const id = nextTaskId();
		this.task = { id, name: `Handler-${id}`, values: new Map(), parkedIn: undefined };
		this.scope = backend.scheduler.context().scope;
		this.#context = { task: this.task, scope: this.scope };
		this.#generator = runInContext(this.#context, handler);
	}

	/** One step of the handler. */
	async step(how: "next" | "throw" | "return", value?: unknown): Promise<IteratorResult<unknown, unknown>> {
		const result = await stepInContext(
			this.#context,
			this.#generator as AsyncGenerator<unknown, unknown, unknown>,
			how,
			value,
		);
		this.parkedIn = this.task.parkedIn;
		return result;
	}

	/** Gives the handler what comes out of the queue, until it returns. Its read obeys the scope that it is parked in. */
	async run(queue: Queue<T>): Promise<unknown> {
		let result = await this.step("next");
		for (let steps = 0; !result.done; steps++) {
			if (steps > MAX_STEPS) throw new Error("The handler does not end");
			let received: { value: T } | undefined;
			let failure: unknown;
			try {
				const context = { task: this.task, scope: this.parkedIn ?? this.scope };
				received = { value: await runInContext(context, () => queue.get()) };
			} catch (error) {
				failure = error;
			}
			result = received === undefined ? await this.step("throw", failure) : await this.step("next", received.value);
		}
		return result.value;
	}
}
