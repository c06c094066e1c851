/** The runtimes that the benchmark compares, how each one runs a server file, and on which core. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";

interface PinnedRuntime {
	readonly command: string;
	readonly args: readonly string[];
}
interface RuntimesModule {
	readonly root: string;
	runtime(name: string): PinnedRuntime;
}
// Not a literal: the module is plain JavaScript, without types.
const specifier = "../../scripts/runtimes.mjs";
const { root, runtime } = (await import(specifier)) as RuntimesModule;

/** The name of a runtime. */
export type RuntimeName = "node" | "bun" | "deno";

/** Every runtime, in the order of the report. */
export const runtimeNames: readonly RuntimeName[] = ["node", "bun", "deno"];

/** The folder of the project. */
export const projectFolder: string = root;

const pinnedRuntimes: Record<RuntimeName, PinnedRuntime> = {
	node: runtime("node 26"),
	bun: runtime("bun"),
	deno: runtime("deno"),
};

// Bun has its collector at hand.
const collectorFlags: Record<RuntimeName, readonly string[]> = {
	node: ["--expose-gc"],
	bun: [],
	deno: ["--v8-flags=--expose-gc"],
};

/** The program of a runtime. */
export function binary(name: RuntimeName): string {
	return pinnedRuntimes[name].command;
}

/** Whether the runtime is installed. */
export function isInstalled(name: RuntimeName): boolean {
	return existsSync(binary(name));
}

/** What a runtime says about its version. */
export function version(name: RuntimeName): string {
	const text = execFileSync(binary(name), ["--version"], { encoding: "utf8" });
	return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? text.trim();
}

/** The command line that runs a server file on a runtime. */
export function serverCommand(name: RuntimeName, file: string, ...args: string[]): string[] {
	return [binary(name), ...pinnedRuntimes[name].args, ...collectorFlags[name], file, ...args];
}

/** The path of a program that the shell would find, or undefined. */
export function findProgram(name: string): string | undefined {
	const folders = (process.env["PATH"] ?? "").split(delimiter);
	return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

const taskset = availableParallelism() > 1 ? findProgram("taskset") : undefined;

/** Whether servers and load clients run on cores of their own. */
export const isPinned: boolean = taskset !== undefined;

/** Puts a command on one core, where the system can. */
export function pinned(core: 0 | 1, command: string[]): string[] {
	return taskset === undefined ? command : [taskset, "-c", String(core), ...command];
}
