// What is done a hundred thousand times inside of something that lives on must leave nothing behind in it. The heap
// shows it: an object of the smallest size for each round would be more than is allowed.

import { test } from "node:test";
import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import { AsyncExitStack } from "../../src/concurrency/exit_stack.ts";
import type { TaskGroup } from "../../src/concurrency/task_group.ts";
import { TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertLess } from "../support/assert.ts";
import { clockBackend, eventLoopTurns, simTest } from "../support/backend_test.ts";
import { leakPerRound, noHeap } from "../support/heap.ts";

const ROUNDS = 100_000;
/** Bytes for each round. The smallest object that could be left behind takes more. */
const ALLOWED = 8;

/** Counts the listeners of a signal. */
function countListeners(signal: AbortSignal): () => number {
	let count = 0;
	const add = signal.addEventListener.bind(signal);
	const remove = signal.removeEventListener.bind(signal);
	signal.addEventListener = (...args: Parameters<typeof add>) => {
		count++;
		add(...args);
	};
	signal.removeEventListener = (...args: Parameters<typeof remove>) => {
		count--;
		remove(...args);
	};
	return () => count;
}

function leakTest(
	name: string,
	prepare: (backend: AsyncBackend, group: TaskGroup) => () => PromiseLike<unknown> | unknown,
	rounds = 20_000,
): void {
	test(`${rounds} rounds leave nothing behind: ${name}`, { skip: noHeap }, async () => {
		const backend = clockBackend();
		// In a scope and a group that live on, with a signal that somebody listens to.
		await backend.timeout(600_000, async (scope) => {
			let aborted = false;
			scope.signal.addEventListener("abort", () => {
				aborted = true;
			});
			await backend.taskGroup(async (group) => {
				const body = prepare(backend, group);
				await eventLoopTurns(1);
				const before = backend.liveResources();
				const leak = await leakPerRound(rounds, body);
				assertEquals(backend.liveResources(), before);
				assertLess(leak, ALLOWED);
				group.scope.cancel();
			});
			assert(!aborted);
		});
		await eventLoopTurns(1);
		assertEquals(backend.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 });
	});
}

leakTest("timeouts around nothing", (backend) => () => backend.timeout(60_000, async () => {}), ROUNDS);

leakTest(
	"nested timeouts whose signal is used",
	(backend) => () => backend.timeout(60_000, () => backend.moveOnAfter(1_000, ({ signal }) => void signal.aborted)),
);

leakTest(
	"cancelled scopes",
	(backend) => () =>
		backend.moveOnAfter(60_000, (scope) => {
			scope.cancel();
			return backend.checkpoint();
		}),
);

leakTest(
	"waits with a timeout and a signal",
	(backend) => {
		const { signal } = new AbortController();
		const listeners = countListeners(signal);
		return async () => {
			const event = backend.createEvent();
			const waiting = event.wait({ timeout: 60_000, signal });
			assertEquals(listeners(), 1);
			event.set();
			await waiting;
			assertEquals(listeners(), 0);
		};
	},
	ROUNDS,
);

leakTest("waits that are interrupted, on what lives on", (backend, group) => {
	const event = backend.createEvent();
	const lock = backend.createLock();
	const queue = backend.createQueue<number>(1);
	const full = backend.createQueue<number>(0);
	const condition = backend.createCondition();
	const task = group.startSoon(() => backend.sleepForever());
	assert(lock.tryAcquire());
	return () =>
		backend.moveOnAfter(60_000, async (scope) => {
			await condition.lock.acquire();
			const waits = [event.wait(), lock.acquire(), queue.get(), full.put(1), condition.wait(), task.wait()];
			scope.cancel();
			await Promise.allSettled(waits);
			condition.lock.release();
		});
});

leakTest("items through a queue", (backend) => {
	const queue = backend.createQueue<number>(10);
	return async () => {
		await queue.put(1);
		await queue.put(2);
		assertEquals([await queue.get(), await queue.get()], [1, 2]);
	};
});

for (const waitsFirst of [true, false]) {
	leakTest(`work that goes on from scope to scope, ${waitsFirst ? "left" : "entered"} first`, (backend) => {
		let gate = backend.createEvent();
		let passed = (): void => {};
		const tick = async (): Promise<void> => {
			if (waitsFirst) await gate.wait();
			passed();
			void backend
				.timeout(60_000, async () => {
					if (!waitsFirst) await gate.wait();
					void tick().catch(() => {});
				})
				.catch(() => {});
		};
		// Cancelled at the end, with the group.
		void tick().catch(() => {});
		return () =>
			new Promise<void>((resolve) => {
				passed = resolve;
				const open = gate;
				gate = backend.createEvent();
				open.set();
			});
	});
}

leakTest("tasks of one group", (_, group) => () => group.startSoon(async () => {}).join());

leakTest(
	"task groups",
	(backend) => () =>
		backend.taskGroup((group) => {
			group.startSoon(() => backend.sleepForever()).cancel();
		}),
);

leakTest("scopes around a yield", (backend) => async () => {
	const numbers = backend.timeout(60_000, async function* () {
		yield 1;
		yield 2;
	});
	for await (const number of numbers) if (number === 2) break;
});

leakTest("a shield, a semaphore, a gather and an exit stack", (backend) => {
	const semaphore = backend.createSemaphore(1);
	return async () => {
		await backend.shield(() => semaphore.with(() => {}));
		await backend.gather([() => 1, Promise.resolve(2)]);
		const stack = new AsyncExitStack();
		stack.defer(() => {});
		await stack.disposeAsync();
	};
});

leakTest("work that outlives its scope", (backend) => async () => {
	const event = backend.createEvent();
	let stray: Promise<void> | undefined;
	await backend.timeout(60_000, async () => {
		stray = backend.timeout(60_000, () => event.wait());
	});
	event.set();
	await stray;
});

simTest(
	"100,000 timeouts armed at the same time and cancelled: one timer of the clock, and nothing left",
	async (backend) => {
		const scope = backend.openCancelScope();
		await backend.runScope(scope, () =>
			backend.gather(
				Array.from({ length: ROUNDS }, (_, i) => async () => {
					if (i === ROUNDS - 1) {
						const { waits, timers } = backend.liveResources();
						assertEquals([waits, timers], [ROUNDS - 1, ROUNDS - 1]);
						scope.cancel();
					}
					await backend.timeout(1_000 + (i % 997), () => backend.sleepForever());
				}),
			),
		);
		assert(scope.cancelledCaught);
		assertEquals(backend.liveResources(), { sockets: 0, tasks: 1, waits: 0, timers: 0 });
	},
);

simTest("10,000 waits that time out, on one event, with one signal", async (backend) => {
	const { signal } = new AbortController();
	const listeners = countListeners(signal);
	const event = backend.createEvent();
	const outcomes = await backend.gather(
		Array.from(
			{ length: 10_000 },
			(_, i) => () => event.wait({ timeout: 10 + (i % 50), signal }).catch((error) => error),
		),
	);
	assert(outcomes.every((outcome) => outcome instanceof TimeoutError));
	assertEquals(listeners(), 0);
	assertEquals(backend.now(), 59);
});
