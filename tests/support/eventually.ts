import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until `condition` answers truthily, and gives its answer. For what happens in the system, with no event to wait
 * for: it looks again every few milliseconds.
 *
 * @param timeout Milliseconds after which it fails.
 */
export async function eventually<T>(what: string, condition: () => T, timeout = 5_000): Promise<NonNullable<T>> {
	const end = performance.now() + timeout;
	for (;;) {
		const answer = condition();
		if (answer) return answer;
		if (performance.now() > end) throw new Error(`Never happened in ${timeout} ms: ${what}`);
		await sleep(2);
	}
}
