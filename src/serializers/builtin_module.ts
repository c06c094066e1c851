import { UnsupportedOperationError } from "../errors.ts";

/**
 * A module that the runtime carries, loaded at the first use: who does not use it does not pay for it at the start.
 *
 * @throws {UnsupportedOperationError} when the runtime lacks it.
 */
export function builtinModule<Module>(name: string): Module {
	const module = typeof process === "undefined" ? undefined : process.getBuiltinModule?.(name);
	if (module === undefined) {
		throw new UnsupportedOperationError({ capability: name, backend: "runtime", hint: "it has no such module" });
	}
	return module as Module;
}
