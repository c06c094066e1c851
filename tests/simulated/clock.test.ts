import { test } from "node:test";
import { Simulation, SimulationDeadlockError, SimulationLimitError } from "../../backends/simulated/mod.ts";
import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";

test("an hour of sleep takes no real time", async () => {
	const started = performance.now();
	const shown = await new Simulation().run(async (backend) => {
		await backend.sleep(3_600_000);
		return backend.now();
	});
	assertEquals(shown, 3_600_000);
	assert(performance.now() - started < 5_000);
});

test("timers fire in the order of their times, and at those times", async () => {
	const log = await new Simulation().run(async (backend) => {
		const log: string[] = [];
		await backend.gather(
			[30, 10, 20, 10].map((delay, index) => async () => {
				await backend.sleep(delay);
				log.push(`${index} at ${backend.now()}`);
			}),
		);
		return log;
	});
	assertEquals(log, ["1 at 10", "3 at 10", "2 at 20", "0 at 30"]);
});

test("the clock stands still while code runs and at a checkpoint", async () => {
	await new Simulation().run(async (backend) => {
		for (let i = 0; i < 100; i++) {
			await backend.checkpoint();
			await Promise.resolve();
		}
		assertEquals(backend.now(), 0);
	});
});

test("deferred callbacks run behind what was scheduled for the same time", async () => {
	await new Simulation().run(async ({ driver }) => {
		const log: string[] = [];
		await new Promise<void>((resolve) => {
			driver.defer(() => {
				log.push("first");
				driver.defer(() => log.push("third"));
				driver.defer(resolve);
			});
			driver.defer(() => log.push("second"));
		});
		assertEquals(log, ["first", "second", "third"]);
	});
});

test("all promise jobs of one event settle before the next event", async () => {
	await new Simulation().run(async ({ driver }) => {
		const log: string[] = [];
		await new Promise<void>((resolve) => {
			const settle = async (): Promise<void> => {
				for (let i = 0; i < 50; i++) await undefined;
				log.push("jobs of the first");
			};
			driver.defer(() => void settle());
			driver.defer(() => {
				log.push("second");
				resolve();
			});
		});
		assertEquals(log, ["jobs of the first", "second"]);
	});
});

test("a timer that is started again fires once, and a stopped one never", async () => {
	await new Simulation().run(async (backend) => {
		const fired: number[] = [];
		const timer = backend.driver.createTimer(() => fired.push(backend.now()));
		const stopped = backend.driver.createTimer(() => fired.push(-1));
		timer.start(5);
		timer.start(50);
		stopped.start(1);
		stopped.stop();
		await backend.sleep(20);
		timer.start(7);
		await backend.sleep(100);
		assertEquals(fired, [27]);
	});
});

test("any order of starting, moving and stopping timers fires them by time and then by age", async () => {
	const simulation = new Simulation();
	await simulation.run(async (backend) => {
		let state = 12345;
		const next = (limit: number): number => {
			state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
			return state % limit;
		};
		const fired: [number, number][] = [];
		const expected = new Map<number, [at: number, order: number]>();
		const timers = Array.from({ length: 200 }, (_, index) =>
			backend.driver.createTimer(() => fired.push([backend.now(), index])),
		);
		for (let step = 0; step < 2_000; step++) {
			const index = next(timers.length);
			if (next(3) === 0) {
				timers[index]?.stop();
				expected.delete(index);
			} else {
				const delay = next(40);
				timers[index]?.start(delay);
				expected.set(index, [delay, step]);
			}
		}
		await backend.sleep(100);
		const order = [...expected].sort(([, a], [, b]) => a[0] - b[0] || a[1] - b[1]);
		assertEquals(
			fired,
			order.map(([index, [at]]) => [at, index]),
		);
	});
});

test("time limits and cancelled tasks work on virtual time", async () => {
	await new Simulation().run(async (backend) => {
		await assertRejects(() => backend.timeout(60_000, () => backend.sleepForever()), TimeoutError);
		assertEquals(backend.now(), 60_000);
		await backend.taskGroup(async (group) => {
			const task = group.startSoon(() => backend.sleep(1_000));
			await backend.sleep(10);
			task.cancel();
			await assertRejects(() => task.join(), CancelledError);
		});
		assertEquals(backend.now(), 60_010);
	});
});

test("run() gives what main returned, and throws what it threw", async () => {
	assertEquals(await new Simulation().run(() => 42), 42);
	await assertRejects(() => new Simulation().run(() => Promise.reject(new RangeError("late"))), RangeError, "late");
	await assertRejects(() => new Simulation().run(() => Promise.reject(new CancelledError())), CancelledError);
	const early = (): never => {
		throw new RangeError("early");
	};
	await assertRejects(() => new Simulation().run(early), RangeError, "early");
});

