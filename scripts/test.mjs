/**
 * Runs the tests on every pinned runtime:
 *
 *     npm test -- [--runtime <name>]... [--file <path>]... [--jobs <n>] [--verbose]
 *
 * `--runtime` takes a suite's name ("node 26", "deno", "bun, node backend"), with "-" for the blanks and commas too,
 * or "node" for all of Node. `--file` takes the end of a path below tests/. The exit code is 0 only if every suite
 * ran at least one test and no test failed.
 */

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { tsc } from "./compile.mjs";
import { ensureInstalled } from "./install.mjs";
import { runSuite } from "./run_suite.mjs";
import { root } from "./runtimes.mjs";
import { backendNeutralFiles, testFiles } from "./test_files.mjs";
import { suites } from "./test_runners.mjs";

function fail(message) {
	console.error(message);
	process.exit(2);
}

const { values } = parseArgs({
	options: {
		runtime: { type: "string", multiple: true, default: [] },
		file: { type: "string", multiple: true, default: [] },
		jobs: { type: "string", default: "2" },
		verbose: { type: "boolean", default: false },
	},
});

const key = (name) => name.replace(/\W+/g, "-");

function chosenSuites() {
	const all = suites();
	const chosen = values.runtime.map((wanted) => {
		const found = all.filter(
			({ name }) => key(name) === key(wanted) || (wanted === "node" && name.startsWith("node ")),
		);
		if (found.length === 0) {
			fail(`Cannot run on "${wanted}": the names are ${all.map(({ name }) => `"${key(name)}"`).join(", ")}, "node"`);
		}
		return found;
	});
	return chosen.length === 0 ? all : [...new Set(chosen.flat())];
}

function chosenFiles(files) {
	if (values.file.length === 0) return files;
	return files.filter((file) => values.file.some((wanted) => file.endsWith(wanted.replace(/^\.\//, ""))));
}

ensureInstalled();
const jobs = Number(values.jobs);
if (!Number.isInteger(jobs) || jobs < 1) fail(`Cannot use --jobs "${values.jobs}": it is not a positive integer`);

const queue = chosenSuites().map((suite) => {
	const files = suite.env?.NETQUAY_TEST_BACKEND === undefined ? testFiles() : backendNeutralFiles();
	return { ...suite, files: chosenFiles(files) };
});
if (values.file.length > 0) {
	const unknown = values.file.filter(
		(wanted) => !testFiles().some((file) => file.endsWith(wanted.replace(/^\.\//, ""))),
	);
	if (unknown.length > 0) fail(`Cannot find a test file that ends in "${unknown.join('", "')}"`);
	// A narrowed run leaves out the suites that do not contain the file at all.
	for (let i = queue.length - 1; i >= 0; i--) if (queue[i].files.length === 0) queue.splice(i, 1);
}

if (queue.some(({ compiled }) => compiled)) {
	rmSync(join(root, "build"), { recursive: true, force: true });
	if (tsc("tsconfig.tests.json") !== 0)
		fail("Cannot compile the tests for the Node versions that do not run TypeScript");
}
rmSync(join(root, ".tmp", "test-logs"), { recursive: true, force: true });
mkdirSync(join(root, ".tmp", "test-logs"), { recursive: true });

const results = [];
const pending = [...queue];
async function worker() {
	for (let suite = pending.shift(); suite !== undefined; suite = pending.shift()) {
		results.push(await runSuite(suite, { verbose: values.verbose }));
	}
}
await Promise.all(Array.from({ length: jobs }, worker));

results.sort((a, b) => queue.findIndex(({ name }) => name === a.name) - queue.findIndex(({ name }) => name === b.name));
const width = Math.max(...results.map(({ name }) => name.length), "runtime".length);
const row = (cells) =>
	cells.map((cell, i) => (i === 0 ? String(cell).padEnd(width) : String(cell).padStart(8))).join(" ");
console.log(`\n${row(["runtime", "files", "passed", "failed", "skipped", "seconds"])}`);
for (const { name, files, passed, failed, skipped, seconds } of results) {
	console.log(row([name, files, passed, failed, skipped, seconds.toFixed(1)]));
}
const total = (field) => results.reduce((sum, result) => sum + result[field], 0);
// All of one file may be skipped with a reason; all of a whole suite may not.
const empty = results.filter(
	({ passed, failed, skipped }) => passed + failed + (values.file.length > 0 ? skipped : 0) === 0,
);
for (const { name } of empty) console.log(`No test ran on ${name}`);
// Deno says nothing of a test file that throws while it loads: its other tests are not there. Otherwise it counts more than
// Bun does, as it counts suites and nested tests too.
const ran = (name) => results.filter((result) => result.name === name).map((r) => r.passed + r.failed + r.skipped)[0];
const lost = [
	["deno", "bun"],
	["deno, node backend", "bun, node backend"],
].filter(([deno, bun]) => ran(deno) < ran(bun));
for (const [deno, bun] of lost) console.log(`Fewer tests ran on ${deno} (${ran(deno)}) than on ${bun} (${ran(bun)})`);
const good = results.length > 0 && empty.length === 0 && lost.length === 0 && total("failed") === 0;
console.log(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
process.exit(good ? 0 : 1);
