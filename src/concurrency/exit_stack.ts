/** The error that a clean-up threw, and the one that was on its way before. As the global class, which Node 20 lacks. */
function suppressed(error: unknown, earlier: unknown): Error {
	const { SuppressedError } = globalThis as { SuppressedError?: new (error: unknown, suppressed: unknown) => Error };
	if (SuppressedError !== undefined) return new SuppressedError(error, earlier);
	return Object.assign(new Error("An error was suppressed during disposal"), {
		name: "SuppressedError",
		error,
		suppressed: earlier,
	});
}

/**
 * Clean-ups to run later, the last first: the semantics of the native `AsyncDisposableStack`, which Node 20 lacks.
 * A server gives one to `serviceInit`, and unwinds it when it stops.
 */
export class AsyncExitStack {
	#cleanups: (() => unknown)[] = [];
	#disposed = false;

	/** Whether it was unwound, or moved. */
	get disposed(): boolean {
		return this.#disposed;
	}

	/**
	 * Adds a resource that is disposed of by `Symbol.asyncDispose` or `Symbol.dispose`, and gives it back. `null` and
	 * `undefined` are passed through.
	 *
	 * @throws {TypeError} when it has neither method.
	 * @throws {ReferenceError} when the stack was unwound before, as in all methods here.
	 */
	use<T extends AsyncDisposable | Disposable | null | undefined>(resource: T): T {
		this.#check();
		if (resource === null || resource === undefined) return resource;
		const { [Symbol.asyncDispose]: disposeAsync } = resource as Partial<AsyncDisposable>;
		const dispose = disposeAsync ?? (resource as Partial<Disposable>)[Symbol.dispose];
		if (typeof dispose !== "function") throw new TypeError("Cannot use the resource: it is not disposable");
		// What a synchronous method returns is not awaited.
		this.#cleanups.push(disposeAsync ? () => dispose.call(resource) : () => void dispose.call(resource));
		return resource;
	}

	/**
	 * Adds a value with a function that disposes of it, and gives the value back.
	 *
	 * @throws {TypeError} when it is not a function.
	 */
	adopt<T>(value: T, onDispose: (value: T) => unknown): T {
		this.#check();
		checkFunction(onDispose);
		this.#cleanups.push(() => onDispose(value));
		return value;
	}

	/**
	 * Adds a function to call.
	 *
	 * @throws {TypeError} when it is not a function.
	 */
	defer(onDispose: () => unknown): void {
		this.#check();
		checkFunction(onDispose);
		this.#cleanups.push(onDispose);
	}

	/** Moves everything to a new stack, and leaves this one disposed. */
	move(): AsyncExitStack {
		this.#check();
		const moved = new AsyncExitStack();
		moved.#cleanups = this.#cleanups;
		this.#cleanups = [];
		this.#disposed = true;
		return moved;
	}

	/**
	 * Runs the clean-ups, the last added first, each to its end. All run, whatever the others throw. Only the first call
	 * does something.
	 *
	 * @throws what a clean-up threw; several are chained as `SuppressedError`s.
	 */
	async disposeAsync(): Promise<void> {
		this.#disposed = true;
		const cleanups = this.#cleanups;
		this.#cleanups = [];
		let failure: { error: unknown } | undefined;
		for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) {
			try {
				await cleanup();
			} catch (error) {
				failure = { error: failure === undefined ? error : suppressed(error, failure.error) };
			}
		}
		if (failure !== undefined) throw failure.error;
	}

	/** The same as {@linkcode AsyncExitStack.disposeAsync}. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.disposeAsync();
	}

	#check(): void {
		if (this.#disposed) throw new ReferenceError("Cannot add to the exit stack: it was unwound before");
	}
}

function checkFunction(value: unknown): void {
	if (typeof value !== "function") throw new TypeError(`Cannot call ${String(value)}: not a function`);
}
