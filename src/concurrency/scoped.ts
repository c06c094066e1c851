import type { CancelScope } from "./cancel_scope.ts";
import { type Context, runInContext, stepInContext } from "./context.ts";
import type { Scheduler } from "./scheduler.ts";

/** What runs inside a scope of an async function: an async function, too. */
export type ScopedBody<T> = (scope: CancelScope) => PromiseLike<T> | T;

/**
 * What runs inside a scope of a handler: an async generator function, whose `yield`s the scope covers. What a `yield`
 * receives has the type that the code around it gives it: `const request: Request = yield`.
 */
// biome-ignore lint/suspicious/noExplicitAny: TypeScript cannot infer the type of a `yield` from an outer generator
export type ScopedGeneratorBody<Y, T> = (scope: CancelScope) => AsyncGenerator<Y, T, any>;

/** How often a generator may yield while it is being closed before it is given up. */
const CLOSE_TRIES = 10;

type Step = Promise<IteratorResult<unknown, unknown>>;

/** @internal Runs `body` inside `scope`. `caught` makes the result when the scope was left by its own cancellation. */
export function runScoped(
	scheduler: Scheduler,
	scope: CancelScope,
	body: (scope: CancelScope) => unknown,
	caught: () => unknown,
): Promise<unknown> | AsyncGenerator<unknown, unknown, unknown> {
	const outer = scheduler.context();
	scope.enter(outer.scope);
	const context: Context = { task: outer.task, scope };
	let result: unknown;
	try {
		result = runInContext(context, body, scope);
	} catch (error) {
		result = Promise.reject(error);
	}
	return isAsyncGenerator(result) ? new ScopedGenerator(result, context, caught) : settle(result, scope, caught);
}

async function settle(result: unknown, scope: CancelScope, caught: () => unknown): Promise<unknown> {
	let value: unknown;
	try {
		value = await result;
	} catch (error) {
		if (scope.exit(error)) return caught();
		throw error;
	}
	scope.exit();
	return value;
}

function isAsyncGenerator(value: unknown): value is AsyncGenerator<unknown, unknown, unknown> {
	return typeof value === "object" && value !== null && Symbol.asyncIterator in value && "throw" in value;
}

/** An async generator whose steps all run in one scope: for `yield*` in a handler. */
class ScopedGenerator implements AsyncGenerator<unknown, unknown, unknown> {
	readonly #inner: AsyncGenerator<unknown, unknown, unknown>;
	readonly #context: Context;
	readonly #caught: () => unknown;

	constructor(inner: AsyncGenerator<unknown, unknown, unknown>, context: Context, caught: () => unknown) {
		this.#inner = inner;
		this.#context = context;
		this.#caught = caught;
	}

	/** Goes on with what the driver received. */
	next(input?: unknown): Step {
		return this.#step("next", input);
	}

	/** Goes on with an error, such as the cancellation of the driver's read. */
	throw(error: unknown): Step {
		return this.#step("throw", error);
	}

	/** Closes the inner generator. There is nothing left to time out, so its own cancellation ends in silence. */
	async return(value: unknown): Step {
		const { task, scope } = this.#context;
		if (task !== undefined) task.parkedIn = undefined;
		try {
			await closeGenerator(this.#inner, this.#context);
		} catch (error) {
			if (!scope.exit(error)) throw error;
		} finally {
			if (task !== undefined) task.parkedIn = undefined;
			scope.exit();
		}
		return { done: true, value: await value };
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.return(undefined);
	}

	async #step(how: "next" | "throw", value: unknown): Step {
		const { task, scope } = this.#context;
		if (task !== undefined) task.parkedIn = undefined;
		let result: IteratorResult<unknown, unknown>;
		try {
			result = await stepInContext(this.#context, this.#inner, how, value);
		} catch (error) {
			if (scope.exit(error)) return { done: true, value: await this.#caught() };
			throw error;
		}
		// The innermost scope comes first, on the way out; the ones around it are its parents.
		if (result.done) scope.exit();
		else if (task !== undefined) task.parkedIn ??= scope;
		return result;
	}
}

/**
 * @internal Closes a generator that is parked at a `yield`.
 * @throws {Error} when it yields in a `finally` block again and again, which brings it back to life.
 */
export async function closeGenerator(
	generator: AsyncGenerator<unknown, unknown, unknown>,
	context: Context,
): Promise<void> {
	for (let tries = 0; tries < CLOSE_TRIES; tries++) {
		const { done } = await stepInContext(context, generator, "return", undefined);
		if (done) return;
	}
	throw new Error('Cannot close the generator: it yields in a "finally" block');
}
