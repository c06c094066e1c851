// What of the cases T-BK has no form here:
// - of T-BK-11, the exit before the entering, in another task or out of order: a scope is entered and left by one call
//   that takes its body;
// - T-BK-20 to T-BK-24: there are no threads to run in, and so no portal back from them;
// - of T-BK-34, the counter of cancellations: tasks have none, as cancellation is a state of scopes.

import { CancelledError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("a scope gives what its body returns, and ends uncancelled", async (backend) => {
	const scope = backend.openCancelScope();
	assertEquals(await backend.runScope(scope, async () => "value"), "value");
	assertEquals(await backend.runScope(backend.openCancelScope(), () => 7), 7);
	assert(!scope.cancelCalled);
	assert(!scope.cancelledCaught);
});

simTest("the body gets the scope", async (backend) => {
	const scope = backend.openCancelScope();
	await backend.runScope(scope, (given) => assertStrictEquals(given, scope));
});

simTest("what the body throws comes out, also when it throws before its first wait", async (backend) => {
	const boom = async (): Promise<never> => {
		throw new RangeError("boom");
	};
	const bang = (): never => {
		throw new RangeError("bang");
	};
	await assertRejects(() => backend.runScope(backend.openCancelScope(), boom), RangeError, "boom");
	await assertRejects(async () => backend.runScope(backend.openCancelScope(), bang), RangeError, "bang");
});

simTest("cancelling from another task ends the wait inside, and only the scope", async (backend) => {
	const scope = backend.openCancelScope();
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await backend.sleep(50);
			scope.cancel();
		});
		const result = await backend.runScope(scope, async () => {
			await backend.sleep(1_000);
			fail();
		});
		assertEquals(result, undefined);
		assertEquals(backend.now(), 50);
		await backend.sleep(10);
	});
	assert(scope.cancelCalled);
	assert(scope.cancelledCaught);
	assertEquals(backend.now(), 60);
});

simTest("cancelling from inside takes effect at the next wait", async (backend) => {
	const log: string[] = [];
	const scope = backend.openCancelScope();
	await backend.runScope(scope, async () => {
		scope.cancel();
		scope.cancel();
		log.push("still runs");
		await Promise.resolve();
		log.push("foreign waits go on");
		await backend.checkpoint();
		log.push("never");
	});
	assertEquals(log, ["still runs", "foreign waits go on"]);
	assert(scope.cancelledCaught);
});

simTest("every kind of wait ends with CancelledError in a cancelled scope", async (backend) => {
	const lock = backend.createLock();
	const event = backend.createEvent();
	event.set();
	const condition = backend.createCondition();
	await condition.lock.acquire();
	const semaphore = backend.createSemaphore(1);
	const queue = backend.createQueue<number>(1);
	const waits: Record<string, () => Promise<unknown>> = {
		checkpoint: () => backend.checkpoint(),
		"sleep(0)": () => backend.sleep(0),
		sleep: () => backend.sleep(10),
		sleepUntil: () => backend.sleepUntil(backend.now() - 1),
		sleepForever: () => backend.sleepForever(),
		"lock.acquire": () => lock.acquire(),
		"event.wait": () => event.wait(),
		"condition.wait": () => condition.wait(),
		"semaphore.acquire": () => semaphore.acquire(),
		"queue.put": () => queue.put(1),
		"queue.get": () => queue.get(),
		gather: () => backend.gather([new Promise(() => {})]),
	};
	for (const [name, wait] of Object.entries(waits)) {
		const scope = backend.openCancelScope();
		await backend.runScope(scope, async () => {
			scope.cancel();
			await assertRejects(wait, CancelledError);
			await wait();
			fail(name);
		});
		assert(scope.cancelledCaught, name);
	}
	assert(!lock.locked);
	assertEquals(semaphore.value, 1);
	assertEquals(queue.size, 0);
	condition.lock.release();
});

simTest("a wait that ends because another one is interrupted is not interrupted itself", async (backend) => {
	const scope = backend.openCancelScope();
	const interrupted: string[] = [];
	const second = { waitsFor: "second", interrupt: () => void interrupted.push("second") };
	const first = {
		waitsFor: "first",
		interrupt() {
			interrupted.push("first");
			scope.removeWait(first);
			scope.removeWait(second);
		},
	};
	await backend.runScope(scope, () => {
		scope.addWait(first);
		scope.addWait(second);
		scope.cancel();
	});
	assertEquals(interrupted, ["first"]);
});

simTest("T-BK-07 a scope cancelled before it is entered cancels the first wait inside", async (backend) => {
	const scope = backend.openCancelScope();
	scope.cancel();
	assert(scope.cancelCalled);
	let began = false;
	await backend.runScope(scope, async () => {
		began = true;
		await backend.checkpoint();
		fail();
	});
	assert(began);
	assert(scope.cancelledCaught);
});

simTest("T-BK-11 a scope is entered once", async (backend) => {
	const scope = backend.openCancelScope();
	const reuse = async (): Promise<unknown> => backend.runScope(scope, () => fail());
	await backend.runScope(scope, async () => {
		await assertRejects(reuse, Error, "Cannot enter the cancel scope: it was entered before");
	});
	await assertRejects(reuse, Error, "Cannot enter the cancel scope: it was entered before");
});