test("an error thrown by a callback of the driver ends the run", async () => {
	const run = new Simulation().run(async (backend) => {
		backend.driver.defer(() => {
			throw new RangeError("from a callback");
		});
		await backend.sleep(10);
	});
	await assertRejects(() => run, RangeError, "from a callback");
});

test("main runs as a task of its own backend, also when run() is called inside a task of another", async () => {
	const inner = new Simulation();
	await new Simulation().run(async (outer) => {
		const task = outer.currentTask();
		assertEquals(task?.name, "main");
		// The outer world needs events of its own while the inner one runs: to wait for it is to wait for nothing.
		let done = false;
		const running = inner
			.run(async (backend) => {
				const wait = backend.sleep(1_000);
				// The outer wait is the checkpoint below.
				assertEquals([backend.liveResources().waits, outer.liveResources().waits], [1, 1]);
				await wait;
				assertEquals(backend.now(), 1_000);
				assert(backend.currentTask() !== task);
			})
			.finally(() => {
				done = true;
			});
		while (!done) await outer.checkpoint();
		await running;
		assertEquals(outer.now(), 0);
		assertEquals(outer.currentTask(), task);
	});
});

test("a deadlock names what is waited for, the seed and the time", async () => {
	const run = new Simulation({ seed: 77n }).run(async (backend) => {
		await backend.sleep(12.5);
		const lock = backend.createLock();
		await lock.acquire();
		await backend.taskGroup((group) => {
			group.startSoon(() => lock.acquire());
			group.startSoon(() => lock.acquire());
			group.startSoon(() => backend.sleepForever());
		});
	});
	const error = await assertRejects(() => run, SimulationDeadlockError);
	assertEquals(
		error.message,
		"Cannot go on with the simulation: no event is left while the main function waits (seed 77, 12.5 ms); " +
			"waits for: a lock (2), ever (sleep); open sockets: none; tasks: 4",
	);
	assertEquals(error.seed, 77n);
	assertEquals(error.time, 12.5);
	assertEquals(error.waits, ["a lock", "a lock", "ever (sleep)"]);
	assertEquals(error.tasks, 4);
});

test("waiting for a foreign promise that nothing resolves is a deadlock, too", async () => {
	const run = new Simulation().run(() => new Promise(() => undefined));
	await assertRejects(() => run, SimulationDeadlockError, "only promises from outside of the simulation");
});

test("too many events and too much virtual time end the run", async () => {
	const spinning = new Simulation({ seed: 5, maxEvents: 100 }).run(async (backend) => {
		for (;;) await backend.checkpoint();
	});
	const error = await assertRejects(() => spinning, SimulationLimitError, '"maxEvents" is 100 (seed 5, 0 ms)');
	assertEquals(error.seed, 5);
	const slow = new Simulation({ maxVirtual: 1_000 }).run(async (backend) => {
		for (;;) await backend.sleep(400);
	});
	assertEquals((await assertRejects(() => slow, SimulationLimitError, '"maxVirtual" is 1000')).time, 800);
});

test("what main leaves behind is counted, and goes on in the next run", async () => {
	const simulation = new Simulation();
	const log: number[] = [];
	const backend = await simulation.run(async (backend) => {
		backend.openTaskGroup().startSoon(async () => {
			for (;;) {
				await backend.sleep(10);
				log.push(backend.now());
			}
		});
		await backend.sleep(25);
		return backend;
	});
	assertEquals(backend.liveResources(), { sockets: 0, tasks: 1, waits: 1, timers: 1 });
	assertEquals(log, [10, 20]);
	await simulation.run((again) => again.sleep(10));
	assertEquals(log, [10, 20, 30]);
});

test("a simulation runs once at a time", async () => {
	const simulation = new Simulation();
	const first = simulation.run((backend) => backend.sleep(10));
	await assertRejects(() => simulation.run(() => 1), Error, "Cannot run the simulation: it is running already");
	await first;
	assertEquals(await simulation.run(() => 2), 2);
});

test("at least 5000 events run in a second", async () => {
	const started = performance.now();
	await new Simulation().run(async (backend) => {
		for (let i = 0; i < 20_000; i++) await backend.sleep(1);
		assertEquals(backend.now(), 20_000);
	});
	const elapsed = performance.now() - started;
	assert(elapsed < 4_000, `20000 events took ${elapsed} ms`);
});
