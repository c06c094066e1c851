import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

const boom = new RangeError("boom");

simTest("T-BK-15 cancel(): true first, false when done; others are unaffected", async (backend) => {
	await backend.taskGroup(async (group) => {
		const task = group.startSoon(() => backend.sleepForever());
		const other = group.startSoon(() => backend.sleep(20).then(() => "other"));
		await backend.sleep(10);
		assert(!task.done);
		assert(task.cancel());
		assert(!task.done, "it ends when its code lets the cancellation pass");
		await task.wait();
		assert(task.done);
		assert(task.cancelled);
		assert(!task.cancel());
		assertEquals(await other.join(), "other");
		assert(!other.cancel());
		assert(!other.cancelled);
	});
});

simTest("T-BK-15 joining a cancelled task throws CancelledError, which no scope around swallows", async (backend) => {
	await backend.taskGroup(async (group) => {
		const task = group.startSoon(() => backend.sleepForever(), { name: "victim" });
		task.cancel();
		const scope = backend.openCancelScope();
		const joining = (): Promise<unknown> => backend.runScope(scope, () => task.join());
		await assertRejects(joining, CancelledError, 'The task "victim" was cancelled');
		assert(!scope.cancelledCaught);
		await assertRejects(() => task.join(), CancelledError);
	});
});

simTest("a task cancelled before it began runs up to its first wait", async (backend) => {
	const log: string[] = [];
	await backend.taskGroup((group) => {
		const task = group.startSoon(async () => {
			log.push("began");
			await backend.checkpoint();
			log.push("never");
		});
		assert(task.cancel());
	});
	assertEquals(log, ["began"]);
});

simTest("a cancelled task may clean up, and may end normally after all", async (backend) => {
	await backend.taskGroup(async (group) => {
		const task = group.startSoon(async () => {
			await assertRejects(() => backend.sleepForever(), CancelledError);
			await backend.shield(() => backend.sleep(10));
			return "cleaned up";
		});
		await backend.sleep(5);
		assert(task.cancel());
		assert(task.cancel(), "it is not done yet");
		assertEquals(await task.join(), "cleaned up");
		assert(!task.cancelled);
		assertEquals(backend.now(), 15);
	});
});

simTest("join() gives the result or the error, as often as asked", async (backend) => {
	await assertRejects(
		() =>
			backend.taskGroup(async (group) => {
				const good = group.startSoon(async () => "value");
				assertEquals(await Promise.all([good.join(), good.join()]), ["value", "value"]);
				assertEquals(await good.join(), "value");
				const bad = group.startSoon(() => Promise.reject(boom));
				await backend.shield(async () => {
					assertStrictEquals(await assertRejects(() => bad.join()), boom);
					assertStrictEquals(await assertRejects(() => bad.join()), boom);
					assertStrictEquals(await assertRejects(() => bad.joinOrCancel()), boom);
				});
			}),
		RangeError,
	);
});

simTest("T-BK-16 cancelling who joins or waits leaves the task running", async (backend) => {
	for (const method of ["join", "wait"] as const) {
		await backend.taskGroup(async (group) => {
			const task = group.startSoon(() => backend.sleep(50).then(() => "value"));
			const joiner = group.startSoon<unknown>(() => task[method]());
			await backend.sleep(10);
			joiner.cancel();
			await joiner.wait();
			assert(joiner.cancelled);
			assert(!task.done);
			assertEquals(await task.join(), "value");
		});
	}
});

simTest(
	"T-BK-16 cancelling who joined with joinOrCancel() cancels the task, and waits for its end",
	async (backend) => {
		const log: string[] = [];
		await backend.taskGroup(async (group) => {
			const task = group.startSoon(async () => {
				try {
					await backend.sleepForever();
				} finally {
					await backend.shield(() => backend.sleep(20));
					log.push(`task ends at ${backend.now()}`);
				}
			});
			const joiner = group.startSoon(async () => {
				await assertRejects(() => task.joinOrCancel(), CancelledError);
				log.push(`joiner goes on at ${backend.now()}`);
			});
			await backend.sleep(10);
			joiner.cancel();
		});
		assertEquals(log, ["task ends at 30", "joiner goes on at 30"]);
	},
);

simTest("joinOrCancel() that runs out of time cancels the task, and gives its result otherwise", async (backend) => {
	await backend.taskGroup(async (group) => {
		const slow = group.startSoon(() => backend.sleepForever());
		await assertRejects(() => slow.joinOrCancel({ timeout: 10 }), TimeoutError);
		assert(slow.cancelled);
		const quick = group.startSoon(() => backend.sleep(5).then(() => "value"));
		assertEquals(await quick.joinOrCancel({ timeout: 10 }), "value");
	});
});

simTest("join() and wait() take a limit and a signal, and leave the task running", async (backend) => {
	await backend.taskGroup(async (group) => {
		const task = group.startSoon(() => backend.sleep(50));
		await assertRejects(() => task.join({ timeout: 10 }), TimeoutError);
		await assertRejects(() => task.wait({ timeout: 10 }), TimeoutError);
		const signal = AbortSignal.abort(boom);
		await assertRejects(() => task.join({ signal }), RangeError);
		assertEquals(backend.now(), 20);
		await task.join({ timeout: 100 });
		assertEquals(backend.now(), 50);
	});
});

simTest("T-BK-17 wait() on a done task does not wait, and never throws", async (backend) => {
	await assertRejects(
		() =>
			backend.taskGroup(async (group) => {
				const failed = group.startSoon(() => Promise.reject(boom));
				const cancelled = group.startSoon(() => backend.sleepForever());
				cancelled.cancel();
				await backend.shieldedCheckpoint();
				const log: string[] = [];
				const turn = backend.shieldedCheckpoint().then(() => log.push("a turn of the event loop"));
				// The group is cancelled by the failure: a wait would throw here.
				for (const task of [failed, cancelled]) {
					assert(task.done);
					await task.wait();
				}
				log.push("waited for both");
				await turn;
				assertEquals(log, ["waited for both", "a turn of the event loop"]);
			}),
		RangeError,
	);
});

simTest("a task can be joined by many, in the order of their calls", async (backend) => {
	const log: number[] = [];
	await backend.taskGroup((group) => {
		const task = group.startSoon(() => backend.sleep(10));
		for (let i = 0; i < 5; i++) group.startSoon(() => task.join().then(() => void log.push(i)));
	});
	assertEquals(log, [0, 1, 2, 3, 4]);
});
