import { check, checkEqual } from "./assertions.ts";
import type { CaseDefinition } from "./conformance_case.ts";

/** @internal The driver's clock and its timers. */
export const clockCases: readonly CaseDefinition[] = [
	{
		id: "clock.monotonic",
		title: "The time is a finite number and never goes back",
		needs: [],
		body: async ({ backend }) => {
			for (let i = 0, before = backend.now(); i < 100; i++) {
				const now = backend.now();
				check(Number.isFinite(now) && now >= before, `a time from ${before} on, got ${now}`);
				before = now;
				await backend.checkpoint();
			}
		},
	},
	{
		id: "clock.sleep",
		title: "A sleep takes as long as it says on the clock, or longer",
		needs: [],
		body: async ({ backend }) => {
			for (const delay of [0, 0.5, 1, 15]) {
				const start = backend.now();
				await backend.sleep(delay);
				const slept = backend.now() - start;
				check(slept >= delay, `a sleep of ${delay} ms to last that long, got ${slept}`);
			}
		},
	},
	{
		id: "clock.order",
		title: "What falls due earlier comes earlier, in whatever order it was set",
		needs: [],
		body: async ({ backend }) => {
			const woken: number[] = [];
			const delays = [30, 10, 20, 5];
			await backend.gather(delays.map((delay) => backend.sleep(delay).then(() => woken.push(delay))));
			checkEqual(woken, [5, 10, 20, 30], "the order");
		},
	},
	{
		id: "clock.reset",
		title: "Starting a timer again replaces what was set, later as well as earlier",
		needs: [],
		body: async ({ backend }) => {
			for (const [first, second] of [
				[5, 30],
				[1_000, 10],
			] as const) {
				const fired: number[] = [];
				const start = backend.now();
				const timer = backend.driver.createTimer(() => fired.push(backend.now() - start));
				timer.start(first);
				timer.start(second);
				await backend.sleep(60);
				timer.stop();
				checkEqual(fired.length, 1, `how often a timer fires that was set to ${first}, then to ${second} ms`);
				// The core takes care of a timer that is a little early.
				check((fired[0] as number) >= second - 2, `a timer set to ${second} ms not to fire after ${fired[0]}`);
			}
		},
	},
	{
		id: "clock.restart",
		title: "A timer can be started by its own callback, again and again",
		needs: [],
		body: async ({ backend }) => {
			await new Promise<void>((resolve) => {
				let count = 0;
				const timer = backend.driver.createTimer(() => {
					count++;
					if (count < 5) timer.start(1);
					else resolve();
				});
				timer.start(1);
			});
		},
	},
	{
		id: "clock.stop",
		title: "A stopped timer does not fire, and stopping again does nothing",
		needs: [],
		body: async ({ backend }) => {
			let fired = 0;
			const timer = backend.driver.createTimer(() => fired++);
			timer.stop();
			timer.start(5);
			timer.stop();
			timer.stop();
			await backend.sleep(25);
			checkEqual(fired, 0, "how often a stopped timer fires");
		},
	},
	{
		id: "clock.defer",
		title: "What is deferred runs behind the running code and its promise jobs, in order",
		needs: [],
		body: async ({ backend }) => {
			const log: string[] = [];
			await new Promise<void>((resolve) => {
				backend.driver.defer(() => log.push("first"));
				backend.driver.defer(() => log.push("second"));
				backend.driver.defer(resolve);
				log.push("code");
				void Promise.resolve()
					.then(() => Promise.resolve())
					.then(() => log.push("jobs"));
			});
			checkEqual(log, ["code", "jobs", "first", "second"], "the order");
		},
	},
];
