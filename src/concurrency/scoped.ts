import type { CancelScope } from "./cancel_scope.ts";
import { type Context, runInContext } from "./context.ts";
import type { Scheduler } from "./scheduler.ts";

/** What runs inside a scope of an async function: an async function, too. */
export type ScopedBody<T> = (scope: CancelScope) => PromiseLike<T> | T;

/** What runs inside a scope of a handler: an async generator function, whose `yield`s the scope covers. */
export type ScopedGeneratorBody<Y, T, N> = (scope: CancelScope) => AsyncGenerator<Y, T, N>;

/** How often a generator may yield while it is being closed before it is given up. */
const CLOSE_TRIES = 10;

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
	return isAsyncGenerator(result) ? delegate(result, context, caught) : settle(result, scope, caught);
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

/** `yield*` with a scope: every step of the inner generator runs in the scope, and whoever drives us learns of it. */
async function* delegate(
	inner: AsyncGenerator<unknown, unknown, unknown>,
	context: Context,
	caught: () => unknown,
): AsyncGenerator<unknown, unknown, unknown> {
	const { task, scope } = context;
	let step = (): Promise<IteratorResult<unknown, unknown>> => inner.next();
	for (;;) {
		let result: IteratorResult<unknown, unknown>;
		try {
			result = await runInContext(context, step);
		} catch (error) {
			if (scope.exit(error)) return caught();
			throw error;
		}
		if (result.done) {
			scope.exit();
			return result.value;
		}
		let resumed = false;
		try {
			// The innermost scope comes first, on the way out; the ones around it are its parents.
			if (task !== undefined) task.parkedIn ??= scope;
			const input = yield result.value;
			step = () => inner.next(input);
			resumed = true;
		} catch (error) {
			step = () => inner.throw(error);
			resumed = true;
		} finally {
			if (task !== undefined) task.parkedIn = undefined;
			if (!resumed) {
				try {
					await closeGenerator(inner, context);
				} finally {
					scope.exit();
				}
			}
		}
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
		const { done } = await runInContext(context, () => generator.return(undefined));
		if (done) return;
	}
	throw new Error('Cannot close the generator: it yields in a "finally" block');
}

function isAsyncGenerator(value: unknown): value is AsyncGenerator<unknown, unknown, unknown> {
	return typeof value === "object" && value !== null && Symbol.asyncIterator in value && "next" in value;
}
