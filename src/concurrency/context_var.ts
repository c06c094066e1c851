import { currentContext } from "./context.ts";

/**
 * A variable with a value of its own in every task, after Python's `contextvars`. A task starts with the values of the
 * code that started it; what it sets stays in it and in the tasks it starts later. Each run of a datagram handler starts
 * with what `serviceInit` set.
 *
 * @example
 * ```ts
 * import { ContextVar, detectBackend } from "netquay";
 *
 * const user = new ContextVar<string>("user", "nobody");
 * const backend = await detectBackend();
 * await backend.taskGroup((group) => {
 * 	group.startSoon(() => user.set("ada"));
 * });
 * console.log(user.get()); // nobody
 * ```
 */
export class ContextVar<T> {
	/** The name, for error messages. */
	readonly name: string;
	readonly #default: { readonly value: T } | undefined;

	/**
	 * @param name Appears in errors.
	 * @param defaultValue What `get()` answers where nothing was set. Without it, `get()` throws there.
	 */
	constructor(name: string, ...defaultValue: [defaultValue?: T]) {
		this.name = name;
		this.#default = defaultValue.length === 0 ? undefined : { value: defaultValue[0] as T };
	}

	/**
	 * The value in the running task.
	 *
	 * @throws {ReferenceError} when nothing was set and there is no default.
	 */
	get(): T {
		const values = currentContext()?.task?.values;
		if (values?.has(this)) return values.get(this) as T;
		if (this.#default !== undefined) return this.#default.value;
		throw new ReferenceError(`Cannot get the context variable "${this.name}": it has no value here and no default`);
	}

	/**
	 * Sets the value for the rest of the running task.
	 *
	 * @throws {Error} when called outside of every task, where the value could not be kept apart from others'.
	 */
	set(value: T): void {
		const task = currentContext()?.task;
		if (task === undefined) {
			throw new Error(`Cannot set the context variable "${this.name}": no task is running`);
		}
		task.values = new Map(task.values).set(this, value);
	}
}
