/** Installs the pinned development packages when something is missing, so that `npm test` works on a fresh clone. */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root, runtimes } from "./runtimes.mjs";

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** What is not installed as package-lock.json says: package names and the paths of missing runtimes. */
function missing() {
	const { devDependencies } = readJson(join(root, "package.json"));
	const lockPath = join(root, "package-lock.json");
	const locked = existsSync(lockPath) ? readJson(lockPath).packages : {};
	const wrong = Object.keys(devDependencies).filter((name) => {
		const manifest = join(root, "node_modules", name, "package.json");
		if (!existsSync(manifest)) return true;
		const expected = locked[`node_modules/${name}`]?.version;
		return expected !== undefined && readJson(manifest).version !== expected;
	});
	return [
		...wrong,
		...runtimes()
			.map(({ command }) => command)
			.filter((command) => !existsSync(command)),
	];
}

function npm(args) {
	// node_modules/.bin holds a `node`; npm must not run on a file that it is about to replace.
	const path = (process.env.PATH ?? "")
		.split(delimiter)
		.filter((folder) => !folder.startsWith(join(root, "node_modules")));
	const result = spawnSync("npm", args, {
		cwd: root,
		stdio: ["ignore", "inherit", "inherit"],
		shell: process.platform === "win32",
		env: { ...process.env, PATH: path.join(delimiter) },
	});
	if (result.error !== undefined) throw result.error;
	return result.status === 0;
}

/** Returns at once when everything is installed; otherwise runs `npm ci`. Throws when that does not help. */
export function ensureInstalled() {
	const lacking = missing();
	if (lacking.length === 0) return;
	console.log(`Not installed yet: ${lacking.join(", ")}`);
	const command = existsSync(join(root, "package-lock.json")) ? "ci" : "install";
	// The runtimes are put in place by the install scripts of their packages.
	const args = [command, "--ignore-scripts=false", "--include=dev", "--include=optional"];
	console.log(`Running npm ${args.join(" ")}`);
	if (!npm(args)) throw new Error(`Cannot install the development packages: npm ${command} failed`);
	const left = missing();
	if (left.length > 0) throw new Error(`Cannot install the development packages: still missing ${left.join(", ")}`);
}
