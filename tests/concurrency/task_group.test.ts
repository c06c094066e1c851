import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("T-BK-13 a group waits for all its tasks, and gives what its body returned", async (backend) => {
	const log: string[] = [];
	const result = await backend.taskGroup(async (group) => {
		for (const delay of [30, 10, 20]) {
			group.startSoon(async () => {
				await backend.sleep(delay);
				log.push(`task ${delay}`);
			});
		}
		log.push("body");
		return "result";
	});
	log.push("after");
	assertEquals(log, ["body", "task 10", "task 20", "task 30", "after"]);
	assertEquals(result, "result");
	assertEquals(backend.now(), 30);
});

simTest("a group without tasks, and with a body that does not wait", async (backend) => {
	assertEquals(await backend.taskGroup(() => 5), 5);
	assertEquals(await backend.taskGroup((group) => void group.startSoon(() => 1)), undefined);
});

simTest("T-BK-13 tasks have ids and names", async (backend) => {
	const main = backend.currentTask();
	assertEquals(main?.name, "main");
	await backend.taskGroup(async (group) => {
		assertStrictEquals(backend.currentTask(), main, "the body runs in the task that opened the group");
		const named = group.startSoon(async () => backend.currentTask(), { name: "worker" });
		const unnamed = await group.start(async () => backend.currentTask());
		assertStrictEquals(await named.join(), named);
		assertStrictEquals(await unnamed.join(), unnamed);
		assertEquals(named.name, "worker");
		assertEquals(unnamed.name, `Task-${unnamed.id}`);
		assert(unnamed.id > named.id);
	});
});

simTest("T-BK-13 a closed group takes no task, and does not call its function", async (backend) => {
	const group = await backend.taskGroup((group) => group);
	assertThrows(() => group.startSoon(() => fail()), Error, "Cannot start a task: the task group is closed");
	await assertRejects(() => group.start(() => fail()), Error, "the task group is closed");
	const failed = await assertRejects(() =>
		backend.taskGroup((group) => {
			throw Object.assign(new Error(), { group });
		}),
	);
	assertThrows(() => (failed as unknown as { group: typeof group }).group.startSoon(() => fail()), Error, "closed");
	assertEquals(backend.liveResources().tasks, 1);
});

simTest("a task begins when the running code waits, not before", async (backend) => {
	const log: string[] = [];
	await backend.taskGroup(async (group) => {
		group.startSoon(() => void log.push("task"));
		log.push("body");
		await backend.checkpoint();
		log.push("body again");
	});
	assertEquals(log, ["body", "task", "body again"]);
});

simTest("tasks that are started while the group waits for its end", async (backend) => {
	const log: number[] = [];
	await backend.taskGroup((group) => {
		const spawn = (left: number): void => {
			group.startSoon(async () => {
				await backend.sleep(10);
				log.push(left);
				if (left > 0) spawn(left - 1);
			});
		};
		spawn(3);
	});
	assertEquals(log, [3, 2, 1, 0]);
	assertEquals(backend.now(), 40);
});

simTest("leaving a group without tasks is no wait: it passes in a cancelled scope", async (backend) => {
	const scope = backend.openCancelScope();
	const result = await backend.runScope(scope, () =>
		backend.taskGroup(() => {
			scope.cancel();
			return "result";
		}),
	);
	assertEquals(result, "result");
});

simTest("a task started at the last moment is either refused or waited for", async (backend) => {
	let refused = 0;
	let waitedFor = 0;
	for (let ticks = 0; ticks < 20; ticks++) {
		let ended = false;
		let started = false;
		await backend.taskGroup((group) => {
			const last = group.startSoon(() => backend.sleep(1));
			const late = async (): Promise<void> => {
				await last.wait();
				for (let i = 0; i < ticks; i++) await Promise.resolve();
				try {
					group.startSoon(async () => {
						await backend.sleep(5);
						ended = true;
					});
					started = true;
				} catch {
					refused++;
				}
			};
			void late();
		});
		assertEquals(ended, started);
		if (ended) waitedFor++;
		await backend.sleep(1);
	}
	assert(refused > 0 && waitedFor > 0);
	assertEquals(refused + waitedFor, 20);
});

simTest("T-BK-14 start() gives a task that has begun", async (backend) => {
	let began = false;
	await backend.taskGroup(async (group) => {
		const task = await group.start(async () => {
			began = true;
			await backend.sleep(10);
			return "value";
		});
		assert(began);
		assert(!task.done);
		assertEquals(await task.join(), "value");
	});
});

simTest("T-BK-14 start() cancelled before the task began: its function is never called", async (backend) => {
	await backend.taskGroup(async (group) => {
		const scope = backend.openCancelScope();
		await backend.runScope(scope, async () => {
			const starting = group.start(() => fail());
			scope.cancel();
			await assertRejects(() => starting, CancelledError);
			await assertRejects(() => group.start(() => fail()), CancelledError, undefined);
		});
	});
	assertEquals(backend.liveResources().tasks, 1);
});

