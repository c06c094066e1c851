/**
 * Runs a TypeScript file of the project under the pinned Node: `node scripts/run.mjs <file.ts> [arguments]`.
 * The file finds the commands of all pinned runtimes in the environment variable NETQUAY_RUNTIMES.
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ensureInstalled } from "./install.mjs";
import { childEnvironment, root, runtime } from "./runtimes.mjs";

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
	console.error("Usage: node scripts/run.mjs <file.ts> [arguments]");
	process.exit(2);
}
const path = resolve(root, file);
if (!existsSync(path)) {
	console.error(`Cannot run "${file}": there is no such file`);
	process.exit(2);
}

ensureInstalled();
const { command, args: flags } = runtime("node 26");
const child = spawn(command, [...flags, path, ...args], { stdio: "inherit", env: childEnvironment() });
// A signal for us is one for the child, which ends in its own time; we report how it ended.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => {
	if (signal !== null) console.error(`"${file}" ended by ${signal}`);
	process.exit(code ?? 1);
});
