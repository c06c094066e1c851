import { UnsupportedOperationError } from "../errors.ts";
import type { AsyncBackend } from "./async_backend.ts";

const backends = new Map<string, Promise<AsyncBackend>>();

/**
 * The backend of the running runtime: Deno, Bun or Node. One per process, so that all share one clock and one count of
 * live resources.
 *
 * @throws {UnsupportedOperationError} on any other runtime.
 * @example
 * ```ts
 * import { detectBackend } from "netquay";
 *
 * const backend = await detectBackend();
 * console.log(backend.name.length > 0);
 * ```
 */
export function detectBackend(): Promise<AsyncBackend> {
	const { Deno, Bun, process } = globalThis as {
		Deno?: unknown;
		Bun?: unknown;
		process?: { versions?: { node?: string } };
	};
	// All three define `process.versions.node`, so Node comes last.
	if (Deno !== undefined) return once("deno", async () => (await import("../../backends/deno/mod.ts")).denoBackend());
	if (Bun !== undefined) return once("bun", async () => (await import("../../backends/bun/mod.ts")).bunBackend());
	if (process?.versions?.node !== undefined) {
		return once("node", async () => (await import("../../backends/node/mod.ts")).nodeBackend());
	}
	const hint = "this runtime is not Node, Bun or Deno, so pass a backend of your own";
	return Promise.reject(new UnsupportedOperationError({ capability: "detectBackend", backend: "unknown", hint }));
}

function once(name: string, load: () => Promise<AsyncBackend>): Promise<AsyncBackend> {
	let backend = backends.get(name);
	if (backend === undefined) {
		backend = load();
		backends.set(name, backend);
	}
	return backend;
}
