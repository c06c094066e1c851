/** Whether the figures of a case meet its goal. */
import type { BenchCase } from "./bench_case.ts";
import type { ServerFigures } from "./measure.ts";

/** A goal beside what was reached. */
export interface Verdict {
	readonly goal: string;
	readonly reached: string;
	readonly isMet: boolean;
}

/** The verdict on netquay's figures, or undefined where the case has no goal on that runtime. */
export function judge(bench: BenchCase, netquay: ServerFigures): Verdict | undefined {
	const goal = bench.goals?.[netquay.runtime];
	if (goal === undefined) return undefined;
	switch (bench.measures) {
		case "throughput": {
			const ratio = netquay.ratio ?? Number.NaN;
			return { goal: `>= ${goal.toFixed(2)}`, reached: ratio.toFixed(2), isMet: ratio >= goal };
		}
		case "latency": {
			const ratio = netquay.p50Ratio ?? Number.NaN;
			return { goal: `p50 <= ${goal.toFixed(2)}`, reached: ratio.toFixed(2), isMet: ratio <= goal };
		}
		case "memory": {
			const bytes = netquay.bytesPerPeer ?? Number.NaN;
			return { goal: `<= ${goal} B`, reached: `${bytes.toFixed(0)} B`, isMet: bytes <= goal };
		}
	}
}
