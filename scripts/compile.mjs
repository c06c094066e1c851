import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./runtimes.mjs";

/** Runs the TypeScript compiler on a configuration of the project; returns its exit code. */
export function tsc(config) {
	const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
	const result = spawnSync(process.execPath, [compiler, "-p", join(root, config)], { cwd: root, stdio: "inherit" });
	return result.status ?? 1;
}
