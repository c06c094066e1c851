import { test } from "node:test";
import fc from "fast-check";
import type { Clock } from "../../src/concurrency/clock.ts";
import { type Deadline, TimerQueue } from "../../src/concurrency/timer_queue.ts";
import { assert, assertEquals, assertThrows, fail } from "../support/assert.ts";

/** A clock by hand: it stands still until it is told to go on, and knows its one timer. */
class HandClock implements Clock {
	time = 0;
	timers = 0;
	starts = 0;
	/** When the timer is due. */
	due: number | undefined;
	#callback = (): void => {};

	now(): number {
		return this.time;
	}

	createTimer(callback: () => void): { start(delay: number): void; stop(): void } {
		this.timers++;
		this.#callback = callback;
		return {
			start: (delay) => {
				assert(delay >= 0 && delay <= 2 ** 31 - 1, `a runtime does not take a delay of ${delay}`);
				this.starts++;
				this.due = this.time + delay;
			},
			stop: () => {
				this.due = undefined;
			},
		};
	}

	defer(): void {
		fail();
	}

	/** Lets the timer call back, so much later than it is due, as when the event loop was blocked. */
	fire(late = 0): void {
		assert(this.due !== undefined);
		this.time = Math.max(this.time, this.due + late);
		this.due = undefined;
		this.#callback();
	}

	/** Goes on to `time`, with all that is due until then. */
	advance(time: number): void {
		while (this.due !== undefined && this.due <= time) this.fire();
		this.time = Math.max(this.time, time);
	}
}

test("deadlines fire at their times, those of one time in the order in which they were set", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	const log: string[] = [];
	for (const [i, at] of [30, 10, 20, 10, 10, 30].entries()) {
		queue.deadline(() => log.push(`${i} at ${clock.time}`)).set(at);
	}
	assertEquals([queue.size, queue.next], [6, 10]);
	clock.advance(100);
	assertEquals(log, ["1 at 10", "3 at 10", "4 at 10", "2 at 20", "0 at 30", "5 at 30"]);
	assertEquals([queue.size, queue.next], [0, Infinity]);
});

test("random operations: what fires, and when, is what a list would say", () => {
	const operation = fc.oneof(
		fc.record({ op: fc.constant("set" as const), which: fc.nat(39), delay: fc.integer({ min: -5, max: 90 }) }),
		fc.record({ op: fc.constant("clear" as const), which: fc.nat(39), delay: fc.constant(0) }),
		fc.record({ op: fc.constant("advance" as const), which: fc.constant(0), delay: fc.nat(10) }),
	);
	fc.assert(
		fc.property(fc.array(operation, { maxLength: 200, size: "max" }), (operations) => {
			const clock = new HandClock();
			const queue = new TimerQueue(clock);
			const fired: number[] = [];
			const deadlines: Deadline[] = Array.from({ length: 40 }, (_, i) => queue.deadline(() => fired.push(i)));
			let set: { which: number; at: number }[] = [];
			for (const { op, which, delay } of operations) {
				if (op === "set") {
					deadlines[which]?.set(clock.time + delay);
					set = [...set.filter((one) => one.which !== which), { which, at: clock.time + delay }];
				} else if (op === "clear") {
					deadlines[which]?.clear();
					set = set.filter((one) => one.which !== which);
				} else {
					const until = clock.time + delay;
					// The sort is stable: it keeps the order of setting among equals.
					const due = set.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
					set = set.filter(({ at }) => at > until);
					fired.length = 0;
					clock.advance(until);
					assertEquals(
						fired,
						due.map((one) => one.which),
					);
				}
				assertEquals(queue.size, set.length);
				assertEquals(queue.next, Math.min(Infinity, ...set.map(({ at }) => at)));
				for (const [i, deadline] of deadlines.entries()) {
					assertEquals(deadline.at, set.find((one) => one.which === i)?.at ?? Infinity);
				}
				assert(
					set.length === 0
						? clock.due === undefined
						: clock.due !== undefined && clock.due <= Math.max(queue.next, clock.time),
				);
			}
			assertEquals(clock.timers, 1);
		}),
		{ numRuns: 400 },
	);
});

test("one timer of the clock, started for an earlier deadline only, and stopped with the last one", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	const deadlines = [50, 60, 70, 40, 80].map((at) => {
		const deadline = queue.deadline(() => {});
		deadline.set(at);
		return deadline;
	});
	assertEquals([clock.timers, clock.starts, clock.due], [1, 2, 40]);
	for (const deadline of deadlines) deadline.clear();
	assertEquals([queue.size, queue.next, clock.due], [0, Infinity, undefined]);
});

