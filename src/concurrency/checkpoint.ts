import { checkTime } from "./durations.ts";
import type { Scheduler } from "./scheduler.ts";
import { park, type WaitOptions } from "./waiter.ts";

/** @internal One turn of the event loop, in which others run and input is read. A cancellation point. */
export function checkpoint(scheduler: Scheduler, options: WaitOptions = {}): Promise<void> {
	return park<void>(scheduler, { ...options, waitsFor: "checkpoint" }, (waiter) =>
		scheduler.defer(() => waiter.resolve()),
	);
}

/** @internal One turn of the event loop that a pending cancellation does not end. */
export function shieldedCheckpoint(scheduler: Scheduler): Promise<void> {
	return new Promise((resolve) => scheduler.defer(resolve));
}

/** @internal Waits until the clock shows `time`; always at least one turn of the event loop. */
export async function sleepUntil(scheduler: Scheduler, time: number, options: WaitOptions = {}): Promise<void> {
	if (checkTime("time", time) <= scheduler.timers.now()) return await checkpoint(scheduler, options);
	await park<void>(scheduler, { ...options, waitsFor: time === Infinity ? "ever (sleep)" : "sleep" }, (waiter) => {
		const deadline = scheduler.timers.deadline(() => waiter.resolve());
		deadline.set(time);
		return () => deadline.clear();
	});
}
