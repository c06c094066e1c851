// Scopes around `yield`: what a handler writes as `yield* backend.timeout(...)`, driven by hand.

import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";
import { HandlerDriver } from "../support/handler_driver.ts";

simTest("values go in and out through the scopes, and the result comes out", async (backend) => {
	const driver = new HandlerDriver<string>(backend, async function* () {
		const first: string = yield "out 0";
		const inner = yield* backend.timeout(100, async function* () {
			const second: string = yield "out 1";
			const third = yield* backend.moveOnAfter(50, async function* (): AsyncGenerator<string, string, string> {
				return `${yield "out 2"}!`;
			});
			return [second, third];
		});
		return [first, ...inner];
	});
	assertEquals(await driver.step("next", "ignored"), { done: false, value: "out 0" });
	assertEquals(await driver.step("next", "in 0"), { done: false, value: "out 1" });
	assertEquals(await driver.step("next", "in 1"), { done: false, value: "out 2" });
	assertEquals(await driver.step("next", "in 2"), { done: true, value: ["in 0", "in 1", "in 2!"] });
	assertEquals(await driver.step("next", "in 3"), { done: true, value: undefined });
});

simTest("the driver learns the innermost scope around the yield, and none outside of all", async (backend) => {
	const outer = backend.openCancelScope();
	const inner = backend.openCancelScope();
	const driver = new HandlerDriver<void>(backend, async function* () {
		yield;
		yield* backend.runScope(outer, async function* () {
			yield;
			yield* backend.runScope(inner, async function* () {
				yield;
				await backend.checkpoint();
				yield;
			});
			yield;
		});
		yield;
	});
	const parked: unknown[] = [];
	while (!(await driver.step("next")).done) parked.push(driver.parkedIn);
	const names = new Map<unknown, string>([
		[outer, "outer"],
		[inner, "inner"],
	]);
	assertEquals(
		parked.map((scope) => names.get(scope) ?? scope),
		[undefined, "outer", "inner", "inner", "outer", undefined],
	);
	assertEquals(driver.parkedIn, undefined);
});

simTest("timeout covers the yields: the read is rejected, and TimeoutError thrown at the yield*", async (backend) => {
	const queue = backend.createQueue<string>(10);
	const log: string[] = [];
	const driver = new HandlerDriver<string>(backend, async function* () {
		try {
			yield* backend.timeout(30, async function* () {
				for (;;) {
					try {
						log.push(yield);
					} finally {
						log.push(`resumed at ${backend.now()}`);
					}
				}
			});
		} catch (error) {
			assert(error instanceof TimeoutError);
			log.push("timed out");
		}
		log.push(`${yield} at ${backend.now()}`);
		return "ended";
	});
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await queue.put("one");
			await backend.sleep(20);
			await queue.put("two");
			await backend.sleep(20);
			await queue.put("three");
		});
		assertEquals(await driver.run(queue), "ended");
	});
	assertEquals(log, ["one", "resumed at 0", "two", "resumed at 20", "resumed at 30", "timed out", "three at 40"]);
});

simTest("moveOnAfter covers the yields, and gives undefined", async (backend) => {
	const driver = new HandlerDriver<string>(backend, async function* () {
		const result = yield* backend.moveOnAfter(30, async function* () {
			yield;
			return "never";
		});
		return [result, backend.now()];
	});
	assertEquals(await driver.run(backend.createQueue(1)), [undefined, 30]);
});

simTest("a limit around yields also covers the waits between them", async (backend) => {
	const driver = new HandlerDriver<string>(backend, async function* () {
		yield* backend.timeout(30, async function* () {
			yield;
			await assertRejects(() => backend.sleepForever(), CancelledError);
			await backend.sleepForever();
		});
	});
	await driver.step("next");
	await assertRejects(() => driver.step("next"), TimeoutError);
	assertEquals(backend.now(), 30);
});

simTest("a deadline moved while the handler is parked", async (backend) => {
	const driver = new HandlerDriver<string>(backend, async function* () {
		return yield* backend.moveOnAfter(30, async function* () {
			yield;
		});
	});
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await backend.sleep(20);
			assert(driver.parkedIn !== undefined);
			driver.parkedIn.deadline += 50;
		});
		await driver.run(backend.createQueue(1));
	});
	assertEquals(backend.now(), 80);
});

simTest("nested limits around one yield: the shorter one fires, the outer one later", async (backend) => {
	const log: string[] = [];
	const driver = new HandlerDriver<string>(backend, async function* () {
		yield* backend.moveOnAfter(50, async function* () {
			yield* backend.moveOnAfter(20, async function* () {
				yield;
			});
			log.push(`inner at ${backend.now()}`);
			yield* backend.moveOnAfter(100, async function* () {
				yield;
			});
			fail();
		});
		log.push(`outer at ${backend.now()}`);
	});
	await driver.run(backend.createQueue(1));
	assertEquals(log, ["inner at 20", "outer at 50"]);
});

simTest("cancelling the handler from outside passes its scopes, and ends it", async (backend) => {
	const log: string[] = [];
	const client = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(client, async () => {
		const driver = new HandlerDriver<string>(backend, async function* () {
			try {
				yield* backend.moveOnAfter(1_000, async function* () {
					try {
						yield;
					} finally {
						await backend.shield(() => backend.sleep(5));
						log.push(`inner cleaned up at ${backend.now()}`);
					}
				});
				fail();
			} finally {
				log.push("handler ends");
			}
		});
		await driver.run(backend.createQueue(1));
	});
	assert(client.cancelledCaught);
	assertEquals(log, ["inner cleaned up at 15", "handler ends"]);
});