simTest("a task that fails at once: start() gives it, and the group fails", async (backend) => {
	const boom = new RangeError("boom");
	let started = false;
	const error = await assertRejects(() =>
		backend.taskGroup(async (group) => {
			const task = await group.start(() => {
				throw boom;
			});
			started = true;
			await task.wait();
			assert(task.done);
			assert(!task.cancelled);
		}),
	);
	assertStrictEquals(error, boom);
	assert(started);
});

simTest("a task started in a cancelled group runs up to its first wait", async (backend) => {
	const log: string[] = [];
	await backend.taskGroup(async (group) => {
		group.scope.cancel();
		group.startSoon(async () => {
			log.push("began");
			await backend.checkpoint();
			log.push("never");
		});
	});
	assertEquals(log, ["began"]);
});

simTest("tasks obey the scope around the group, not the one around the call that starts them", async (backend) => {
	const log: string[] = [];
	await backend.moveOnAfter(50, async () => {
		await backend.taskGroup(async (group) => {
			await backend.moveOnAfter(10, async () => {
				group.startSoon(async () => {
					await backend.sleep(30);
					log.push(`past the inner scope: ${backend.now()}`);
					await backend.sleep(1_000);
				});
				await backend.sleepForever();
			});
			assertEquals(backend.now(), 10);
		});
	});
	assertEquals(log, ["past the inner scope: 30"]);
	assertEquals(backend.now(), 50);
});

simTest("a limit around a group ends its body and its tasks", async (backend) => {
	let ended = 0;
	const wait = async (): Promise<void> => {
		try {
			await backend.sleepForever();
		} finally {
			ended++;
		}
	};
	await assertRejects(
		() =>
			backend.timeout(20, () =>
				backend.taskGroup(async (group) => {
					for (let i = 0; i < 3; i++) group.startSoon(wait);
					await wait();
				}),
			),
		TimeoutError,
	);
	assertEquals(ended, 4);
	assertEquals(backend.now(), 20);
});

simTest("a limit that passes while only the tasks of the group still run ends them, too", async (backend) => {
	await assertRejects(
		() => backend.timeout(20, () => backend.taskGroup((group) => void group.startSoon(() => backend.sleepForever()))),
		TimeoutError,
	);
	assertEquals(backend.now(), 20);
});

simTest("a task that ignores the cancellation is waited for", async (backend) => {
	const outer = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(outer, async () => {
		await backend.taskGroup((group) => {
			group.startSoon(() => backend.shield(() => backend.sleep(100)));
		});
	});
	assertEquals(backend.now(), 100);
	assert(outer.cancelledCaught);
});

simTest("cancelling the scope of the group ends the tasks and the body; nothing is thrown", async (backend) => {
	for (const where of ["body", "task", "waiting"]) {
		const log: string[] = [];
		const group = await backend.taskGroup(async (group) => {
			group.startSoon(async () => {
				if (where === "task") group.scope.cancel();
				await backend.sleepForever();
			});
			if (where === "waiting") group.startSoon(() => backend.sleep(10).then(() => group.scope.cancel()));
			if (where === "body") group.scope.cancel();
			if (where === "waiting") return group;
			try {
				await backend.sleepForever();
			} catch (error) {
				log.push(String(error instanceof CancelledError));
				throw error;
			}
		});
		assertStrictEquals(group instanceof Object, where === "waiting");
		assertEquals(log, where === "waiting" ? [] : ["true"]);
		if (group !== undefined) assert(group.scope.cancelledCaught);
	}
	await backend.checkpoint();
});

simTest("the deadline of the group's scope is a limit for all tasks", async (backend) => {
	await backend.taskGroup(async (group) => {
		group.scope.deadline = 30;
		for (let i = 0; i < 5; i++) group.startSoon(() => backend.sleepForever());
		await backend.sleepForever();
	});
	assertEquals(backend.now(), 30);
});

simTest(
	"nested groups: cancelling the outer one ends the inner ones, cancelling an inner one does not",
	async (backend) => {
		const ended: string[] = [];
		await backend.taskGroup(async (outer) => {
			for (const name of ["a", "b"]) {
				outer.startSoon(() =>
					backend.taskGroup(async (inner) => {
						inner.startSoon(() => backend.sleepForever().finally(() => void ended.push(`${name} at ${backend.now()}`)));
						if (name === "a") {
							await backend.sleep(10);
							inner.scope.cancel();
						}
					}),
				);
			}
			await backend.sleep(30);
			assertEquals(ended, ["a at 10"]);
			outer.scope.cancel();
		});
		assertEquals(ended, ["a at 10", "b at 30"]);
	},
);

simTest("10,000 tasks", async (backend) => {
	let ended = 0;
	await backend.taskGroup((group) => {
		for (let i = 0; i < 10_000; i++) {
			group.startSoon(async () => {
				await backend.sleep(i % 100);
				ended++;
			});
		}
	});
	assertEquals(ended, 10_000);
	assertEquals(backend.now(), 99);
});