simTest("cancelling a scope that was left does nothing", async (backend) => {
	const scope = backend.openCancelScope();
	await backend.runScope(scope, () => backend.checkpoint());
	scope.cancel();
	assert(!scope.cancelCalled);
	await backend.checkpoint();
});

simTest("T-BK-30 cancel() or a zero deadline with an empty body: called, not caught, nothing left", async (backend) => {
	const scope = backend.openCancelScope();
	await backend.runScope(scope, () => scope.cancel());
	assert(scope.cancelCalled);
	assert(!scope.cancelledCaught);
	const late = backend.openCancelScope({ deadline: backend.now() });
	await backend.runScope(late, () => {});
	assert(late.cancelCalled);
	assert(!late.cancelledCaught);
	await backend.checkpoint();
});

simTest("a scope whose body ended normally caught nothing, though cancelled", async (backend) => {
	const scope = backend.openCancelScope();
	const result = await backend.runScope(scope, async () => {
		scope.cancel();
		try {
			await backend.checkpoint();
		} catch {
			return "swallowed by the body";
		}
	});
	assertEquals(result, "swallowed by the body");
	assert(!scope.cancelledCaught);
});

simTest(
	"T-BK-33 cancellation is level-triggered: swallowed once, the next wait is cancelled again",
	async (backend) => {
		const scope = backend.openCancelScope();
		let cancelled = 0;
		await backend.runScope(scope, async () => {
			scope.cancel();
			for (let i = 0; i < 3; i++) {
				try {
					await backend.sleep(10);
				} catch (error) {
					assertInstanceOf(error, CancelledError);
					cancelled++;
				}
			}
			await backend.taskGroup(async () => {
				await assertRejects(() => backend.checkpoint(), CancelledError);
				cancelled++;
			});
			await backend.checkpoint();
		});
		assertEquals(cancelled, 4);
		assert(scope.cancelledCaught);
		assertEquals(backend.now(), 0);
	},
);

simTest("T-BK-34 a cancellation caught and rethrown, also from finally, is still recognised", async (backend) => {
	const scope = backend.openCancelScope();
	await backend.runScope(scope, async () => {
		scope.cancel();
		let caught: unknown;
		try {
			await backend.checkpoint();
		} catch (error) {
			caught = error;
		} finally {
			await backend.shieldedCheckpoint();
			// biome-ignore lint/correctness/noUnsafeFinally: it is what is tested
			throw caught;
		}
	});
	assert(scope.cancelledCaught);
	await backend.checkpoint();
});

simTest("T-BK-35 another error thrown during cancellation passes, and nothing is caught", async (backend) => {
	const scope = backend.openCancelScope();
	const error = await assertRejects(
		() =>
			backend.runScope(scope, async () => {
				scope.cancel();
				try {
					await backend.checkpoint();
				} catch (cause) {
					throw new RangeError("clean-up failed", { cause });
				}
			}),
		RangeError,
		"clean-up failed",
	);
	assertInstanceOf(error.cause, CancelledError);
	assert(scope.cancelCalled);
	assert(!scope.cancelledCaught);
});

simTest("T-BK-36 an aggregate of own cancellations only is swallowed, nested ones included", async (backend) => {
	const scope = backend.openCancelScope();
	const cancellation = (): Promise<unknown> => backend.checkpoint().catch((error) => error);
	await backend.runScope(scope, async () => {
		scope.cancel();
		throw new AggregateError([await cancellation(), new AggregateError([await cancellation()])]);
	});
	assert(scope.cancelledCaught);
});

simTest("T-BK-36 a mixed aggregate passes, with the caught flag set", async (backend) => {
	const scope = backend.openCancelScope();
	const boom = new RangeError("boom");
	const error = await assertRejects(
		() =>
			backend.runScope(scope, async () => {
				scope.cancel();
				throw new AggregateError([await backend.checkpoint().catch((error) => error), boom]);
			}),
		AggregateError,
	);
	assertStrictEquals(error.errors[1], boom);
	assert(scope.cancelledCaught);
});

simTest("an aggregate without own cancellations, and an empty one, pass uncaught", async (backend) => {
	for (const errors of [[], [new RangeError("a"), new RangeError("b")], [new CancelledError()]]) {
		const scope = backend.openCancelScope();
		const body = async (): Promise<never> => {
			scope.cancel();
			throw new AggregateError(errors);
		};
		await assertRejects(() => backend.runScope(scope, body), AggregateError);
		assert(!scope.cancelledCaught);
	}
});

simTest("a CancelledError that no scope made is nobody's: it passes every scope", async (backend) => {
	const scope = backend.openCancelScope();
	const foreign = new CancelledError("made by hand");
	const error = await assertRejects(
		() =>
			backend.runScope(scope, async () => {
				scope.cancel();
				throw foreign;
			}),
		CancelledError,
	);
	assertStrictEquals(error, foreign);
	assert(!scope.cancelledCaught);
});

simTest("a cancellation kept from an earlier scope does not end a later one", async (backend) => {
	let kept: unknown;
	const first = backend.openCancelScope();
	await backend.runScope(first, async () => {
		first.cancel();
		kept = await backend.checkpoint().catch((error) => error);
	});
	const second = backend.openCancelScope();
	const body = async (): Promise<void> => {
		second.cancel();
		throw kept;
	};
	assertStrictEquals(await assertRejects(() => backend.runScope(second, body), CancelledError), kept);
});
