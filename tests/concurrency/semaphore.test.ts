import { TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertThrows, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("so many at a time, the others in the order of their calls", async (backend) => {
	const semaphore = backend.createSemaphore(3);
	const began: number[] = [];
	let now = 0;
	let most = 0;
	await backend.taskGroup((group) => {
		for (let i = 0; i < 10; i++) {
			group.startSoon(() =>
				semaphore.with(async () => {
					began.push(i);
					most = Math.max(most, ++now);
					await backend.sleep(10);
					now--;
				}),
			);
		}
	});
	assertEquals(most, 3);
	assertEquals(began, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
	assertEquals(backend.now(), 40);
	assertEquals(semaphore.value, 3);
});

simTest("tryAcquire takes what is free, and does not overtake", async (backend) => {
	const semaphore = backend.createSemaphore(1);
	assert(semaphore.tryAcquire());
	assert(!semaphore.tryAcquire());
	await backend.taskGroup(async (group) => {
		group.startSoon(() => semaphore.with(() => backend.sleep(5)));
		await backend.checkpoint();
		semaphore.release();
		assert(!semaphore.tryAcquire());
		await backend.sleep(10);
		assert(semaphore.tryAcquire());
		semaphore.release();
	});
});

simTest("a place is never lost to a cancellation", async (backend) => {
	const semaphore = backend.createSemaphore(0, 1);
	for (const releaseFirst of [true, false]) {
		await backend.taskGroup(async (group) => {
			const first = group.startSoon(() => semaphore.with(() => backend.checkpoint()));
			const second = group.startSoon(() => semaphore.with(() => "second"));
			await backend.checkpoint();
			if (releaseFirst) semaphore.release();
			first.cancel();
			if (!releaseFirst) semaphore.release();
			assertEquals(await second.join(), "second");
			assert(first.cancelled);
		});
		assertEquals(semaphore.value, 1);
		await semaphore.acquire();
	}
});

simTest("the maximum, and values that make no semaphore", async (backend) => {
	const bounded = backend.createSemaphore(1, 1);
	assertThrows(() => bounded.release(), RangeError, "Cannot release the semaphore: its maximum is 1");
	const free = backend.createSemaphore(0);
	free.release();
	free.release();
	assertEquals(free.value, 2);
	for (const value of [-1, 1.5, NaN, Infinity])
		assertThrows(() => backend.createSemaphore(value), RangeError, `${value}`);
	assertThrows(() => backend.createSemaphore(2, 1), RangeError, "its maximum is 1");
	assertThrows(() => backend.createSemaphore(1, NaN), RangeError, "NaN");
	assertThrows(() => backend.createSemaphore(1, 1.5), RangeError, "1.5");
});

simTest("acquire takes a limit and a signal, and obeys the scope", async (backend) => {
	const semaphore = backend.createSemaphore(0);
	await assertRejects(() => semaphore.acquire({ timeout: 10 }), TimeoutError);
	await assertRejects(() => semaphore.acquire({ signal: AbortSignal.abort(new RangeError("enough")) }), RangeError);
	await backend.moveOnAfter(5, () => semaphore.acquire());
	assertEquals(backend.now(), 15);
	semaphore.release();
	assertEquals(semaphore.value, 1, "nobody waits any more");
	await backend.moveOnAfter(0, async () => {
		await semaphore.acquire();
		fail();
	});
	assertEquals(semaphore.value, 1);
});

simTest("with() gives the result, and the place back after an error", async (backend) => {
	const semaphore = backend.createSemaphore(1);
	assertEquals(await semaphore.with(() => 5), 5);
	await assertRejects(() => semaphore.with(() => Promise.reject(new RangeError("boom"))), RangeError, "boom");
	assertEquals(semaphore.value, 1);
});
