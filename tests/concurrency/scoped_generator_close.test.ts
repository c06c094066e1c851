// How a handler with scopes around its yields ends before its time: `return()` while it is parked.

import type { CancelScope } from "../../src/concurrency/cancel_scope.ts";
import { currentContext } from "../../src/concurrency/context.ts";
import { closeGenerator } from "../../src/concurrency/scoped.ts";
import { CancelledError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";
import { HandlerDriver } from "../support/handler_driver.ts";

simTest("return() while parked runs every finally in its own scope, the innermost first", async (backend) => {
	const log: string[] = [];
	const outer = backend.openCancelScope({ deadline: 100 });
	const inner = backend.openCancelScope({ deadline: 200 });
	const names = new Map<CancelScope | undefined, string>([
		[outer, "outer"],
		[inner, "inner"],
	]);
	const cleanUp = async (): Promise<void> => {
		const before = names.get(currentContext()?.scope) ?? "handler";
		await backend.sleep(5);
		log.push(`${before}, ${names.get(currentContext()?.scope) ?? "handler"} at ${backend.now()}`);
	};
	const driver = new HandlerDriver<string>(backend, async function* () {
		try {
			yield* backend.runScope(outer, async function* () {
				try {
					yield* backend.runScope(inner, async function* () {
						try {
							yield;
							fail();
						} finally {
							await cleanUp();
						}
					});
				} finally {
					await cleanUp();
				}
			});
		} finally {
			await cleanUp();
		}
	});
	await driver.step("next");
	assertStrictEquals(driver.parkedIn, inner);
	assertEquals(backend.liveResources().timers, 2);
	assertEquals(await driver.step("return", "value"), { done: true, value: undefined });
	assertEquals(log, ["inner, inner at 5", "outer, outer at 10", "handler, handler at 15"]);
	assertEquals(driver.parkedIn, undefined);
	assertEquals(backend.liveResources().timers, 0);
});

simTest("the clean-up of a closed handler obeys the scope it is in", async (backend) => {
	const log: string[] = [];
	const driver = new HandlerDriver<string>(backend, async function* () {
		try {
			yield* backend.timeout(10, async function* () {
				try {
					yield;
				} finally {
					await assertRejects(() => backend.sleep(50), CancelledError);
					log.push(`cancelled at ${backend.now()}`);
					await backend.sleep(50);
					fail();
				}
			});
			fail("return() does not go on behind the scope");
		} finally {
			log.push("handler's finally");
			await backend.sleep(5);
		}
	});
	await driver.step("next");
	// The scope's own cancellation ends in silence: there is nothing left to time out.
	assertEquals(await driver.step("return"), { done: true, value: undefined });
	assertEquals(log, ["cancelled at 10", "handler's finally"]);
	assertEquals(backend.now(), 15);
});

simTest("a cancellation from outside during the clean-up comes out of return()", async (backend) => {
	const client = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(client, async () => {
		const driver = new HandlerDriver<string>(backend, async function* () {
			yield* backend.timeout(1_000, async function* () {
				try {
					yield;
				} finally {
					await backend.sleepForever();
				}
			});
		});
		await driver.step("next");
		await driver.step("return");
		fail();
	});
	assert(client.cancelledCaught);
	assertEquals(backend.now(), 10);
});

simTest("an error of the clean-up comes out of return(), with all scopes left", async (backend) => {
	const driver = new HandlerDriver<string>(backend, async function* () {
		yield* backend.timeout(1_000, async function* () {
			try {
				yield;
			} finally {
				// biome-ignore lint/correctness/noUnsafeFinally: it is what is tested
				throw new RangeError("clean-up failed");
			}
		});
	});
	await driver.step("next");
	await assertRejects(() => driver.step("return"), RangeError, "clean-up failed");
	assertEquals(backend.liveResources().timers, 0);
});

simTest(
	"a yield in finally brings the generator back: it is closed again, a bounded number of times",
	async (backend) => {
		for (const [yields, closes] of [
			[3, true],
			[9, true],
			[10, false],
			[Infinity, false],
		] as const) {
			let yielded = 0;
			let outerEnded = false;
			const resurrect = async function* (): AsyncGenerator<void, void, unknown> {
				if (yielded === yields) return;
				try {
					yielded++;
					// In a scope of its own, so that the driver would be told of it.
					yield* backend.shield(async function* () {
						yield;
					});
				} finally {
					yield* resurrect();
				}
			};
			const driver = new HandlerDriver<string>(backend, async function* () {
				try {
					yield* backend.timeout(1_000, async function* () {
						yield* backend.moveOnAfter(500, async function* () {
							try {
								yield;
							} finally {
								yield* resurrect();
							}
						});
					});
				} finally {
					outerEnded = true;
				}
			});
			await driver.step("next");
			if (closes) {
				assertEquals(await driver.step("return"), { done: true, value: undefined });
			} else {
				await assertRejects(() => driver.step("return"), Error, 'it yields in a "finally" block');
			}
			assertEquals(yielded, Math.min(yields, 10));
			assert(outerEnded);
			assertEquals(driver.task.parkedIn, undefined);
			assertEquals(backend.liveResources().timers, 0);
		}
	},
);

simTest("closeGenerator closes one that is parked, one that has not begun and one that has ended", async (backend) => {
	const context = backend.scheduler.context();
	const log: string[] = [];
	const make = async function* (): AsyncGenerator<void, void, unknown> {
		try {
			yield;
		} finally {
			log.push("closed");
		}
	};
	const parked = make();
	await parked.next();
	await closeGenerator(parked, context);
	await closeGenerator(parked, context);
	await closeGenerator(make(), context);
	assertEquals(log, ["closed"]);
});

simTest("a scope around yields that is closed before its first step is left, too", async (backend) => {
	const generator = backend.timeout(1_000, async function* () {
		yield;
	});
	assertEquals(backend.liveResources().timers, 1);
	await generator.return();
	assertEquals(backend.liveResources().timers, 0);
	assertEquals(await generator.next(), { done: true, value: undefined });
});

simTest("break in a for await over a scoped generator leaves the scope", async (backend) => {
	let closed = false;
	const numbers = backend.timeout(1_000, async function* () {
		try {
			for (let i = 0; ; i++) yield i;
		} finally {
			closed = true;
		}
	});
	for await (const number of numbers) if (number === 3) break;
	assert(closed);
	assertEquals(backend.liveResources().timers, 0);
});