simTest(
	"level-triggered: a handler that swallows the cancellation is cancelled at the next yield again",
	async (backend) => {
		let cancelled = 0;
		const scope = backend.openCancelScope({ deadline: 10 });
		const driver = new HandlerDriver<string>(backend, async function* () {
			yield* backend.runScope(scope, async function* () {
				for (let i = 0; i < 3; i++) {
					try {
						yield;
					} catch {
						cancelled++;
					}
				}
				yield;
				fail();
			});
			return "went on";
		});
		assertEquals(await driver.run(backend.createQueue(1)), "went on");
		assertEquals(cancelled, 3);
		assert(scope.cancelledCaught);
		assertEquals(backend.now(), 10);
	},
);

simTest("a shield around yields keeps the cancellation outside", async (backend) => {
	const queue = backend.createQueue<string>(1);
	const client = backend.openCancelScope({ deadline: 10 });
	let received: string | undefined;
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await backend.sleep(30);
			await queue.put("late");
		});
		await backend.runScope(client, async () => {
			const driver = new HandlerDriver<string>(backend, async function* () {
				received = yield* backend.shield(async function* (): AsyncGenerator<void, string, string> {
					return yield;
				});
				yield;
				fail();
			});
			await driver.run(queue);
		});
	});
	assertEquals(received, "late");
	assert(client.cancelledCaught);
	assertEquals(backend.now(), 30);
});

simTest("an error thrown in arrives at the inner yield; caught there, the handler goes on", async (backend) => {
	const boom = new RangeError("boom");
	let caught: unknown;
	const driver = new HandlerDriver<string>(backend, async function* () {
		return yield* backend.timeout(50, async function* () {
			try {
				yield 1;
			} catch (error) {
				caught = error;
			}
			return yield 2;
		});
	});
	assertEquals(await driver.step("next"), { done: false, value: 1 });
	assertEquals(await driver.step("throw", boom), { done: false, value: 2 });
	assertStrictEquals(caught, boom);
	assertEquals(await driver.step("next", "value"), { done: true, value: "value" });
});

simTest("an error thrown in and not caught leaves the scopes, and comes out", async (backend) => {
	const boom = new RangeError("boom");
	const scope = backend.openCancelScope({ deadline: 50 });
	const driver = new HandlerDriver<string>(backend, async function* () {
		yield* backend.runScope(scope, async function* () {
			yield* backend.timeout(40, async function* () {
				yield;
			});
		});
	});
	await driver.step("next");
	assertEquals(backend.liveResources().timers, 2);
	assertStrictEquals(await assertRejects(() => driver.step("throw", boom)), boom);
	assertEquals(backend.liveResources().timers, 0);
	assert(!scope.cancelledCaught);
});

simTest("the scope and the task are right in every step, before and after each wait", async (backend) => {
	const outer = backend.openCancelScope();
	const inner = backend.openCancelScope();
	const seen: string[] = [];
	const driver = new HandlerDriver<string>(backend, async function* () {
		const note = (where: string): void => {
			const { task, scope } = backend.scheduler.context();
			const name = scope === inner ? "inner" : scope === outer ? "outer" : scope === driver.scope ? "handler" : "?";
			seen.push(`${where}: ${task === driver.task ? name : "another task"}`);
		};
		note("begin");
		yield;
		note("after yield");
		yield* backend.runScope(outer, async function* () {
			note("in outer");
			yield* backend.runScope(inner, async function* () {
				note("in inner");
				try {
					yield;
				} catch {
					note("after throw");
				}
				await backend.checkpoint();
				note("after wait");
				await Promise.resolve();
				yield;
				note("after yield in inner");
			});
			note("back in outer");
			yield;
			note("after yield in outer");
			await backend.sleep(1);
			note("after sleep");
		});
		note("back in handler");
		await backend.checkpoint();
		note("end");
	});
	let result = await driver.step("next");
	let steps = 0;
	while (!result.done) {
		// Every step from another context, as native callbacks do.
		const step = (): Promise<IteratorResult<unknown, unknown>> => driver.step(++steps === 2 ? "throw" : "next");
		result = await backend.runScope(backend.openCancelScope(), step).then((result) => result ?? fail());
	}
	assertEquals(seen, [
		"begin: handler",
		"after yield: handler",
		"in outer: outer",
		"in inner: inner",
		"after throw: inner",
		"after wait: inner",
		"after yield in inner: inner",
		"back in outer: outer",
		"after yield in outer: outer",
		"after sleep: outer",
		"back in handler: handler",
		"end: handler",
	]);
});

simTest("a scope around yields is entered once", async (backend) => {
	const scope = backend.openCancelScope();
	const driver = new HandlerDriver<string>(backend, async function* () {
		const body = async function* (): AsyncGenerator<void, void, string> {
			yield;
		};
		yield* backend.runScope(scope, body);
		yield* backend.runScope(scope, body);
	});
	await driver.step("next");
	await assertRejects(() => driver.step("next"), Error, "it was entered before");
});

simTest("scopes around yields work outside of every task, too", async (backend) => {
	const numbers = backend.scheduler.detached(() =>
		backend.timeout(10, async function* () {
			yield 1;
			yield 2;
		}),
	);
	const seen: number[] = [];
	for await (const number of numbers) seen.push(number);
	assertEquals(seen, [1, 2]);
});
