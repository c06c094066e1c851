/** The UDP echo server beside each runtime's raw socket. */
import type { BenchCase } from "../harness/bench_case.ts";

type Handler = "kept" | "fresh" | "json";

function udp(name: string, handler: Handler, rest: Pick<BenchCase, "load" | "measures" | "goals">): BenchCase {
	return {
		name,
		transport: "udp",
		server: (kind, runtime) => {
			if (kind === "netquay") return [`netquay_${handler}.ts`];
			return handler === "json" ? [`raw_${runtime}.ts`, "json"] : [`raw_${runtime}.ts`];
		},
		...rest,
	};
}

const latencyGoals = { node: 1.1, bun: 1.1, deno: 1.1 };
const idleGoals = { node: 2048, bun: 2048, deno: 2048 };
const bytes = "bytes";

/** Every UDP case. */
export const cases: readonly BenchCase[] = [
	udp("ping-pong-64", "kept", {
		load: { clients: 1, window: 1, size: 64, payload: bytes },
		measures: "latency",
		goals: latencyGoals,
	}),
	udp("ping-pong-1200", "kept", {
		load: { clients: 1, window: 1, size: 1200, payload: bytes },
		measures: "latency",
		goals: latencyGoals,
	}),
	udp("1x64-64", "kept", { load: { clients: 1, window: 64, size: 64, payload: bytes }, measures: "throughput" }),
	udp("1x64-1200", "kept", { load: { clients: 1, window: 64, size: 1200, payload: bytes }, measures: "throughput" }),
	udp("64x8-kept", "kept", {
		load: { clients: 64, window: 8, size: 64, payload: bytes },
		measures: "throughput",
		goals: { node: 0.95, bun: 1.15, deno: 1.8 },
	}),
	udp("64x8-fresh", "fresh", {
		load: { clients: 64, window: 8, size: 64, payload: bytes },
		measures: "throughput",
		goals: { node: 0.85, bun: 1, deno: 1.5 },
	}),
	udp("64x8-json", "json", {
		load: { clients: 64, window: 8, size: 64, payload: "json" },
		measures: "throughput",
		goals: { node: 0.9, bun: 1, deno: 1.5 },
	}),
	udp("1000x1", "kept", { load: { clients: 1000, window: 1, size: 64, payload: bytes }, measures: "throughput" }),
	// Far below the default limit of peers, so that none is evicted.
	udp("idle-peer", "kept", {
		load: { clients: 1000, window: 1, size: 64, payload: bytes },
		measures: "memory",
		goals: idleGoals,
	}),
];
