/** How every benchmark server talks to bench/run.ts: its port on stdout, commands on stdin, one answer a line. */
import process from "node:process";

/** What a server knows about its own costs. Memory is in bytes, processor time in microseconds since the start. */
export interface ServerStats {
	readonly cpu: number;
	readonly peakMemory: number;
	readonly residentMemory: number;
	/** Heap and external memory after a full collection; without access to the collector, before one. */
	readonly heap: number;
}

const { Bun, gc } = globalThis as unknown as { Bun?: { gc(force: boolean): void }; gc?: () => void };

async function collectGarbage(): Promise<void> {
	for (let turn = 0; turn < 3; turn++) {
		if (Bun !== undefined) Bun.gc(true);
		else gc?.();
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

async function measure(collect: boolean): Promise<ServerStats> {
	const { user, system } = process.cpuUsage();
	const peakMemory = process.resourceUsage().maxRSS * 1024;
	if (collect) await collectGarbage();
	const memory = process.memoryUsage();
	// Bun counts external memory in heapUsed already.
	const heap = memory.heapUsed + (Bun === undefined ? memory.external : 0);
	return { cpu: user + system, peakMemory, residentMemory: memory.rss, heap };
}

/** The variant of the server that the command line asks for: the first argument, or "". */
export const variant: string = process.argv[2] ?? "";

/**
 * Prints `LISTENING <port>`, then answers the commands on stdin: `stats` and `collect` (stats after a garbage
 * collection) print one JSON line, `quit` or the end of the input ends the process.
 */
export function control(port: number, close: () => unknown): void {
	const quit = async (): Promise<void> => {
		await close();
		process.exit(0);
	};
	const obey = async (command: string): Promise<void> => {
		if (command === "quit") await quit();
		else if (command !== "") console.log(JSON.stringify(await measure(command === "collect")));
	};
	let unfinished = "";
	process.stdin.setEncoding("utf8");
	process.stdin.on("data", (text: string) => {
		const lines = (unfinished + text).split("\n");
		unfinished = lines.pop() ?? "";
		for (const line of lines) void obey(line);
	});
	process.stdin.on("end", quit);
	console.log(`LISTENING ${port}`);
}
