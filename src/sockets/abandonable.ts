import type { Scheduler } from "../concurrency/scheduler.ts";
import { park } from "../concurrency/waiter.ts";

/**
 * @internal Waits for something of the driver that cannot be cancelled itself, such as opening or resolving. A
 * cancellation point: when the scope is cancelled, this ends at once.
 *
 * @param waitsFor Names it, in the report of a deadlock.
 * @param discard What to do with a result that comes too late. Its failure is nobody's business any more.
 */
export function abandonable<T>(
	scheduler: Scheduler,
	waitsFor: string,
	start: () => Promise<T>,
	discard: (late: T) => Promise<void> | void,
): Promise<T> {
	return park<T>(scheduler, { waitsFor }, (waiter) => {
		start().then(
			(result) => {
				if (!waiter.resolve(result)) discard(result)?.catch(() => undefined);
			},
			(error) => waiter.reject(error),
		);
	});
}
