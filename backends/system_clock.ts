import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { Clock } from "../src/concurrency/clock.ts";

/** The longest delay that `setTimeout` takes; a longer one ends early, and the core then sets the rest. */
const MAX_DELAY = 2 ** 31 - 1;

/** The clock of Node, Bun and Deno. */
export const systemClock: Clock = {
	now: () => performance.now(),
	createTimer(callback) {
		let timer: ReturnType<typeof setTimeout> | undefined;
		return {
			start(delay) {
				clearTimeout(timer);
				timer = setTimeout(callback, Math.min(Math.ceil(delay), MAX_DELAY));
			},
			stop() {
				clearTimeout(timer);
				timer = undefined;
			},
		};
	},
	defer: (callback) => void setImmediate(callback),
};
