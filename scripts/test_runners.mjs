/** How each runtime's own test runner is called, and how its closing lines are read. */

import { join } from "node:path";
import { root, runtime } from "./runtimes.mjs";

/** One test may take this long, in milliseconds; on Node 20 and 22 also one file. */
const TEST_LIMIT = 90_000;

const count = (text, pattern) => [...text.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);

const nodeReport = (log) => `${log}.tap`;

function nodeSuite(name, { compiled = false } = {}) {
	const { command, args } = runtime(name);
	return {
		name,
		compiled,
		command,
		arguments: (files, log) => [
			...args,
			"--test",
			`--test-timeout=${TEST_LIMIT}`,
			"--test-reporter=spec",
			"--test-reporter-destination=stdout",
			"--test-reporter=tap",
			`--test-reporter-destination=${nodeReport(log)}`,
			...(compiled ? files.map((file) => `build/${file.replace(/\.ts$/, ".js")}`) : files),
		],
		/** The file that holds the closing lines, where it is not the output. */
		report: nodeReport,
		passing: /^\s*[✔﹣▶ℹ]/,
		closing: /^# (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) .*$/gm,
		totals: (lines) => ({
			passed: count(lines, /^# pass (\d+)/gm),
			failed: count(lines, /^# (?:fail|cancelled) (\d+)/gm),
			skipped: count(lines, /^# (?:skipped|todo) (\d+)/gm),
		}),
	};
}

function bunSuite(name, env) {
	return {
		name,
		env,
		command: runtime("bun").command,
		arguments: (files) => ["test", `--timeout=${TEST_LIMIT}`, ...files.map((file) => `./${file}`)],
		passing: /^\((pass|skip|todo)\)/,
		closing: /^ +\d+ (pass|skip|todo|fail|errors?)$|^Ran \d+ tests? across .*$/gm,
		totals: (lines) => ({
			passed: count(lines, /^ +(\d+) pass$/gm),
			failed: count(lines, /^ +(\d+) (?:fail|errors?)$/gm),
			skipped: count(lines, /^ +(\d+) (?:skip|todo)$/gm),
		}),
	};
}

function denoSuite(name, env) {
	return {
		name,
		env,
		command: runtime("deno").command,
		arguments: (files) => ["test", "-A", "--no-check", "--unstable-net", ...files],
		passing: /\.\.\. (ok|ignored)\b.*\(\S+\)$|^running \d+ tests? from /,
		closing: /^(ok|FAILED) \| .*$/gm,
		// Deno counts the tests inside a suite as "steps", and the suite as one more test that passes or fails with them.
		totals: (lines) => ({
			passed: count(lines, /(\d+) passed/g) + count(lines, /passed \((\d+) steps?\)/g),
			failed: count(lines, /(\d+) failed/g) + count(lines, /failed \((\d+) steps?\)/g),
			skipped: count(lines, /(\d+) ignored/g) + count(lines, /ignored \((\d+) steps?\)/g),
		}),
	};
}

const onNodeBackend = { NETQUAY_TEST_BACKEND: "node" };

/** Every suite that `npm test` runs: each runtime, and the Node backend on Bun and on Deno. */
export function suites() {
	return [
		nodeSuite("node 26"),
		nodeSuite("node 24"),
		nodeSuite("node 22", { compiled: true }),
		nodeSuite("node 20", { compiled: true }),
		bunSuite("bun"),
		denoSuite("deno"),
		bunSuite("bun, node backend", onNodeBackend),
		denoSuite("deno, node backend", onNodeBackend),
	];
}

/** Where a suite's full output is kept. */
export function logPath(suite) {
	return join(root, ".tmp", "test-logs", `${suite.name.replace(/\W+/g, "-")}.log`);
}
