/** The runtime that runs the tests, and child processes in it or in the others. */

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The name of the runtime under test. Bun and Deno define `process.versions.node` too. */
export const runtimeName: "node" | "bun" | "deno" =
	process.versions["deno"] !== undefined ? "deno" : process.versions["bun"] !== undefined ? "bun" : "node";

/** Its version, such as `"26.10.0"`. */
export const runtimeVersion: string = process.versions[runtimeName] ?? "";

/** Whether it runs TypeScript sources. Node 20 does not: there the tests are compiled. */
export const runsTypeScript: boolean =
	runtimeName !== "node" || Boolean((process.features as { typescript?: unknown }).typescript);

function findRoot(): string {
	let folder = dirname(fileURLToPath(import.meta.url));
	while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
	return folder;
}

/** The directory of the project. The compiled tests are in its build/, but their data is not: resolve paths from here. */
export const projectRoot: string = findRoot();

/** A runtime: `command`, with `args` and then a file, runs that file. */
export interface RuntimeCommand {
	/** A name to show, such as `"node 26"`. */
	readonly name: string;
	/** The path of the executable. */
	readonly command: string;
	/** What comes before the file. */
	readonly args: readonly string[];
	/** Whether it runs TypeScript sources. */
	readonly typescript: boolean;
}

/** The runtime under test. */
export const currentRuntime: RuntimeCommand = {
	name: runtimeName === "node" ? `node ${runtimeVersion.split(".")[0]}` : runtimeName,
	command: process.execPath,
	args: {
		node: runsTypeScript ? ["--disable-warning=ExperimentalWarning"] : [],
		bun: ["run"],
		deno: ["run", "-A", "--no-check", "--unstable-net"],
	}[runtimeName],
	typescript: runsTypeScript,
};

/** Every pinned runtime when the tests were started by `npm test`, otherwise only the one under test. */
export function runtimes(): readonly RuntimeCommand[] {
	const json = process.env["NETQUAY_RUNTIMES"];
	return json === undefined ? [currentRuntime] : (JSON.parse(json) as RuntimeCommand[]);
}

/** Options of {@linkcode spawnRuntime}. */
export interface SpawnRuntimeOptions extends SpawnOptions {
	/** The runtime to use. @default the one under test */
	readonly runtime?: RuntimeCommand;
}

/**
 * Starts a TypeScript file of the project, named from its directory (`"tests/fixtures/echo.ts"`), in a child process.
 * A runtime that does not run TypeScript gets the compiled file instead.
 *
 * @throws {Error} when the file does not exist.
 */
export function spawnRuntime(
	file: string,
	args: readonly string[] = [],
	options: SpawnRuntimeOptions = {},
): ChildProcess {
	const { runtime = currentRuntime, ...spawnOptions } = options;
	const path = join(projectRoot, ...(runtime.typescript ? [file] : ["build", file.replace(/\.ts$/, ".js")]));
	if (!existsSync(path)) throw new Error(`Cannot start "${path}": there is no such file`);
	return spawn(runtime.command, [...runtime.args, path, ...args], { cwd: projectRoot, ...spawnOptions });
}

/** How a child process ended. */
export interface RunResult {
	/** The exit code, `null` if a signal ended the process. */
	readonly code: number | null;
	/** The signal that ended it. */
	readonly signal: NodeJS.Signals | null;
	/** All that it printed. */
	readonly stdout: string;
	/** All that it printed as errors. */
	readonly stderr: string;
	/** Whether it was ended because its time was over. */
	readonly timedOut: boolean;
}

/** Options of {@linkcode runInRuntime}. */
export interface RunOptions extends SpawnRuntimeOptions {
	/** The process is killed after so many milliseconds. @default 30000 */
	readonly timeout?: number;
}

/** Like {@linkcode spawnRuntime}, and waits for the end of the process. */
export function runInRuntime(file: string, args: readonly string[] = [], options: RunOptions = {}): Promise<RunResult> {
	const { timeout = 30_000, ...rest } = options;
	const child = spawnRuntime(file, args, { ...rest, stdio: ["ignore", "pipe", "pipe"] });
	return new Promise((resolve, reject) => {
		let stdout = "";
		let stderr = "";
		let timedOut = false;
		const timer = setTimeout(() => {
			timedOut = true;
			child.kill("SIGKILL");
		}, timeout);
		child.stdout?.setEncoding("utf8").on("data", (text: string) => {
			stdout += text;
		});
		child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		child.on("error", (error) => {
			clearTimeout(timer);
			reject(error);
		});
		child.on("close", (code, signal) => {
			clearTimeout(timer);
			resolve({ code, signal, stdout, stderr, timedOut });
		});
	});
}
