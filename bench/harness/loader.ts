/** The load clients: which one this machine can run, and one run of it. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { binary, findProgram, isInstalled, pinned, projectFolder } from "./runtimes.ts";

const run = promisify(execFile);

/** What a load client is asked to do. Times are in milliseconds, sizes in bytes. */
export interface Load {
	readonly clients: number;
	readonly window: number;
	readonly size: number;
	readonly payload: "bytes" | "json";
	/** 0: one message from each client, and no more. */
	readonly duration: number;
	readonly warmUp: number;
}

/** What a load client saw. The percentiles of the round trip are in microseconds. */
export interface LoadResult {
	readonly messagesPerSecond: number;
	readonly p50: number;
	readonly p99: number;
	/** Replies that did not come within 100 ms. */
	readonly lost: number;
	/** Lost ones that came after all. */
	readonly late: number;
	/** Replies with the wrong content, to the wrong socket, or for the second time. */
	readonly wrong: number;
	/** All replies, those of the warm-up included. */
	readonly messages: number;
	/** Processor time of the load client itself, in microseconds. */
	readonly cpu: number;
}

/** The kinds of load client, the cheapest first. */
export const loaderKinds = ["cc", "tinycc", "bun"] as const;
/** C built by the system's compiler; C built by Bun's TinyCC; a Bun script. */
export type LoaderKind = (typeof loaderKinds)[number];

/** A load client that is ready to run. */
export interface Loader {
	readonly kind: LoaderKind;
	run(port: number, load: Load): Promise<LoadResult>;
}

const folder = join(projectFolder, "bench", "load");

/** The load client of each transport, in C and as a Bun script: both take the same arguments and print the same. */
const programs: Readonly<Record<string, { readonly c: string; readonly bun: string }>> = {
	udp: { c: join(folder, "load.c"), bun: join(folder, "load_bun.ts") },
};

function loader(kind: LoaderKind, command: string[]): Loader {
	return {
		kind,
		async run(port, load): Promise<LoadResult> {
			const { clients, window, size, duration, warmUp, payload } = load;
			const args = [port, clients, window, size, duration, warmUp, payload].map(String);
			const [program = "", ...rest] = pinned(1, [...command, ...args]);
			// The client stops by itself; the time-out only guards against one that hangs.
			const { stdout } = await run(program, rest, { timeout: duration + warmUp + 30_000 });
			return JSON.parse(stdout) as LoadResult;
		},
	};
}

async function compile(source: string): Promise<string | undefined> {
	const compiler = findProgram("cc") ?? findProgram("gcc");
	if (compiler === undefined || process.platform !== "linux") return undefined;
	const cache = join(projectFolder, ".tmp", "bench");
	const hash = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16);
	const program = join(cache, `load-${hash}`);
	if (!existsSync(program)) {
		mkdirSync(cache, { recursive: true });
		await run(compiler, ["-O2", "-o", program, source]);
	}
	return program;
}

async function prepare(transport: string, kind: LoaderKind): Promise<Loader | undefined> {
	const program = programs[transport];
	if (program === undefined) return undefined;
	if (kind === "cc") {
		const compiled = await compile(program.c);
		return compiled === undefined ? undefined : loader(kind, [compiled]);
	}
	if (!isInstalled("bun")) return undefined;
	if (kind === "bun") return loader(kind, [binary("bun"), program.bun]);
	if (process.platform !== "linux") return undefined;
	const tinycc = [binary("bun"), join(folder, "load_tinycc.ts"), program.c];
	// TinyCC is not in every build of Bun: without a port, the script only compiles.
	return run(tinycc[0] ?? "", tinycc.slice(1)).then(
		() => loader(kind, tinycc),
		() => undefined,
	);
}

/**
 * The cheapest load client of a transport that works here, or the one that is asked for.
 * @throws {Error} when there is none.
 */
export async function prepareLoader(transport: string, wanted?: LoaderKind): Promise<Loader> {
	for (const kind of wanted === undefined ? loaderKinds : [wanted]) {
		const found = await prepare(transport, kind);
		if (found !== undefined) return found;
	}
	throw new Error(`Cannot load a ${transport} server: no load client (${wanted ?? "of any kind"}) works here`);
}
