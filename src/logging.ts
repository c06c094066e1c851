/** Where log records go: `console`, pino, LogTape and most others fit. */
export interface Logger {
	debug(message: string): void;
	info(message: string): void;
	warn(message: string): void;
	error(message: string): void;
}

/** The default: warnings and errors go to standard error, the rest nowhere. */
export const defaultLogger: Logger = {
	debug() {},
	info() {},
	warn: (message) => console.warn(message),
	error: (message) => console.error(message),
};

/**
 * @internal Checks the `logger` option.
 * @throws {TypeError} when it lacks a method.
 */
export function checkLogger(logger: Logger = defaultLogger): Logger {
	for (const level of ["debug", "info", "warn", "error"] as const) {
		if (typeof logger?.[level] !== "function") {
			throw new TypeError(`Cannot use ${String(logger)} as "logger": it has no method "${level}"`);
		}
	}
	return logger;
}

/** Alike records a second, and for how many kinds of records to count at most. */
const PER_SECOND = 10;
const KINDS = 1000;
const SECOND = 1000;

/** @internal Warnings and errors of which strangers can cause any number: at most ten alike a second are written. */
export class LimitedLog {
	readonly #logger: Logger;
	readonly #now: () => number;
	#counts = new Map<string, number>();
	#windowEnd = -Infinity;

	constructor(logger: Logger, now: () => number) {
		this.#logger = logger;
		this.#now = now;
	}

	/** Writes a warning, unless ten of this kind were written this second. */
	warn(kind: string, message: () => string): void {
		if (this.#allow(kind)) this.#logger.warn(message());
	}

	/** Writes an error, unless ten of this kind were written this second. */
	error(kind: string, message: () => string): void {
		if (this.#allow(kind)) this.#logger.error(message());
	}

	/** Writes how many records were held back. Also happens with the first record of a later second. */
	flush(): void {
		const counts = this.#counts;
		this.#counts = new Map();
		for (const [kind, count] of counts) {
			if (count > PER_SECOND) this.#logger.warn(`Suppressed ${count - PER_SECOND} more records: ${kind}`);
		}
	}

	#allow(kind: string): boolean {
		const now = this.#now();
		if (now >= this.#windowEnd) {
			this.flush();
			this.#windowEnd = now + SECOND;
		}
		const key = this.#counts.has(kind) || this.#counts.size < KINDS ? kind : "other";
		const count = (this.#counts.get(key) ?? 0) + 1;
		this.#counts.set(key, count);
		return count <= PER_SECOND;
	}
}

/** @internal The text of anything thrown, with the stack and the causes, whatever it is. */
export function describeError(error: unknown): string {
	try {
		if (!(error instanceof Error)) return String(error);
		const text = `${error.stack ?? error}`;
		const inner = error instanceof AggregateError ? error.errors : error.cause === undefined ? [] : [error.cause];
		return [text, ...inner.map((cause) => `Caused by: ${cause instanceof Error ? (cause.stack ?? cause) : String(cause)}`)].join("\n");
	} catch {
		return "(an error that cannot be shown)";
	}
}
