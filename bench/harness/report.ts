/** The figures as text: a line on the terminal, and the page docs/benchmarks.md. */
import type { BenchCase } from "./bench_case.ts";
import { judge } from "./goals.ts";
import type { LoaderKind } from "./loader.ts";
import type { ServerFigures } from "./measure.ts";

/** One case, measured on one runtime. */
export interface Comparison {
	readonly bench: BenchCase;
	readonly raw: ServerFigures;
	readonly netquay: ServerFigures;
}

/** What was run, and how. */
export interface Run {
	readonly comparisons: readonly Comparison[];
	readonly versions: readonly string[];
	readonly loaders: readonly LoaderKind[];
	readonly isPinned: boolean;
	/** Pairs of measurements in each case. */
	readonly pairs: number;
	/** Milliseconds of each measurement. */
	readonly duration: number;
}

const loaderNames: Record<LoaderKind, string> = {
	cc: "C, built by the system's compiler",
	tinycc: "C, built by the TinyCC inside Bun",
	bun: "a Bun script; it may be the bottleneck itself",
};

const whole = (value: number | undefined): string => Math.round(value ?? Number.NaN).toLocaleString("en-US");
const fixed = (value: number | undefined, digits: number): string => (value ?? Number.NaN).toFixed(digits);
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

/** How the load reaches the servers, in a sentence. */
export function describeSetting(run: Pick<Run, "loaders" | "isPinned">): string {
	const cores = run.isPinned ? "Server and load client each have a core of their own." : "No core is reserved.";
	return `Load client: ${run.loaders.map((kind) => loaderNames[kind]).join("; ")}. ${cores}`;
}

/** One case on one line. */
export function summaryLine({ bench, raw, netquay }: Comparison): string {
	const verdict = judge(bench, netquay);
	const goal = verdict === undefined ? "" : ` goal ${verdict.goal}: ${verdict.isMet ? "met" : "MISSED"}`;
	const name = `${netquay.runtime.padEnd(4)} ${bench.transport} ${bench.name.padEnd(14)}`;
	if (bench.measures === "memory") {
		return `${name} ${whole(raw.bytesPerPeer)} -> ${whole(netquay.bytesPerPeer)} B per idle peer${goal}`;
	}
	const rate = `${whole(raw.messagesPerSecond)} -> ${whole(netquay.messagesPerSecond)} /s`;
	const cpu = `${fixed(raw.cpuPerMessage, 2)} -> ${fixed(netquay.cpuPerMessage, 2)} us`;
	const ratios = `${fixed(netquay.ratio, 3)} (p50 ${fixed(netquay.p50Ratio, 2)}, cpu ${fixed(netquay.cpuRatio, 2)})`;
	return `${name} ${rate}, ${cpu}, ratio ${ratios}${goal}${disturbance(netquay)}`;
}

function disturbance({ disturbed = 0, pairs }: ServerFigures): string {
	return disturbed === 0 ? "" : ` [${disturbed} of ${pairs} pairs disturbed by other programs]`;
}

function row(cells: readonly string[]): string {
	return `| ${cells.join(" | ")} |`;
}

function loadTable(comparisons: readonly Comparison[]): string[] {
	return [
		row([
			"case",
			"raw msg/s",
			"netquay msg/s",
			"ratio",
			"p50 ratio",
			"CPU us/msg",
			"p50 us",
			"p99 us",
			"peak MB",
			"goal",
		]),
		row(["---", ...Array<string>(8).fill("---:"), "---"]),
		...comparisons.map(({ bench, raw, netquay }) => {
			const verdict = judge(bench, netquay);
			return row([
				`${bench.transport} ${bench.name}`,
				whole(raw.messagesPerSecond),
				whole(netquay.messagesPerSecond),
				fixed(netquay.ratio, 2),
				fixed(netquay.p50Ratio, 2),
				`${fixed(raw.cpuPerMessage, 2)} / ${fixed(netquay.cpuPerMessage, 2)}`,
				`${whole(raw.p50)} / ${whole(netquay.p50)}`,
				`${whole(raw.p99)} / ${whole(netquay.p99)}`,
				`${megabytes(raw.peakMemory)} / ${megabytes(netquay.peakMemory)}`,
				verdict === undefined ? "" : `${verdict.goal}: ${verdict.isMet ? "met" : "**missed**"}`,
			]);
		}),
	];
}

