import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertThrows, fail } from "../support/assert.ts";
import { clockTest, simTest } from "../support/backend_test.ts";

simTest(
	"T-FL-01 the lock goes to its waiters in the order of their calls, by hand and with with()",
	async (backend) => {
		for (const scoped of [false, true]) {
			const lock = backend.createLock();
			const log: number[] = [];
			await lock.acquire();
			await backend.taskGroup(async (group) => {
				for (let i = 0; i < 10; i++) {
					group.startSoon(async () => {
						if (scoped) return lock.with(() => void log.push(i));
						await lock.acquire();
						log.push(i);
						lock.release();
					});
				}
				await backend.sleep(1);
				assertEquals(lock.waiting, 10);
				assertEquals(log, []);
				lock.release();
			});
			assertEquals(log, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
			assert(!lock.locked);
		}
	},
);

simTest("T-FL-01 who comes while others wait does not overtake them", async (backend) => {
	const lock = backend.createLock();
	const log: string[] = [];
	await lock.acquire();
	await backend.taskGroup(async (group) => {
		group.startSoon(() => lock.with(() => void log.push("waiter")));
		await backend.checkpoint();
		lock.release();
		assert(lock.locked, "it was handed over, not freed");
		assert(!lock.tryAcquire());
		await lock.with(() => void log.push("newcomer"));
	});
	assertEquals(log, ["waiter", "newcomer"]);
});

simTest(
	"T-FL-02 a free lock is taken without a turn of the event loop, but not in a cancelled scope",
	async (backend) => {
		const lock = backend.createLock();
		let turned = false;
		const turn = backend.shieldedCheckpoint().then(() => {
			turned = true;
		});
		for (let i = 0; i < 100; i++) {
			await lock.acquire();
			lock.release();
			await lock.with(() => {});
		}
		assert(!turned);
		await turn;
		await backend.moveOnAfter(0, async () => {
			await lock.acquire();
			fail();
		});
		assert(!lock.locked);
	},
);

simTest("T-FL-03 a cancelled waiter leaves the queue, and the later ones proceed", async (backend) => {
	const lock = backend.createLock();
	const log: number[] = [];
	await lock.acquire();
	await backend.taskGroup(async (group) => {
		const tasks = [0, 1, 2, 3].map((i) =>
			group.startSoon(() =>
				lock.with(() => {
					log.push(i);
				}),
			),
		);
		await backend.checkpoint();
		tasks[0]?.cancel();
		tasks[2]?.cancel();
		assertEquals(lock.waiting, 2);
		lock.release();
	});
	assertEquals(log, [1, 3]);
	assert(!lock.locked);
});

simTest(
	"T-FL-04 released, then the new holder is cancelled before it runs: it has the lock, and passes it on",
	async (backend) => {
		const lock = backend.createLock();
		const log: string[] = [];
		await lock.acquire();
		await backend.taskGroup(async (group) => {
			const first = group.startSoon(() =>
				lock.with(async () => {
					log.push("first holds it");
					await backend.checkpoint();
					fail();
				}),
			);
			group.startSoon(() => lock.with(() => void log.push("second holds it")));
			await backend.checkpoint();
			lock.release();
			first.cancel();
		});
		assertEquals(log, ["first holds it", "second holds it"]);
		assert(!lock.locked);
	},
);

simTest(
	"T-FL-04 cancelled, then released before the cancelled one runs: the lock goes to the next",
	async (backend) => {
		const lock = backend.createLock();
		const log: string[] = [];
		await lock.acquire();
		await backend.taskGroup(async (group) => {
			const first = group.startSoon(() => lock.with(() => fail()));
			group.startSoon(() => lock.with(() => void log.push("second holds it")));
			await backend.checkpoint();
			first.cancel();
			lock.release();
			await first.wait();
			assert(first.cancelled);
		});
		assertEquals(log, ["second holds it"]);
		assert(!lock.locked);
	},
);

simTest(
	"T-FL-04 whenever holders and waiters are cancelled, the lock is never lost and never held twice",
	async (backend) => {
		const lock = backend.createLock();
		let seed = 7;
		const random = (below: number): number => {
			seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
			return Math.floor((seed / 2 ** 31) * below);
		};
		let holders = 0;
		let ended = 0;
		await backend.taskGroup((group) => {
			for (let i = 0; i < 300; i++) {
				group.startSoon(async () => {
					await backend.sleep(random(20));
					await backend.moveOnAfter(random(15), () =>
						lock.with(async () => {
							assertEquals(++holders, 1);
							try {
								await backend.sleep(random(3));
							} finally {
								holders--;
							}
						}),
					);
					ended++;
				});
			}
		});
		assertEquals(ended, 300);
		assertEquals(holders, 0);
		assert(!lock.locked);
		assertEquals(lock.waiting, 0);
	},
);

simTest("T-FL-05 releasing a lock that is not held is an error", async (backend) => {
	const lock = backend.createLock();
	assertThrows(() => lock.release(), Error, "Cannot release the lock: it is not held");
	await lock.acquire();
	lock.release();
	assertThrows(() => lock.release(), Error, "it is not held");
});

simTest("acquire takes a limit and a signal; the lock is then not held", async (backend) => {
	const lock = backend.createLock();
	await lock.acquire();
	await assertRejects(() => lock.acquire({ timeout: 20 }), TimeoutError);
	assertEquals(backend.now(), 20);
	await assertRejects(() => lock.acquire({ timeout: 0 }), TimeoutError);
	const controller = new AbortController();
	const waiting = lock.acquire({ signal: controller.signal });
	controller.abort(new RangeError("enough"));
	await assertRejects(() => waiting, RangeError, "enough");
	await assertRejects(() => lock.acquire({ signal: controller.signal }), RangeError, "enough");
	await assertRejects(() => lock.acquire({ timeout: -1 }), RangeError, '"timeout"');
	assertEquals(lock.waiting, 0);
	lock.release();
	assert(!lock.locked);
});

simTest(
	"a limit that passes in the turn of the release: one of both wins, and the lock is not lost",
	async (backend) => {
		for (const releaseFirst of [true, false]) {
			const lock = backend.createLock();
			await lock.acquire();
			const start = backend.now();
			const releasing = async (): Promise<void> => {
				await backend.sleepUntil(start + 10);
				lock.release();
			};
			let result: unknown;
			await backend.taskGroup(async (group) => {
				if (releaseFirst) group.startSoon(releasing);
				await backend.checkpoint();
				const waiting = lock.acquire({ timeout: start + 10 - backend.now() }).then(
					() => "acquired",
					(error) => error,
				);
				if (!releaseFirst) group.startSoon(releasing);
				result = await waiting;
			});
			assertEquals(lock.locked, result === "acquired");
		}
	},
);

simTest("with() gives the result, and releases after an error and a cancellation", async (backend) => {
	const lock = backend.createLock();
	assertEquals(await lock.with(() => 5), 5);
	const boom = (): never => {
		throw new RangeError("boom");
	};
	await assertRejects(() => lock.with(boom), RangeError);
	assert(!lock.locked);
	await backend.moveOnAfter(10, () => lock.with(() => backend.sleepForever()));
	assert(!lock.locked);
	await assertRejects(
		() =>
			backend.timeout(0, () =>
				assertRejects(() => lock.with(boom), CancelledError).then((error) => Promise.reject(error)),
			),
		TimeoutError,
	);
	assert(!lock.locked);
});

clockTest("locks work outside of every task", async (backend) => {
	const lock = backend.createLock();
	const log: number[] = [];
	await Promise.all([1, 2, 3].map((i) => lock.with(() => backend.checkpoint().then(() => log.push(i)))));
	assertEquals(log, [1, 2, 3]);
});
