// Of T-BK-04, "awaiting itself" has no form here: the awaitable is a function that `shield` itself calls.

import { CancelledError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("T-BK-01 a shielded checkpoint passes in a cancelled scope; the next plain one does not", async (backend) => {
	const scope = backend.openCancelScope();
	let passed = false;
	await backend.runScope(scope, async () => {
		scope.cancel();
		await backend.shieldedCheckpoint();
		passed = true;
		await backend.checkpoint();
		fail();
	});
	assert(passed);
	assert(scope.cancelledCaught);
});

simTest("T-BK-02 two shielded checkpoints in a row pass, the third, plain one is cancelled", async (backend) => {
	const scope = backend.openCancelScope();
	let passed = 0;
	await backend.runScope(scope, async () => {
		scope.cancel();
		for (let i = 0; i < 2; i++) {
			await backend.shieldedCheckpoint();
			passed++;
		}
		await backend.checkpoint();
		fail();
	});
	assertEquals(passed, 2);
	assert(scope.cancelledCaught);
});

simTest(
	"T-BK-03 shield finishes its work under repeated cancels; delivered at the next checkpoint",
	async (backend) => {
		const log: unknown[] = [];
		await backend.taskGroup(async (group) => {
			const task = group.startSoon(async () => {
				log.push(
					await backend.shield(async () => {
						for (let i = 0; i < 5; i++) await backend.sleep(10);
						return "the result";
					}),
				);
				await backend.checkpoint();
				log.push("never");
			});
			for (let i = 0; i < 4; i++) {
				await backend.sleep(7);
				task.cancel();
			}
			await task.wait();
			assert(task.cancelled);
		});
		assertEquals(log, ["the result"]);
		assertEquals(backend.now(), 50);
	},
);

simTest("T-BK-03 shield without a later checkpoint: the task ends normally", async (backend) => {
	await backend.taskGroup(async (group) => {
		const task = group.startSoon(() => backend.shield(() => backend.sleep(10).then(() => "value")));
		await backend.sleep(5);
		assert(task.cancel());
		assertEquals(await task.join(), "value");
		assert(!task.cancelled);
	});
});

simTest("T-BK-04 shield: an error comes out, and the work is in the same task", async (backend) => {
	await backend.taskGroup(async (group) => {
		const task = group.startSoon(async () => {
			await backend.shield(() => assertStrictEquals(backend.currentTask(), task));
			const boom = async (): Promise<never> => {
				throw new RangeError("boom");
			};
			await assertRejects(() => backend.shield(boom), RangeError, "boom");
		});
	});
});

simTest("T-BK-04 shield: a cancellation thrown by the work itself comes out at once", async (backend) => {
	await backend.taskGroup(async (group) => {
		const cancelled = group.startSoon(() => backend.sleepForever());
		cancelled.cancel();
		await assertRejects(() => backend.shield(() => cancelled.join()), CancelledError);
		await backend.checkpoint();
	});
});

simTest("clean-up in finally rejects at once unshielded, and ends shielded", async (backend) => {
	const log: string[] = [];
	const scope = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(scope, async () => {
		try {
			await backend.sleepForever();
		} finally {
			await assertRejects(() => backend.sleep(5), CancelledError);
			log.push(`unshielded: ${backend.now()}`);
			await backend.shield(() => backend.sleep(5));
			log.push(`shielded: ${backend.now()}`);
		}
	});
	assertEquals(log, ["unshielded: 10", "shielded: 15"]);
	assert(scope.cancelledCaught);
});

simTest("clean-up that is shielded with a deadline is itself bounded", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(scope, async () => {
		try {
			await backend.sleepForever();
		} finally {
			await backend.shield(() => backend.moveOnAfter(30, () => backend.sleepForever()));
		}
	});
	assert(scope.cancelledCaught);
	assertEquals(backend.now(), 40);
});

simTest("a signal ends a shielded wait, and a limit does", async (backend) => {
	const controller = new AbortController();
	await backend.moveOnAfter(0, async () => {
		await backend.shield(async () => {
			const wait = backend.sleep(100, { signal: controller.signal });
			controller.abort(new RangeError("stop"));
			await assertRejects(() => wait, RangeError, "stop");
		});
	});
	assertEquals(backend.now(), 0);
});
