import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

/** Waits, and fails with the error when it is cancelled. */
const failingCleanUp = (backend: AsyncBackend, error: Error) => async (): Promise<void> => {
	try {
		await backend.sleepForever();
	} catch {
		throw error;
	}
};

const boom = new RangeError("boom");
const bang = new TypeError("bang");

simTest("T-BK-18 an error of the body alone arrives unwrapped; the tasks were cancelled", async (backend) => {
	let cancelled = 0;
	const error = await assertRejects(() =>
		backend.taskGroup(async (group) => {
			for (let i = 0; i < 3; i++) {
				group.startSoon(async () => {
					await assertRejects(() => backend.sleepForever(), CancelledError);
					cancelled++;
				});
			}
			await backend.sleep(10);
			throw boom;
		}),
	);
	assertStrictEquals(error, boom);
	assertEquals(cancelled, 3);
	assertEquals(backend.now(), 10);
});

simTest("a body that throws before its first wait", async (backend) => {
	const error = await assertRejects(() =>
		backend.taskGroup((group) => {
			group.startSoon(() => backend.sleepForever());
			throw boom;
		}),
	);
	assertStrictEquals(error, boom);
});

simTest("the error of a task alone arrives unwrapped; its siblings and the body were cancelled", async (backend) => {
	const cancelled: string[] = [];
	const wait = (name: string) => async (): Promise<void> => {
		await assertRejects(() => backend.sleepForever(), CancelledError);
		cancelled.push(name);
	};
	const error = await assertRejects(() =>
		backend.taskGroup(async (group) => {
			group.startSoon(wait("sibling"));
			group.startSoon(async () => {
				await backend.sleep(10);
				throw boom;
			});
			await wait("body")();
		}),
	);
	assertStrictEquals(error, boom);
	assertEquals(cancelled.sort(), ["body", "sibling"]);
	assertEquals(backend.now(), 10);
});

simTest("several failures become one AggregateError: the body's first, then the tasks' in order", async (backend) => {
	const error = await assertRejects(
		() =>
			backend.taskGroup(async (group) => {
				group.startSoon(failingCleanUp(backend, bang));
				group.startSoon(async () => {
					await backend.sleep(10);
					throw boom;
				});
				await failingCleanUp(backend, new SyntaxError("body"))();
			}),
		AggregateError,
		"3 failures in a task group",
	);
	assertInstanceOf(error.errors[0], SyntaxError);
	assertEquals(error.errors.slice(1), [boom, bang]);
});

simTest("the same error from a task and from the body that joined it is one failure", async (backend) => {
	const error = await assertRejects(() =>
		backend.taskGroup(async (group) => {
			const task = group.startSoon(async () => {
				await backend.sleep(10);
				throw boom;
			});
			await task.join();
		}),
	);
	assertStrictEquals(error, boom);
});

simTest("an error while a sibling's failure cancels: both are reported", async (backend) => {
	const error = await assertRejects(
		() =>
			backend.taskGroup((group) => {
				group.startSoon(async () => {
					try {
						await backend.sleepForever();
					} catch (cause) {
						throw new TypeError("clean-up failed", { cause });
					}
				});
				group.startSoon(() => {
					throw boom;
				});
			}),
		AggregateError,
	);
	assertStrictEquals(error.errors[0], boom);
	assertInstanceOf(error.errors[1], TypeError);
	assertInstanceOf(error.errors[1].cause, CancelledError);
});

simTest("T-BK-19 a cancelled body with cancelled tasks is one cancellation, not an aggregate", async (backend) => {
	const outer = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(outer, async () => {
		const error = await assertRejects(
			() =>
				backend.taskGroup(async (group) => {
					for (let i = 0; i < 3; i++) group.startSoon(() => backend.sleepForever());
					await backend.sleepForever();
				}),
			CancelledError,
		);
		throw error;
	});
	assert(outer.cancelledCaught);
});

simTest("T-BK-19 all tasks cancelled one by one: the group ends normally", async (backend) => {
	const result = await backend.taskGroup(async (group) => {
		const tasks = [1, 2, 3].map(() => group.startSoon(() => backend.sleepForever()));
		await backend.sleep(10);
		for (const task of tasks) assert(task.cancel());
		return "fine";
	});
	assertEquals(result, "fine");
});

simTest("a task whose gathered waits were all cancelled is cancelled, not failed", async (backend) => {
	await backend.taskGroup(async (group) => {
		const task = group.startSoon(() => backend.gather([() => backend.sleep(50), () => backend.sleepForever()]));
		await backend.sleep(10);
		task.cancel();
		await task.wait();
		assert(task.cancelled);
	});
	await backend.taskGroup(async (group) => {
		const task = group.startSoon(async () => {
			const outcomes = await Promise.allSettled([backend.sleep(50), backend.sleep(60)]);
			throw new AggregateError(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason));
		});
		await backend.sleep(10);
		task.cancel();
		await task.wait();
		assert(task.cancelled);
	});
	assertEquals(backend.now(), 20);
});

simTest("an outer cancellation and a failing task: the failure comes out", async (backend) => {
	const outer = backend.openCancelScope({ deadline: 10 });
	const error = await assertRejects(() =>
		backend.runScope(outer, () =>
			backend.taskGroup(async (group) => {
				group.startSoon(failingCleanUp(backend, boom));
				await backend.sleepForever();
			}),
		),
	);
	assertStrictEquals(error, boom);
	assert(!outer.cancelledCaught);
});

simTest("the TimeoutError of a task is an ordinary failure", async (backend) => {
	await assertRejects(
		() => backend.taskGroup((group) => void group.startSoon(() => backend.timeout(5, () => backend.sleepForever()))),
		TimeoutError,
	);
	assertEquals(backend.now(), 5);
});

simTest("nested groups: a failure of the inner group fails the outer one", async (backend) => {
	const error = await assertRejects(
		() =>
			backend.taskGroup((outer) => {
				outer.startSoon(() =>
					backend.taskGroup((inner) => {
						inner.startSoon(failingCleanUp(backend, bang));
						inner.startSoon(() => Promise.reject(boom));
					}),
				);
				outer.startSoon(() => backend.sleepForever());
			}),
		AggregateError,
		"2 failures",
	);
	assertEquals(error.errors, [boom, bang]);
});

simTest("a task that rejects with undefined fails, too", async (backend) => {
	let failed = false;
	await backend
		.taskGroup((group) => void group.startSoon(() => Promise.reject(undefined)))
		.catch((error) => {
			failed = true;
			assertStrictEquals(error, undefined);
		});
	assert(failed);
});

simTest("an error in the body swallowed by the body's own catch cancels nobody", async (backend) => {
	let ended = false;
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await backend.sleep(10);
			ended = true;
		});
		await assertRejects(() => backend.timeout(1, () => backend.sleepForever()), TimeoutError);
	});
	assert(ended);
});

simTest("the body goes on after the failure of a task until it waits", async (backend) => {
	const log: string[] = [];
	await assertRejects(() =>
		backend.taskGroup(async (group) => {
			group.startSoon(() => Promise.reject(boom));
			await backend.shieldedCheckpoint();
			log.push("after the failure");
			await backend.checkpoint();
			fail();
		}),
	);
	assertEquals(log, ["after the failure"]);
});
