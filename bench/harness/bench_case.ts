/** What a case file in bench/cases/ exports as `cases`: one comparison of a raw and a netquay server each. */
import type { Load } from "./loader.ts";
import type { RuntimeName } from "./runtimes.ts";

/** The two servers of a comparison. */
export type ServerKind = "raw" | "netquay";

/** One comparison. */
export interface BenchCase {
	readonly name: string;
	readonly transport: string;
	/** The server's file in bench/servers/, and its argument if it takes one. */
	server(kind: ServerKind, runtime: RuntimeName): readonly [file: string, variant?: string];
	/** What the load client is asked for; `run.ts` adds the times. */
	readonly load: Omit<Load, "duration" | "warmUp">;
	/**
	 * What the goal is about: `throughput` the ratio of the messages per second (at least), `latency` that of the
	 * medians of the round trip (at most), `memory` the heap bytes that an idle peer costs (at most).
	 */
	readonly measures: "throughput" | "latency" | "memory";
	readonly goals?: Readonly<Partial<Record<RuntimeName, number>>>;
}
