/**
 * Packs the package as npm would publish it, and checks the result: its files, its exports and types, and that every
 * runtime loads every entry point of it. `node scripts/check_package.mjs`
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, runtimes } from "./runtimes.mjs";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const windows = process.platform === "win32";
let failed = false;

function run(command, args, options = {}) {
	const result = spawnSync(command, args, { cwd: root, encoding: "utf8", ...options });
	if (result.error !== undefined) throw result.error;
	return { ok: result.status === 0, output: result.stdout + result.stderr, stdout: result.stdout };
}

function check(name, { ok, output }) {
	if (ok) return console.log(`  ${name}: ok`);
	failed = true;
	console.error(`  ${name}: FAILED\n${output}`);
}

const script = (path, ...args) => run(process.execPath, [join(root, "node_modules", ...path.split("/")), ...args]);

const folder = mkdtempSync(join(tmpdir(), "netquay-package-"));
try {
	// npm runs "prepack", which builds.
	const packed = run("npm", ["pack", "--json", "--pack-destination", folder], { shell: windows });
	check("npm pack", packed);
	if (failed) process.exit(1);
	const json = packed.stdout.slice(packed.stdout.search(/^[[{]/m));
	const parsed = JSON.parse(json);
	const [{ files, size }] = Array.isArray(parsed) ? parsed : Object.values(parsed);
	const names = files.map(({ path }) => path);

	const allowed =
		/^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE|dist\/(?:mod|src\/.*|backends\/.*)\.(?:js|d\.ts))$/;
	const foreign = names.filter((name) => !allowed.test(name));
	const targets = Object.values(manifest.exports).flatMap((entry) =>
		typeof entry === "string" ? [entry] : Object.values(entry),
	);
	const needed = ["README.md", "CHANGELOG.md", "LICENSE", ...targets.map((target) => target.slice(2))];
	const absent = [...new Set(needed)].filter((name) => !names.includes(name));
	check(`contents (${names.length} files, ${Math.ceil(size / 1024)} KB packed)`, {
		ok: foreign.length + absent.length === 0,
		output: `must not be in the package: ${foreign.join(", ") || "-"}\nmissing: ${absent.join(", ") || "-"}`,
	});

	const tarball = join(
		folder,
		readdirSync(folder).find((name) => name.endsWith(".tgz")),
	);
	check("publint", script("publint/src/cli.js", "run", tarball, "--strict"));
	check("attw", script("@arethetypeswrong/cli/dist/index.js", tarball, "--profile", "esm-only", "--no-emoji"));

	const installed = join(folder, "node_modules", manifest.name);
	mkdirSync(installed, { recursive: true });
	check("unpack", run("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]));
	const imports = Object.keys(manifest.exports)
		.filter((subpath) => subpath !== "./package.json")
		.map((subpath) => `await import("${manifest.name}${subpath.slice(1)}");`);
	writeFileSync(join(folder, "load.mjs"), `${imports.join("\n")}\nconsole.log("loaded");\n`);
	writeFileSync(join(folder, "package.json"), `{ "type": "module", "private": true }\n`);
	for (const { name, command, args } of runtimes()) {
		const { ok, output } = run(command, [...args, "load.mjs"], { cwd: folder });
		check(`every entry point loads on ${name}`, { ok: ok && output.includes("loaded"), output });
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
