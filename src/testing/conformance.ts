import type { Capability } from "../backend/capabilities.ts";
import { clockCases } from "./clock_cases.ts";
import { concurrencyCases } from "./concurrency_cases.ts";
import type { CaseDefinition, ConformanceCase, ConformanceOptions } from "./conformance_case.ts";
import { runCase } from "./run_case.ts";
import { serverCases } from "./server_cases.ts";
import { udpCases } from "./udp_cases.ts";
import { udpConnectCases } from "./udp_connect_cases.ts";
import { udpOptionCases } from "./udp_option_cases.ts";
import { udpWaitCases } from "./udp_wait_cases.ts";

const DEFINITIONS: readonly CaseDefinition[] = [
	...clockCases,
	...concurrencyCases,
	...udpCases,
	...udpWaitCases,
	...udpConnectCases,
	...udpOptionCases,
	...serverCases,
];

/** How one case ended. */
export interface ConformanceResult {
	/** The case's id. */
	readonly id: string;
	/** The case's title. */
	readonly title: string;
	/** `unsupported`: the backend lacks a capability, and refuses what needs it as it should. */
	readonly status: "passed" | "failed" | "unsupported";
	/** The capabilities that the case needs. */
	readonly needs: readonly Capability[];
	/** What was thrown, of a failed case. */
	readonly error?: unknown;
}

/** How all cases ended. */
export interface ConformanceReport {
	/** How many passed. */
	readonly passed: number;
	/** How many failed. */
	readonly failed: number;
	/** How many could not be checked. */
	readonly unsupported: number;
	/** Each one, in order. */
	readonly results: readonly ConformanceResult[];
}

/**
 * Everything that a backend has to do, as cases for any test runner. Each is independent of the others; run them one
 * after the other.
 *
 * @example
 * ```ts
 * import { createBackend } from "netquay";
 * import { nodeDriver } from "netquay/node";
 * import { conformanceCases } from "netquay/testing";
 *
 * for (const { title, run } of conformanceCases({ setup: () => createBackend(nodeDriver) })) {
 * 	// test(title, run);
 * 	console.log(title, typeof run);
 * }
 * ```
 */
export function conformanceCases(options: ConformanceOptions): ConformanceCase[] {
	return DEFINITIONS.map((definition) => ({
		id: definition.id,
		title: definition.title,
		needs: definition.needs,
		run: async () => {
			await runCase(definition, options);
		},
	}));
}

/**
 * Runs all cases, without a test runner.
 *
 * @example
 * ```ts
 * import { createBackend } from "netquay";
 * import { nodeDriver } from "netquay/node";
 * import { checkConformance } from "netquay/testing";
 *
 * const { passed, failed, results } = await checkConformance({ setup: () => createBackend(nodeDriver) });
 * console.log(`${passed} passed, ${failed} failed`);
 * for (const { status, title, error } of results) if (status === "failed") console.log(title, error);
 * ```
 */
export async function checkConformance(options: ConformanceOptions): Promise<ConformanceReport> {
	const results: ConformanceResult[] = [];
	for (const definition of DEFINITIONS) {
		const { id, title, needs } = definition;
		try {
			results.push({ id, title, needs, status: await runCase(definition, options) });
		} catch (error) {
			results.push({ id, title, needs, status: "failed", error });
		}
	}
	const count = (status: ConformanceResult["status"]): number => results.filter((one) => one.status === status).length;
	return { passed: count("passed"), failed: count("failed"), unsupported: count("unsupported"), results };
}
