/** Fails when package.json and deno.json disagree: `node scripts/check_manifests.mjs`. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./runtimes.mjs";

const CONDITIONS = ["types", "deno", "bun", "node", "default"];

const read = (name) => JSON.parse(readFileSync(join(root, name), "utf8"));
const npm = read("package.json");
const deno = read("deno.json");
const lock = read("package-lock.json");
const problems = [];

for (const field of ["version", "license"]) {
	if (npm[field] === deno[field]) continue;
	problems.push(`"${field}" differs: "${npm[field]}" in package.json, "${deno[field]}" in deno.json`);
}
if (lock.version !== npm.version) problems.push(`package-lock.json is of version "${lock.version}": run npm install`);
if (deno.name !== `@${npm.name}/${npm.name}`)
	problems.push(`"${deno.name}" in deno.json is not "@${npm.name}/${npm.name}"`);
if (Object.keys(npm.dependencies ?? {}).length > 0)
	problems.push('package.json has "dependencies": the library has none');

const subpaths = new Set([...Object.keys(npm.exports), ...Object.keys(deno.exports)]);
subpaths.delete("./package.json");
for (const subpath of subpaths) {
	const source = deno.exports[subpath];
	const conditions = npm.exports[subpath];
	if (source === undefined || conditions === undefined) {
		problems.push(`"${subpath}" is exported by ${source === undefined ? "package.json" : "deno.json"} only`);
		continue;
	}
	if (!existsSync(join(root, source)))
		problems.push(`deno.json exports "${subpath}" from ${source}, which does not exist`);
	if (Object.keys(conditions).join() !== CONDITIONS.join()) {
		problems.push(`The conditions of "${subpath}" in package.json are not ${CONDITIONS.join(", ")}, in this order`);
	}
	const compiled = source.replace(/^\.\//, "./dist/").replace(/\.ts$/, "");
	for (const [condition, target] of Object.entries(conditions)) {
		const expected = compiled + (condition === "types" ? ".d.ts" : ".js");
		if (target !== expected) problems.push(`"${subpath}" (${condition}) is ${target} in package.json, not ${expected}`);
	}
}

const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
if (!changelog.includes(`## [${npm.version}]`)) problems.push(`CHANGELOG.md has no section "## [${npm.version}]"`);

if (problems.length > 0) {
	console.error(problems.join("\n"));
	process.exit(1);
}
console.log(`package.json and deno.json agree: version ${npm.version}, ${subpaths.size} entry points`);
