/** Runs every check that is not a test, and names those that failed: `node scripts/check.mjs [step]...`. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureInstalled } from "./install.mjs";
import { root, runtime } from "./runtimes.mjs";

const script = (name) => [process.execPath, join(root, "scripts", name)];
const tool = (path, ...args) => [process.execPath, join(root, "node_modules", path), ...args];

const steps = {
	types: tool("typescript/bin/tsc", "-p", root),
	lint: tool("@biomejs/biome/bin/biome", "check", "--error-on-warnings", root),
	dependencies: script("check_dependencies.mjs"),
	manifests: script("check_manifests.mjs"),
	docs: script("check_docs.mjs"),
	examples: [runtime("node 26").command, join(root, "scripts", "check_doc_types.ts")],
	jsr: [runtime("deno").command, "publish", "--dry-run", "--allow-dirty"],
	package: script("check_package.mjs"),
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => steps[name] === undefined);
if (unknown.length > 0) {
	console.error(`Cannot run the step "${unknown[0]}": the steps are ${Object.keys(steps).join(", ")}`);
	process.exit(2);
}

ensureInstalled();
const failed = [];
for (const name of names.length > 0 ? names : Object.keys(steps)) {
	console.log(`\n--- check: ${name}`);
	const [command, ...args] = steps[name];
	const { status, error } = spawnSync(command, args, {
		cwd: root,
		stdio: "inherit",
		env: { ...process.env, NO_COLOR: "1" },
	});
	if (error !== undefined) console.error(error.message);
	if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? "\nAll checks passed" : `\nFailed checks: ${failed.join(", ")}`);
process.exit(failed.length === 0 ? 0 : 1);
