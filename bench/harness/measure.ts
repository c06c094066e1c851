/** Measures one case on one runtime: raw and netquay in turns, so that a busy moment of the machine meets both. */
import { join } from "node:path";
import type { BenchCase, ServerKind } from "./bench_case.ts";
import { BusyClock } from "./busy_clock.ts";
import type { Loader } from "./loader.ts";
import { projectFolder, type RuntimeName, serverCommand } from "./runtimes.ts";
import { ServerProcess } from "./server_process.ts";

/** How long to measure. Times are in milliseconds. */
export interface Schedule {
	/** How often the two servers are started anew: process starts differ more than rounds do. */
	readonly starts: number;
	/** Pairs of one raw and one netquay measurement per start. */
	readonly pairs: number;
	readonly duration: number;
	readonly warmUp: number;
	/** Load on each fresh server before its first measurement, so that its code is compiled. */
	readonly preparation: number;
	/** How many disturbed pairs of each start may be measured again. */
	readonly repeats: number;
}

/** The figures of one server in one case: medians over all rounds, but for the peak and the counts. */
export interface ServerFigures {
	readonly runtime: RuntimeName;
	readonly transport: string;
	readonly case: string;
	readonly server: ServerKind;
	readonly messagesPerSecond?: number;
	/** Of the round trip, in microseconds. */
	readonly p50?: number;
	/** Of the round trip, in microseconds. */
	readonly p99?: number;
	/** Processor time of the server, user and system, in microseconds. */
	readonly cpuPerMessage?: number;
	/** Of the resident memory, in bytes. */
	readonly peakMemory: number;
	/** Heap bytes after a garbage collection. */
	readonly bytesPerPeer?: number;
	readonly lost?: number;
	/** How many pairs the ratios come from. */
	readonly pairs?: number;
	/** How many of them other programs on the machine disturbed. */
	readonly disturbed?: number;
	/** Median of the ratios of the pairs, netquay to raw: messages per second. */
	readonly ratio?: number;
	/** The same of the median round trip. */
	readonly p50Ratio?: number;
	/** The same of the processor time per message. */
	readonly cpuRatio?: number;
}

interface Round {
	readonly messagesPerSecond: number;
	readonly p50: number;
	readonly p99: number;
	readonly cpuPerMessage: number;
	readonly peakMemory: number;
	readonly lost: number;
	/** Processor time that other programs used meanwhile, as a share of one core. */
	readonly others: number;
}

/** A pair counts as disturbed when others used more of one core than this. */
const QUIET = 0.15;

type Pair = readonly [raw: ServerFigures, netquay: ServerFigures];
type Rounds = Readonly<Record<ServerKind, Round>>;
type Servers = Record<ServerKind, ServerProcess>;

/** The median; of an even number of values, the mean of the middle two. */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted.length / 2;
	return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

async function startServer(bench: BenchCase, kind: ServerKind, runtime: RuntimeName): Promise<ServerProcess> {
	const [file, variant] = bench.server(kind, runtime);
	const path = join(projectFolder, "bench", "servers", file);
	return await ServerProcess.start(serverCommand(runtime, path, ...(variant === undefined ? [] : [variant])));
}

async function withServers<T>(
	bench: BenchCase,
	runtime: RuntimeName,
	use: (servers: Servers) => Promise<T>,
): Promise<T> {
	const raw = await startServer(bench, "raw", runtime);
	try {
		const netquay = await startServer(bench, "netquay", runtime);
		try {
			return await use({ raw, netquay });
		} finally {
			await netquay.stop();
		}
	} finally {
		await raw.stop();
	}
}

async function measureRound(
	server: ServerProcess,
	loader: Loader,
	bench: BenchCase,
	schedule: Schedule,
): Promise<Round> {
	const { duration, warmUp } = schedule;
	const before = await server.stats();
	const clock = new BusyClock();
	const seen = await loader.run(server.port, { ...bench.load, duration, warmUp });
	const busy = clock.read();
	const after = await server.stats();
	if (seen.wrong > 0) throw new Error(`Cannot count the replies: ${seen.wrong} were not what was sent`);
	const { messagesPerSecond, p50, p99, lost } = seen;
	const cpu = after.cpu - before.cpu;
	const cpuPerMessage = cpu / seen.messages;
	const others = (busy.cpu - cpu - seen.cpu) / busy.elapsed;
	return { messagesPerSecond, p50, p99, lost, cpuPerMessage, others, peakMemory: after.peakMemory };
}

