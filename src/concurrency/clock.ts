/** A timer that can be set again and again without allocating. */
export interface ClockTimer {
	/** Calls back once, `delay` milliseconds from now. Replaces what was set before. */
	start(delay: number): void;
	/** Forgets what was set. A stopped timer keeps nothing alive, neither memory nor the process. */
	stop(): void;
}

/** The time source that everything here runs on: a runtime's own, or a virtual one. */
export interface Clock {
	/** Monotonic time in milliseconds, from an arbitrary start. */
	now(): number;
	/** Makes a timer that calls `callback`. The core makes one per backend. */
	createTimer(callback: () => void): ClockTimer;
	/** Calls `callback` in a later turn of the event loop, after pending input was read (`setImmediate`). */
	defer(callback: () => void): void;
}
