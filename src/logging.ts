/** Where log records go: `console`, pino, LogTape and most others fit. */
export interface Logger {
	/** Details for whoever looks for a fault, such as why an iteration ended. */
	debug(message: string): void;
	/** What went as it should, such as the start and the stop of a server. */
	info(message: string): void;
	/** What went wrong without harm to others, such as a datagram that could not be sent. */
	warn(message: string): void;
	/** What went wrong in this program, such as an error that escaped a handler. */
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

/**
 * @internal What a server logs. Of warnings and errors, which strangers can cause in any number, at most ten alike a
 * second are written. A logger that throws changes nothing else.
 */
export class LimitedLog {
	readonly #logger: Logger;
	readonly #now: () => number;
	#counts = new Map<string, number>();
	#windowEnd = -Infinity;

	constructor(logger: Logger, now: () => number) {
		this.#logger = logger;
		this.#now = now;
	}

	/** Writes an information. */
	info(message: string): void {
		this.#write("info", () => message);
	}

	/** Writes a warning, unless ten of this kind were written this second. */
	warn(kind: string, message: () => string): void {
		if (this.#allow(kind)) this.#write("warn", message);
	}

	/** Writes an error, unless ten of this kind were written this second. */
	error(kind: string, message: () => string): void {
		if (this.#allow(kind)) this.#write("error", message);
	}

	/** Writes how many records were held back. Also happens with the first record of a later second. */
	flush(): void {
		const counts = this.#counts;
		this.#counts = new Map();
		for (const [kind, count] of counts) {
			if (count > PER_SECOND) this.#write("warn", () => `Suppressed ${count - PER_SECOND} more records: ${kind}`);
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

	#write(level: "info" | "warn" | "error", message: () => string): void {
		try {
			this.#logger[level](message());
		} catch {
			// There is nowhere left to report it.
		}
	}
}

/** How deep causes are shown: they may go in a circle. */
const MAX_DEPTH = 8;

/** @internal The text of anything thrown, with the stack and the causes, whatever it is. */
export function describeError(error: unknown, depth = 0): string {
	try {
		if (!(error instanceof Error)) return String(error);
		const text = String(error.stack ?? error);
		const inner = error instanceof AggregateError ? error.errors : error.cause === undefined ? [] : [error.cause];
		if (depth === MAX_DEPTH) return text;
		return [text, ...inner.map((cause) => `Caused by: ${describeError(cause, depth + 1)}`)].join("\n");
	} catch {
		return "(an error that cannot be shown)";
	}
}
