import type { Lock } from "../../src/concurrency/lock.ts";
import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("notify wakes the longest waiting, notify(n) so many, notifyAll all", async (backend) => {
	const condition = backend.createCondition();
	const log: number[] = [];
	await backend.taskGroup(async (group) => {
		for (let i = 0; i < 6; i++) {
			group.startSoon(() =>
				condition.lock.with(async () => {
					await condition.wait();
					assert(condition.lock.locked);
					log.push(i);
				}),
			);
		}
		await backend.sleep(1);
		assertEquals(condition.waiting, 6);
		const seen: number[][] = [];
		for (const notify of [() => condition.notify(), () => condition.notify(2), () => condition.notifyAll()]) {
			await condition.lock.with(notify);
			await backend.sleep(1);
			seen.push([...log]);
		}
		assertEquals(seen, [[0], [0, 1, 2], [0, 1, 2, 3, 4, 5]]);
	});
	assert(!condition.lock.locked);
	assertEquals(condition.waiting, 0);
});

simTest("wait and notify need the lock", async (backend) => {
	const condition = backend.createCondition();
	await assertRejects(() => condition.wait(), Error, "Cannot wait for the condition: its lock is not held");
	assertThrows(() => condition.notify(), Error, "Cannot notify: the lock of the condition is not held");
	assertThrows(() => condition.notifyAll(), Error, "not held");
});

simTest("a condition on a lock that is given, and on what is not a lock", async (backend) => {
	const lock = backend.createLock();
	assertStrictEquals(backend.createCondition(lock).lock, lock);
	assertThrows(() => backend.createCondition({} as Lock), TypeError, "not a Lock");
	assertThrows(() => backend.createCondition(null as unknown as Lock), TypeError, "Cannot make a condition of null");
});

simTest("the lock is free while one waits, and held again however the wait ends", async (backend) => {
	const condition = backend.createCondition();
	const controller = new AbortController();
	const endings: [string, (options?: object) => Promise<unknown>][] = [
		["a limit", () => assertRejects(() => condition.wait({ timeout: 5 }), TimeoutError)],
		["a signal", () => assertRejects(() => condition.wait({ signal: controller.signal }), RangeError)],
		["a cancellation", () => backend.moveOnAfter(5, () => condition.wait())],
	];
	for (const [name, ending] of endings) {
		await backend.taskGroup(async (group) => {
			await condition.lock.acquire();
			group.startSoon(async () => {
				await backend.sleep(1);
				assert(!condition.lock.locked, name);
				if (name === "a signal") controller.abort(new RangeError());
			});
			await ending();
			assert(condition.lock.locked, name);
			assertEquals(condition.waiting, 0);
			condition.lock.release();
		});
	}
});

simTest("a cancelled waiter waits for the lock, shielded, before the cancellation goes on", async (backend) => {
	const condition = backend.createCondition();
	const log: string[] = [];
	await backend.taskGroup(async (group) => {
		const waiter = group.startSoon(() =>
			condition.lock.with(async () => {
				try {
					await condition.wait();
				} catch (error) {
					assert(error instanceof CancelledError);
					assert(condition.lock.locked);
					log.push(`cancelled at ${backend.now()}`);
					throw error;
				}
			}),
		);
		await backend.sleep(1);
		await condition.lock.with(async () => {
			waiter.cancel();
			await backend.sleep(20);
			assert(!waiter.done);
		});
	});
	assertEquals(log, ["cancelled at 21"]);
});

simTest("notified, then cancelled in the same turn: the notification counts", async (backend) => {
	const condition = backend.createCondition();
	const log: string[] = [];
	await backend.taskGroup(async (group) => {
		const waiter = group.startSoon(() =>
			condition.lock.with(async () => {
				await condition.wait();
				log.push("woke up");
			}),
		);
		await backend.checkpoint();
		await condition.lock.with(() => {
			condition.notify();
			waiter.cancel();
		});
	});
	assertEquals(log, ["woke up"]);
});

simTest("cancelled, then notified in the same turn: the notification goes to the next", async (backend) => {
	const condition = backend.createCondition();
	const log: string[] = [];
	await backend.taskGroup(async (group) => {
		const first = group.startSoon(() => condition.lock.with(() => condition.wait()));
		await backend.checkpoint();
		group.startSoon(() => condition.lock.with(() => condition.wait().then(() => void log.push("second woke up"))));
		await backend.checkpoint();
		await condition.lock.with(() => {
			first.cancel();
			condition.notify();
		});
	});
	assertEquals(log, ["second woke up"]);
});

simTest("in a cancelled scope, wait throws at once and keeps the lock", async (backend) => {
	const condition = backend.createCondition();
	await condition.lock.acquire();
	await backend.moveOnAfter(0, async () => {
		await condition.wait();
		fail();
	});
	assert(condition.lock.locked);
	assertEquals(condition.waiting, 0);
	condition.lock.release();
});
