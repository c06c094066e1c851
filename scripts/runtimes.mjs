/** The runtimes that the project pins in package.json: where each one is, and how it runs a TypeScript file. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The directory of the project. */
export const root = fileURLToPath(new URL("..", import.meta.url));

const exe = process.platform === "win32" ? ".exe" : "";
const packages = join(root, "node_modules");
const denoFlags = ["-A", "--no-check", "--unstable-net"];

/**
 * Every pinned runtime. `command` with `args` and then a file runs that file. Node 20 does not run TypeScript
 * (`typescript` is false): it runs what tsc compiled into build/.
 */
export function runtimes() {
	const node = (name, folder, typescript) => ({
		name,
		command: join(packages, folder, "bin", `node${exe}`),
		args: ["--disable-warning=ExperimentalWarning"],
		typescript,
	});
	return [
		node("node 26", "node", true),
		node("node 24", "node-24", true),
		node("node 22", "node-22", true),
		node("node 20", "node-20", false),
		// The package names its executable bun.exe on every platform.
		{ name: "bun", command: join(packages, "bun", "bin", "bun.exe"), args: ["run"], typescript: true },
		{ name: "deno", command: join(packages, "deno", `deno${exe}`), args: ["run", ...denoFlags], typescript: true },
	];
}

/** The pinned runtime of that name, such as `"node 26"`. */
export function runtime(name) {
	const found = runtimes().find((candidate) => candidate.name === name);
	if (found === undefined) throw new Error(`Cannot find the runtime "${name}"`);
	return found;
}

/** The environment of a child process: it finds the other runtimes in NETQUAY_RUNTIMES (JSON), as examples and tests expect. */
export function childEnvironment(extra = {}) {
	return { ...process.env, NETQUAY_RUNTIMES: JSON.stringify(runtimes()), ...extra };
}
