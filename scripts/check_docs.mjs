/** Fails when something that a user can reach has no doc comment: `node scripts/check_docs.mjs`. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { root, runtime } from "./runtimes.mjs";

const entryPoints = Object.values(JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).exports);
const { stderr, status, error } = spawnSync(runtime("deno").command, ["doc", "--lint", ...entryPoints], {
	cwd: root,
	encoding: "utf8",
	env: { ...process.env, NO_COLOR: "1" },
});
if (error !== undefined) throw error;

/**
 * A class's own comment speaks for its constructor, and an override keeps the meaning of what it overrides: repeating
 * it would say nothing.
 */
const SELF_EXPLANATORY = /^\s*(?:constructor\s*\(|override\s|(?:static\s+)?(?:async\s+)?\[Symbol\.\w+\])/;

const problems = [];
for (const [, code, message, path, line] of stderr.matchAll(/error\[([\w-]+)\]: (.*)\n\s*--> (.*):(\d+):\d+/g)) {
	const source = readFileSync(path, "utf8").split("\n")[Number(line) - 1] ?? "";
	if (code === "missing-jsdoc" && SELF_EXPLANATORY.test(source)) continue;
	problems.push(`${relative(root, path).split(sep).join("/")}:${line}: ${message} (${source.trim()})`);
}
if (problems.length > 0) {
	console.error(`${problems.join("\n")}\n${problems.length} documentation problems`);
	process.exit(1);
}
if (status !== 0 && !stderr.includes("documentation lint error")) {
	console.error(stderr);
	process.exit(1);
}
console.log(`Every public name of ${entryPoints.length} entry points has its doc comment`);
