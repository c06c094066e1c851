import { AsyncLocalStorage } from "node:async_hooks";
import type { CancelScope } from "./cancel_scope.ts";

/** Values by context variable, never changed in place: tasks share them until one sets a variable. */
export type ContextValues = ReadonlyMap<object, unknown>;

/** Who runs: a task of a task group, or one run of a server's handler. */
export interface TaskInfo {
	/** Counts up from 1 in the process. */
	readonly id: number;
	/** The name given, or `Task-<id>`. */
	readonly name: string;
	/** @internal */
	values: ContextValues;
	/** @internal The innermost scope around the `yield` at which the task's generator stopped, if any is. */
	parkedIn: CancelScope | undefined;
}

/** @internal What travels along with `await`: the running task and the scope around the running code. */
export interface Context {
	readonly task: TaskInfo | undefined;
	readonly scope: CancelScope;
}

const storage = new AsyncLocalStorage<Context>();

/** @internal The context of the running code; none outside of every task and scope. */
export function currentContext(): Context | undefined {
	return storage.getStore();
}

/** @internal Runs `body` in `context`, and with it all that it starts. */
export function runInContext<Args extends unknown[], R>(
	context: Context,
	body: (...args: Args) => R,
	...args: Args
): R {
	return storage.run(context, body, ...args);
}

/** @internal `runInContext` without its rest arguments, for the hot path. */
export function enterContext<A, B, R>(context: Context, body: (a: A, b: B) => R, a: A, b: B): R {
	return storage.run(context, body, a, b);
}

/** @internal Takes one step of a generator in `context`: `runInContext` without its rest arguments, for the hot path. */
export function stepInContext(
	context: Context,
	generator: AsyncGenerator<unknown, unknown, unknown>,
	how: "next" | "throw" | "return",
	value: unknown,
): Promise<IteratorResult<unknown, unknown>> {
	return storage.run(context, how === "next" ? callNext : how === "throw" ? callThrow : callReturn, generator, value);
}

type Step = (
	generator: AsyncGenerator<unknown, unknown, unknown>,
	value: unknown,
) => Promise<IteratorResult<unknown, unknown>>;

const callNext: Step = (generator, value) => generator.next(value);
const callThrow: Step = (generator, value) => generator.throw(value);
const callReturn: Step = (generator) => generator.return(undefined);

let lastId = 0;

/** @internal */
export function nextTaskId(): number {
	return ++lastId;
}