test("a deadline can be set again by its own callback, and cleared by another's", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	const log: string[] = [];
	const victim = queue.deadline(() => log.push("never"));
	const ticker = queue.deadline(() => {
		log.push(`tick ${clock.time}`);
		victim.clear();
		if (clock.time < 30) ticker.set(clock.time + 10);
	});
	ticker.set(10);
	victim.set(10);
	clock.advance(100);
	assertEquals(log, ["tick 10", "tick 20", "tick 30"]);
	assertEquals([clock.due, clock.starts], [undefined, 3]);
});

test("a callback that sets itself to the past fires once a turn, not for ever", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	let fired = 0;
	const deadline = queue.deadline(() => {
		if (++fired < 5) deadline.set(clock.time - 1);
	});
	deadline.set(10);
	clock.time = 10;
	clock.fire();
	assertEquals([fired, clock.due], [1, 10]);
	clock.advance(10);
	assertEquals(fired, 5);
});

test("a callback that throws does not stop the others", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	const log: string[] = [];
	queue
		.deadline(() => {
			throw new RangeError("boom");
		})
		.set(10);
	queue.deadline(() => log.push("same time")).set(10);
	queue.deadline(() => log.push("later")).set(20);
	assertThrows(() => clock.fire(), RangeError);
	clock.advance(30);
	assertEquals(log, ["same time", "later"]);
});

test("delays longer than the runtimes' timers take, and timers that call back early", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	let fired = 0;
	const year = 365 * 24 * 3_600_000;
	queue.deadline(() => fired++).set(year);
	clock.fire();
	assert(clock.time < year);
	assertEquals(fired, 0);
	clock.advance(year);
	assertEquals([fired, clock.time], [1, year]);
	queue.deadline(() => fired++).set(year + 10);
	clock.fire(-0.4);
	assertEquals(fired, 1, "not due yet");
	clock.fire();
	assertEquals([fired, clock.time], [2, year + 10]);
});

test("late by more than 20 ms: pending input is read in three turns of 1 ms before anything fires", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	const log: string[] = [];
	const idle = queue.deadline(() => log.push("timed out, although the answer was there"));
	idle.set(10);
	queue.deadline(() => log.push(`timed out at ${clock.time}`)).set(10);
	clock.fire(500);
	assertEquals([log, clock.due], [[], 511]);
	clock.fire();
	// What is read in the second turn.
	idle.clear();
	clock.fire();
	assertEquals([log, clock.due], [[], 513]);
	clock.fire();
	assertEquals(log, ["timed out at 513"]);
	assertEquals([queue.size, clock.due], [0, undefined]);
});

test("late by less, everything fires at once", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	const log: number[] = [];
	queue.deadline(() => log.push(clock.time)).set(10);
	clock.fire(20);
	assertEquals([log, clock.due], [[30], undefined]);
});

test("late again and again: the turns are counted anew each time", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	let fired = 0;
	const deadline = queue.deadline(() => fired++);
	for (let round = 1; round <= 3; round++) {
		// Of a lateness that ended because everything was cleared, nothing is left either.
		deadline.set(clock.time + 10);
		clock.fire(100);
		deadline.clear();
		deadline.set(clock.time + 10);
		clock.fire(100);
		let turns = 0;
		for (; fired < round; turns++) clock.fire();
		assertEquals([turns, fired, clock.due], [3, round, undefined]);
	}
});

test("everything due cleared while late: what comes later fires at its time", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	const log: string[] = [];
	const first = queue.deadline(() => log.push("never"));
	first.set(10);
	queue.deadline(() => log.push(`at ${clock.time}`)).set(200);
	clock.fire(100);
	first.clear();
	clock.advance(300);
	assertEquals(log, ["at 200"]);
});

test("100,000 deadlines set and cleared: the heap is empty, and the timer was started a few times", () => {
	const clock = new HandClock();
	const queue = new TimerQueue(clock);
	const deadlines = Array.from({ length: 100_000 }, () => queue.deadline(() => {}));
	for (const [i, deadline] of deadlines.entries()) deadline.set(1_000 + ((i * 7_919) % 100_000));
	assertEquals(queue.size, 100_000);
	for (const deadline of deadlines) deadline.clear();
	assertEquals([queue.size, clock.due, clock.timers], [0, undefined, 1]);
	assert(clock.starts < 50, `started ${clock.starts} times`);
});