function memoryTable(comparisons: readonly Comparison[]): string[] {
	return [
		row(["case", "idle peers", "raw B/peer", "netquay B/peer", "goal"]),
		row(["---", "---:", "---:", "---:", "---"]),
		...comparisons.map(({ bench, raw, netquay }) => {
			const verdict = judge(bench, netquay);
			return row([
				`${bench.transport} ${bench.name}`,
				whole(bench.load.clients),
				whole(raw.bytesPerPeer),
				whole(netquay.bytesPerPeer),
				verdict === undefined ? "" : `${verdict.goal}: ${verdict.isMet ? "met" : "**missed**"}`,
			]);
		}),
	];
}

function section(runtime: string, comparisons: readonly Comparison[]): string[] {
	const memory = comparisons.filter(({ bench }) => bench.measures === "memory");
	const load = comparisons.filter(({ bench }) => bench.measures !== "memory");
	return [
		`## ${runtime}`,
		"",
		...(load.length > 0 ? [...loadTable(load), ""] : []),
		...(memory.length > 0 ? [...memoryTable(memory), ""] : []),
	];
}

function goals(comparisons: readonly Comparison[]): string[] {
	const lines = comparisons.flatMap(({ bench, netquay }) => {
		const verdict = judge(bench, netquay);
		if (verdict === undefined) return [];
		const outcome = verdict.isMet ? "met" : "**missed**";
		return row([netquay.runtime, `${bench.transport} ${bench.name}`, verdict.goal, verdict.reached, outcome]);
	});
	return [row(["runtime", "case", "goal", "reached", ""]), row(["---", "---", "---", "---:", "---"]), ...lines];
}

function describeDisturbance(comparisons: readonly Comparison[]): string {
	const count = (name: "pairs" | "disturbed"): number =>
		comparisons.reduce((sum, { netquay }) => sum + (netquay[name] ?? 0), 0);
	const quiet = "the machine was otherwise idle";
	if (count("disturbed") === 0) return `In all pairs ${quiet}.`;
	return `In ${count("pairs") - count("disturbed")} of ${count("pairs")} pairs ${quiet}; the others count all the same.`;
}

/** The page docs/benchmarks.md. */
export function page(run: Run): string {
	const runtimes = [...new Set(run.comparisons.map(({ netquay }) => netquay.runtime))];
	return [
		"# Benchmarks: netquay beside the runtime's own socket",
		"",
		"Written by `node bench/run.ts`; do not edit. Echo servers on loopback, under load from a separate process, for",
		`${run.versions.join(", ")}. Each case starts a raw and a netquay server and loads them in turns, ${run.pairs} pairs of`,
		`${run.duration} ms; a ratio is the median over the pairs of netquay's figure divided by the raw one, all other figures`,
		`are medians (the peak of the memory excepted). ${describeSetting(run)}`,
		"",
		"**Absolute figures are noisy**: they differ from machine to machine and from hour to hour. Only the ratios of one run",
		"count. A case `NxW` has N clients that each keep W datagrams outstanding; ping-pong is one client with one. Unless its",
		"name says otherwise, a datagram has 64 bytes and the handler keeps its generator; `fresh` runs one generator for each",
		"datagram, `json` parses and serializes on both sides. `ratio` is that of messages per second (more is better), the",
		"p50 ratio that of the median round trip (less is better); CPU is the server's own, user and system. Every reply is",
		`compared with what was sent. Cells with two figures are raw / netquay. ${describeDisturbance(run.comparisons)}`,
		"",
		...runtimes.flatMap((name) =>
			section(
				name,
				run.comparisons.filter(({ netquay }) => netquay.runtime === name),
			),
		),
		"## Goals",
		"",
		...goals(run.comparisons),
		"",
		"## Run it",
		"",
		"```sh",
		"npm ci",
		"node bench/run.ts           # everything, about ten minutes, rewrites this page",
		"node bench/run.ts --quick   # within a minute, prints only",
		"node bench/run.ts --quick --json --runtime bun --case 64x8-kept --case idle-peer",
		"```",
		"",
		"It needs the Node of `package.json` or one that runs TypeScript, and on Linux a C compiler for the load client; without",
		"one, it says which slower load client it uses instead. Keep the machine idle meanwhile.",
		"",
	].join("\n");
}
