import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("T-BK-08 a deadline set before entering is armed on entering", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 30 });
	assertEquals(scope.deadline, 30);
	assertEquals(backend.liveResources().timers, 0);
	await backend.sleep(10);
	await backend.runScope(scope, () => backend.sleepForever());
	assert(scope.cancelledCaught);
	assertEquals(backend.now(), 30);
});

simTest("a deadline that passed before entering cancels the first wait inside", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 5 });
	await backend.sleep(10);
	assert(scope.cancelCalled, "the deadline has passed, entered or not");
	await backend.runScope(scope, async () => {
		await backend.sleepForever();
		fail();
	});
	assert(scope.cancelledCaught);
	assertEquals(backend.now(), 10);
});

simTest("T-BK-09 a deadline moved twice and then removed never fires", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(scope, async () => {
		await backend.sleep(5);
		scope.deadline += 10;
		await backend.sleep(10);
		scope.reschedule(scope.deadline + 10);
		await backend.sleep(8);
		scope.deadline = Infinity;
		await backend.sleep(1_000);
	});
	assert(!scope.cancelCalled);
	assertEquals(backend.now(), 1_023);
});

simTest("T-BK-10 NaN and what is not a number are no deadline, no time and no duration", async (backend) => {
	assertThrows(() => backend.openCancelScope({ deadline: NaN }), TypeError, 'Cannot use NaN as "deadline"');
	assertThrows(() => backend.openCancelScope({ deadline: "1" as unknown as number }), TypeError, '"deadline"');
	const scope = backend.openCancelScope();
	assertThrows(() => scope.reschedule(NaN), TypeError, '"deadline"');
	assertEquals(scope.deadline, Infinity);
	await assertRejects(() => backend.sleepUntil(NaN), TypeError, 'Cannot use NaN as "time"');
	const nothing = (): void => fail();
	await assertRejects(async () => backend.timeout(NaN, nothing), TypeError, "NaN");
	await assertRejects(async () => backend.timeout(-1, nothing), RangeError, "-1");
	await assertRejects(async () => backend.timeoutAt(NaN, nothing), TypeError, "NaN");
	await assertRejects(async () => backend.moveOnAfter(NaN, nothing), TypeError, "NaN");
	await assertRejects(async () => backend.moveOnAt(NaN, nothing), TypeError, "NaN");
	await assertRejects(async () => backend.sleep(-1), RangeError, "-1");
	await assertRejects(async () => backend.sleep(NaN), TypeError, "NaN");
});

simTest("a deadline moved nearer and farther while something waits", async (backend) => {
	for (const [first, second, ends] of [
		[100, 40, 40],
		[100, 160, 160],
		[Infinity, 30, 30],
	] as const) {
		const start = backend.now();
		const scope = backend.openCancelScope({ deadline: start + first });
		await backend.taskGroup(async (group) => {
			group.startSoon(async () => {
				await backend.sleep(20);
				scope.deadline = start + second;
			});
			await backend.runScope(scope, () => backend.sleepForever());
		});
		assertEquals(backend.now() - start, ends);
		assert(scope.cancelledCaught);
	}
});

simTest("a deadline moved to the past cancels at once", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 1_000 });
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await backend.sleep(20);
			scope.deadline = -5;
		});
		await backend.runScope(scope, () => backend.sleepForever());
	});
	assertEquals(backend.now(), 20);
	assert(scope.cancelledCaught);
});

simTest("moving the deadline of a cancelled scope does not bring it back", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(scope, async () => {
		await assertRejects(() => backend.sleep(20), CancelledError);
		scope.deadline = 1_000;
		assertEquals(backend.liveResources().timers, 0);
		await backend.checkpoint();
		fail();
	});
	assert(scope.cancelledCaught);
	assertEquals(backend.now(), 10);
});

simTest("a scope cancelled before its deadline, entered or not, keeps no timer", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(scope, async () => {
		assertEquals(backend.liveResources().timers, 1);
		scope.cancel();
		assertEquals(backend.liveResources().timers, 0);
		await backend.shield(() => backend.sleep(20));
	});
	const early = backend.openCancelScope({ deadline: 1_000 });
	early.cancel();
	await backend.runScope(early, () => assertEquals(backend.liveResources().timers, 0));
});

simTest("moving the deadline of a scope that was left arms nothing", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(scope, () => {});
	scope.deadline = 5;
	assertEquals(backend.liveResources().timers, 0);
	await backend.sleep(20);
	assert(!scope.cancelCalled);
});

simTest("cancelCalled knows of a deadline that passed before its timer fired", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(scope, async () => {
		scope.deadline = backend.now();
		assert(scope.cancelCalled);
	});
});

simTest("nested limits: the shorter one fires, wherever it is", async (backend) => {
	const log: string[] = [];
	await backend.moveOnAfter(10, async () => {
		await backend.moveOnAfter(20, () => backend.sleepForever());
		fail();
	});
	log.push(`outer at ${backend.now()}`);
	await backend.moveOnAfter(50, async () => {
		await backend.moveOnAfter(20, () => backend.sleepForever());
		log.push(`inner at ${backend.now()}`);
		await backend.sleep(10);
		log.push(`then ${backend.now()}`);
	});
	assertEquals(log, ["outer at 10", "inner at 30", "then 40"]);
});

simTest("nested limits of the same time: the outer catches", async (backend) => {
	const error = await assertRejects(
		() =>
			backend.timeout(10, async () => {
				await backend.moveOnAfter(10, () => backend.sleepForever());
				fail();
			}),
		TimeoutError,
	);
	assertInstanceOf(error, TimeoutError);
	assertEquals(backend.now(), 10);
});

simTest("five nested limits, each outer one later: each catches its own", async (backend) => {
	const caught: number[] = [];
	const nest = async (level: number): Promise<void> => {
		const scope = backend.openCancelScope({ deadline: level * 10 });
		await backend.runScope(scope, async () => {
			if (level > 1) await nest(level - 1);
			await backend.sleepForever();
		});
		if (scope.cancelledCaught) caught.push(level, backend.now());
	};
	await nest(5);
	assertEquals(caught, [1, 10, 2, 20, 3, 30, 4, 40, 5, 50]);
});

simTest("a limit of more than 2^31 ms holds", async (backend) => {
	const year = 365 * 24 * 3_600_000;
	await backend.moveOnAfter(year, () => backend.sleepForever());
	assertEquals(backend.now(), year);
});
