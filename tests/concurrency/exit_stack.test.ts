import { describe, test } from "node:test";
import { AsyncExitStack } from "../../src/concurrency/exit_stack.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows, fail } from "../support/assert.ts";

interface Stack {
	readonly disposed: boolean;
	use<T extends AsyncDisposable | Disposable | null | undefined>(resource: T): T;
	adopt<T>(value: T, onDispose: (value: T) => unknown): T;
	defer(onDispose: () => unknown): void;
	move(): Stack;
	disposeAsync(): Promise<void>;
	[Symbol.asyncDispose](): Promise<void>;
}

const { AsyncDisposableStack: Native } = globalThis as { AsyncDisposableStack?: new () => Stack };

/** What one error says, with the errors inside of a `SuppressedError`. */
function shape(error: unknown): unknown {
	const { name, message, error: inner, suppressed } = error as Error & { error?: unknown; suppressed?: unknown };
	return name === "SuppressedError" ? [shape(inner), shape(suppressed)] : message;
}

// The same cases on ours and, where the runtime has it, on the native class.
const kinds: [string, (new () => Stack) | undefined][] = [
	["AsyncExitStack", AsyncExitStack],
	["AsyncDisposableStack", Native],
];
for (const [name, Stack] of kinds) {
	const skip = Stack === undefined ? "this runtime has no AsyncDisposableStack" : false;
	const make = (): Stack => new (Stack as new () => Stack)();
	const tests = (title: string, body: () => Promise<void>): void => void test(title, { skip }, body);

	describe(name, () => {
		tests("unwinds in reverse, each clean-up to its end", async () => {
			const log: string[] = [];
			const stack = make();
			const resource = {
				async [Symbol.asyncDispose](): Promise<void> {
					await Promise.resolve();
					log.push("use async");
				},
				[Symbol.dispose]: () => fail("the asynchronous method comes first"),
			};
			assertStrictEquals(stack.use(resource), resource);
			stack.use({ [Symbol.dispose]: () => void log.push("use sync") });
			assertEquals(
				stack.adopt(5, (value) => void log.push(`adopt ${value}`)),
				5,
			);
			stack.defer(async () => {
				await Promise.resolve();
				await Promise.resolve();
				log.push("defer");
			});
			assert(!stack.disposed);
			await stack.disposeAsync();
			assert(stack.disposed);
			assertEquals(log, ["defer", "adopt 5", "use sync", "use async"]);
		});

		tests("methods are looked up when the resource is added, and called on it", async () => {
			const log: unknown[] = [];
			class Resource {
				name = "mine";
				async [Symbol.asyncDispose](): Promise<void> {
					log.push(this.name);
				}
			}
			const stack = make();
			const resource = stack.use(new Resource());
			Object.assign(resource, { [Symbol.asyncDispose]: () => fail() });
			await stack[Symbol.asyncDispose]();
			assertEquals(log, ["mine"]);
		});

		tests("null and undefined pass through, and so does a resource whose asyncDispose is undefined", async () => {
			const stack = make();
			let disposed = 0;
			assertStrictEquals(stack.use(null), null);
			assertStrictEquals(stack.use(undefined), undefined);
			stack.use({ [Symbol.asyncDispose]: undefined, [Symbol.dispose]: () => void disposed++ } as unknown as Disposable);
			await stack.disposeAsync();
			assertEquals(disposed, 1);
		});

		tests("what is not disposable, and what is no function, is refused when it is added", async () => {
			const stack = make();
			for (const bad of [{}, 5, "text", { [Symbol.asyncDispose]: 5 }]) {
				assertThrows(() => stack.use(bad as unknown as Disposable), TypeError);
			}
			for (const bad of [undefined, 5, {}]) {
				assertThrows(() => stack.defer(bad as () => void), TypeError);
				assertThrows(() => stack.adopt(1, bad as () => void), TypeError);
			}
			await stack.disposeAsync();
		});

		tests("one error comes as it is; the other clean-ups still run", async () => {
			const log: string[] = [];
			const boom = new RangeError("boom");
			const stack = make();
			stack.defer(() => void log.push("first"));
			stack.defer(() => {
				throw boom;
			});
			stack.defer(() => void log.push("third"));
			assertStrictEquals(await assertRejects(() => stack.disposeAsync()), boom);
			assertEquals(log, ["third", "first"]);
		});

		tests("several errors are chained as SuppressedErrors, the last one outermost", async () => {
			const stack = make();
			for (const message of ["a", "b", "c"]) stack.defer(() => Promise.reject(new RangeError(message)));
			const error = await assertRejects(() => stack.disposeAsync(), Error);
			assertEquals(error.name, "SuppressedError");
			assertEquals(shape(error), ["a", ["b", "c"]]);
		});

		tests("undefined can be thrown, too", async () => {
			const stack = make();
			stack.defer(() => Promise.reject(undefined));
			let thrown: unknown = "nothing";
			await stack.disposeAsync().catch((error) => {
				thrown = error;
			});
			assertStrictEquals(thrown, undefined);
		});

		tests("a synchronous dispose is not awaited", async () => {
			const stack = make();
			stack.use({ [Symbol.dispose]: () => new Promise<void>(() => {}) } as unknown as Disposable);
			await stack.disposeAsync();
		});

		tests("the second unwinding does nothing, also during the first", async () => {
			const log: string[] = [];
			const stack = make();
			let release = (): void => {};
			stack.defer(() => void log.push("last"));
			stack.defer(
				() =>
					new Promise<void>((resolve) => {
						release = resolve;
					}),
			);
			const first = stack.disposeAsync().then(() => void log.push("first call"));
			await stack.disposeAsync().then(() => void log.push("second call"));
			release();
			await first;
			assertEquals(log, ["second call", "last", "first call"]);
			await stack.disposeAsync();
		});

		tests("after unwinding, nothing can be added", async () => {
			const stack = make();
			await stack.disposeAsync();
			assertThrows(() => stack.use(null), ReferenceError);
			assertThrows(() => stack.use({ [Symbol.dispose]: () => fail() }), ReferenceError);
			assertThrows(() => stack.adopt(1, () => fail()), ReferenceError);
			assertThrows(() => stack.defer(() => fail()), ReferenceError);
			assertThrows(() => stack.move(), ReferenceError);
		});

		tests("move leaves the old stack disposed, and takes everything along", async () => {
			const log: string[] = [];
			const stack = make();
			stack.defer(() => void log.push("moved"));
			const moved = stack.move();
			assert(stack.disposed);
			assert(!moved.disposed);
			await stack.disposeAsync();
			assertEquals(log, []);
			moved.defer(() => void log.push("added"));
			await moved.disposeAsync();
			assertEquals(log, ["added", "moved"]);
		});

		tests("a clean-up cannot add to the stack that is being unwound", async () => {
			const stack = make();
			stack.defer(() => stack.defer(() => fail()));
			await assertRejects(() => stack.disposeAsync(), ReferenceError);
		});
	});
}
