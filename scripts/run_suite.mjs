/** Runs one test suite as a child process, watches over it, and reads its result. */

import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, existsSync, readFileSync } from "node:fs";
import { childEnvironment, root } from "./runtimes.mjs";
import { logPath } from "./test_runners.mjs";

/** A runner that prints nothing for this long hangs, in milliseconds. Longer than the limit of one test. */
const SILENCE_LIMIT = 120_000;

const groups = process.platform !== "win32";
const running = new Set();

/** What a runner's own child processes run: Node starts one a test file, so this names the file that hangs. */
function childCommands(runner) {
	if (!groups) return "";
	const { stdout } = spawnSync("ps", ["-eo", "pgid=,pid=,args="], { encoding: "utf8" });
	const lines = (stdout ?? "").split("\n").map((line) => line.trim().split(/\s+/));
	const children = lines.filter(([group, pid]) => group === String(runner.pid) && pid !== group);
	return children.map((words) => `  process ${words[1]}: ${words[2]} ... ${words.at(-1)}`).join("\n");
}

/** Ends a runner and what it started: it leads its own process group, so that no server of a test outlives it. */
function end(child, signal) {
	try {
		if (groups) process.kill(-child.pid, signal);
		else child.kill(signal);
	} catch (error) {
		if (error.code !== "ESRCH") throw error;
	}
}

for (const signal of ["SIGINT", "SIGTERM"]) {
	process.on(signal, () => {
		for (const child of running) end(child, "SIGKILL");
		process.exit(130);
	});
}

/**
 * Resolves to `{ output, code, hung }` when the runner has ended; `hung` lists its child processes if it had to be
 * ended. The output is also in the suite's log file.
 */
function execute(suite) {
	const log = createWriteStream(logPath(suite));
	const child = spawn(suite.command, suite.arguments(suite.files, logPath(suite)), {
		cwd: root,
		stdio: ["ignore", "pipe", "pipe"],
		detached: groups,
		env: childEnvironment({ NO_COLOR: "1", FORCE_COLOR: undefined, NODE_TEST_CONTEXT: undefined, ...suite.env }),
	});
	running.add(child);
	return new Promise((resolve, reject) => {
		let output = "";
		let hung;
		const watch = setTimeout(() => {
			hung = childCommands(child);
			end(child, "SIGKILL");
		}, SILENCE_LIMIT);
		const receive = (text) => {
			watch.refresh();
			output += text;
			log.write(text);
		};
		child.stdout.setEncoding("utf8").on("data", receive);
		child.stderr.setEncoding("utf8").on("data", receive);
		child.on("error", reject);
		child.on("close", (code) => {
			clearTimeout(watch);
			running.delete(child);
			end(child, "SIGKILL");
			log.end(() => resolve({ output, code: code ?? 1, hung }));
		});
	});
}

/** Runs a suite and prints its failures and its runner's own closing lines. Resolves to its totals. */
export async function runSuite(suite, { verbose }) {
	const started = process.hrtime.bigint();
	const { output, code, hung } = suite.files.length === 0 ? { output: "", code: 0 } : await execute(suite);
	const seconds = Number(process.hrtime.bigint() - started) / 1e9;

	const report = suite.report?.(logPath(suite));
	const source = report === undefined ? output : existsSync(report) ? readFileSync(report, "utf8") : "";
	const closing = [...source.matchAll(suite.closing)].map((match) => match[0]).join("\n");
	const { passed, failed, skipped } = suite.totals(closing);
	// A runner that crashed, hung or failed outside a test has no failed test to show for it.
	const failures = code === 0 && hung === undefined ? failed : Math.max(failed, 1);

	console.log(`\n=== ${suite.name}: ${suite.files.length} files`);
	const lines = output.split("\n");
	const summary = new Set(closing.split("\n"));
	if (verbose) console.log(output);
	else if (failures > 0) {
		console.log(lines.filter((line) => !suite.passing.test(line) && !summary.has(line)).join("\n"));
	}
	if (hung !== undefined) {
		console.log(`Ended after ${SILENCE_LIMIT / 1000} s without output. The last lines were:`);
		console.log(lines.slice(-12).join("\n"));
		if (hung !== "") console.log(`Its child processes were:\n${hung}`);
	}
	console.log(closing === "" ? `The runner printed no summary; its exit code is ${code}` : closing);
	return { name: suite.name, files: suite.files.length, passed, failed: failures, skipped, seconds };
}
