/**
 * Benchmarks netquay's servers beside the raw sockets of each runtime, in one run. Runs under Node 26:
 *
 *   node bench/run.ts [--quick] [--json] [--runtime node|bun|deno]... [--case NAME]... [--loader cc|tinycc|bun]
 *
 * The full run writes docs/benchmarks.md. Ends with code 1 when a case cannot be measured; a missed goal is no failure.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BenchCase } from "./harness/bench_case.ts";
import { type Loader, type LoaderKind, loaderKinds, prepareLoader } from "./harness/loader.ts";
import { measureCase, type Schedule } from "./harness/measure.ts";
import { type Comparison, describeSetting, page, summaryLine } from "./harness/report.ts";
import { isInstalled, isPinned, projectFolder, runtimeNames, version } from "./harness/runtimes.ts";

const quick: Schedule = { starts: 1, pairs: 2, duration: 200, warmUp: 40, preparation: 120, repeats: 1 };
const full: Schedule = { starts: 4, pairs: 4, duration: 400, warmUp: 50, preparation: 400, repeats: 4 };

const { values: options } = parseArgs({
	options: {
		quick: { type: "boolean", default: false },
		json: { type: "boolean", default: false },
		runtime: { type: "string", multiple: true },
		case: { type: "string", multiple: true },
		loader: { type: "string" },
	},
});

function chosen<T extends string>(
	option: string,
	wanted: readonly string[] | undefined,
	known: readonly T[],
): readonly T[] {
	for (const name of wanted ?? []) {
		if (known.some((other) => other === name)) continue;
		throw new Error(`Cannot take --${option} "${name}": it must be one of ${known.join(", ")}`);
	}
	return wanted === undefined ? known : known.filter((name) => wanted.includes(name));
}

async function loadCases(): Promise<BenchCase[]> {
	const folder = new URL("cases/", import.meta.url);
	const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
	const modules = files
		.sort()
		.map(async (name) => (await import(new URL(name, folder).href)) as { cases: BenchCase[] });
	return (await Promise.all(modules)).flatMap((module) => module.cases);
}

const say = (text: string): void => {
	if (!options.json) console.log(text);
};

const cases = await loadCases();
const caseNames = chosen("case", options.case, [...new Set(cases.map((bench) => bench.name))]);
const runtimes = chosen("runtime", options.runtime, runtimeNames).filter((name) => {
	if (!isInstalled(name)) console.error(`Skipped ${name}: it is not installed`);
	return isInstalled(name);
});
const [loaderKind] = options.loader === undefined ? [] : chosen<LoaderKind>("loader", [options.loader], loaderKinds);
const selected = cases.filter(({ name }) => caseNames.includes(name));
const loaders = new Map<string, Loader>();
for (const { transport } of selected) {
	if (!loaders.has(transport)) loaders.set(transport, await prepareLoader(transport, loaderKind));
}
const loaderKindsUsed = [...new Set([...loaders.values()].map(({ kind }) => kind))];
const schedule = options.quick ? quick : full;
say(describeSetting({ loaders: loaderKindsUsed, isPinned }));

const comparisons: Comparison[] = [];
let failures = 0;
for (const runtime of runtimes) {
	for (const bench of selected) {
		try {
			const loader = loaders.get(bench.transport);
			if (loader === undefined) throw new Error(`Cannot load a ${bench.transport} server`);
			const [raw, netquay] = await measureCase(bench, runtime, loader, schedule);
			const comparison = { bench, raw, netquay };
			comparisons.push(comparison);
			if (options.json) for (const figures of [raw, netquay]) console.log(JSON.stringify(figures));
			else say(summaryLine(comparison));
		} catch (error) {
			failures++;
			console.error(`${runtime} ${bench.transport} ${bench.name}: ${error instanceof Error ? error.message : error}`);
		}
	}
}

const isComplete = failures === 0 && options.runtime === undefined && options.case === undefined;
if (isComplete && !options.quick && runtimes.length === runtimeNames.length) {
	const versions = runtimes.map((name) => `${name} ${version(name)}`);
	const { starts, pairs, duration } = schedule;
	const text = page({ comparisons, versions, loaders: loaderKindsUsed, isPinned, pairs: starts * pairs, duration });
	writeFileSync(join(projectFolder, "docs", "benchmarks.md"), text);
	say("Wrote docs/benchmarks.md");
}
if (failures > 0) process.exitCode = 1;