async function measurePairs(servers: Servers, loader: Loader, bench: BenchCase, schedule: Schedule): Promise<Rounds[]> {
	const pairs: Rounds[] = [];
	for (let attempt = 0; pairs.length < schedule.pairs; attempt++) {
		const first = attempt % 2 === 0 ? "raw" : "netquay";
		const second = first === "raw" ? "netquay" : "raw";
		const one = await measureRound(servers[first], loader, bench, schedule);
		const two = await measureRound(servers[second], loader, bench, schedule);
		const pair = first === "raw" ? { raw: one, netquay: two } : { raw: two, netquay: one };
		const isSilent = !(one.messagesPerSecond > 0 && two.messagesPerSecond > 0);
		if (attempt - pairs.length < schedule.repeats && (isSilent || isDisturbed(pair))) continue;
		if (isSilent) throw new Error("Cannot measure the servers: one of them did not answer");
		pairs.push(pair);
	}
	return pairs;
}

function isDisturbed({ raw, netquay }: Rounds): boolean {
	return Math.max(raw.others, netquay.others) > QUIET;
}

async function measureLoad(bench: BenchCase, runtime: RuntimeName, loader: Loader, schedule: Schedule): Promise<Pair> {
	const pairs: Rounds[] = [];
	for (let start = 0; start < schedule.starts; start++) {
		await withServers(bench, runtime, async (servers) => {
			for (const kind of ["raw", "netquay"] as const) {
				await loader.run(servers[kind].port, { ...bench.load, duration: schedule.preparation, warmUp: 0 });
			}
			pairs.push(...(await measurePairs(servers, loader, bench, schedule)));
		});
	}
	const figures = (kind: ServerKind): ServerFigures => {
		const of = (name: keyof Round): number[] => pairs.map((pair) => pair[kind][name]);
		return {
			runtime,
			transport: bench.transport,
			case: bench.name,
			server: kind,
			messagesPerSecond: median(of("messagesPerSecond")),
			p50: median(of("p50")),
			p99: median(of("p99")),
			cpuPerMessage: median(of("cpuPerMessage")),
			peakMemory: Math.max(...of("peakMemory")),
			lost: of("lost").reduce((sum, lost) => sum + lost, 0),
		};
	};
	const ratio = (name: keyof Round): number => median(pairs.map(({ raw, netquay }) => netquay[name] / raw[name]));
	const ratios = { ratio: ratio("messagesPerSecond"), p50Ratio: ratio("p50"), cpuRatio: ratio("cpuPerMessage") };
	const disturbed = pairs.filter(isDisturbed).length;
	return [figures("raw"), { ...figures("netquay"), ...ratios, pairs: pairs.length, disturbed }];
}

async function measureMemory(bench: BenchCase, runtime: RuntimeName, loader: Loader): Promise<Pair> {
	const figures = async (kind: ServerKind, server: ServerProcess): Promise<ServerFigures> => {
		// Traffic of a few peers first: what the code costs once must not count as the peers'.
		await loader.run(server.port, { ...bench.load, clients: 8, duration: 300, warmUp: 0 });
		const before = await server.stats("collect");
		const seen = await loader.run(server.port, { ...bench.load, duration: 0, warmUp: 0 });
		const after = await server.stats("collect");
		const { clients } = bench.load;
		if (seen.messages < clients || seen.wrong > 0) {
			throw new Error(`Cannot count the peers: ${seen.messages} of ${clients} were answered, ${seen.wrong} wrongly`);
		}
		const bytesPerPeer = (after.heap - before.heap) / clients;
		const { transport, name } = bench;
		return { runtime, transport, case: name, server: kind, peakMemory: after.peakMemory, bytesPerPeer };
	};
	// The raw server keeps nothing of a peer: its figure shows the noise of the method.
	return await withServers(bench, runtime, async ({ raw, netquay }) => [
		await figures("raw", raw),
		await figures("netquay", netquay),
	]);
}

/** Measures one case on one runtime: the figures of the raw server, then those of netquay's. */
export async function measureCase(
	bench: BenchCase,
	runtime: RuntimeName,
	loader: Loader,
	schedule: Schedule,
): Promise<Pair> {
	if (bench.measures === "memory") return await measureMemory(bench, runtime, loader);
	return await measureLoad(bench, runtime, loader, schedule);
}
