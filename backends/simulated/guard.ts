import { NonDeterminismError } from "./errors.ts";

/** What code under simulation must not call: the object, the function's name on it, its full name, what to use instead. */
const FORBIDDEN: readonly (readonly [object, string, string, string])[] = [
	[Date, "now", "Date.now", "backend.now()"],
	[performance, "now", "performance.now", "backend.now()"],
	[Math, "random", "Math.random", "simulation.random()"],
	[globalThis, "setTimeout", "setTimeout", "backend.sleep()"],
	[globalThis, "setInterval", "setInterval", "backend.sleep()"],
];

let running = 0;
let restore: (() => void)[] = [];

/**
 * Makes the runtime's own time and chance throw, for all code of the process, until the returned function is called.
 * Simulations that run at the same time share the guard; the last one to end lifts it.
 */
export function forbidNonDeterminism(): () => void {
	if (running++ === 0) restore = FORBIDDEN.map(([owner, key, name, instead]) => replace(owner, key, name, instead));
	return () => {
		if (--running === 0) for (const undo of restore) undo();
	};
}

function replace(owner: object, key: string, name: string, instead: string): () => void {
	// Without a property of its own (`performance.now` is on the prototype), what was put in its place is removed.
	const original = Object.getOwnPropertyDescriptor(owner, key);
	const value = (): never => {
		throw new NonDeterminismError(name, instead);
	};
	Object.defineProperty(owner, key, {
		value,
		configurable: true,
		writable: true,
		enumerable: original?.enumerable ?? true,
	});
	return () => {
		if (original === undefined) Reflect.deleteProperty(owner, key);
		else Object.defineProperty(owner, key, original);
	};
}
