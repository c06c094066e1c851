/**
 * The conformance suite for backends: what the core expects of a driver, as cases for any test runner.
 *
 * @module
 */

export { ConformanceError } from "./assertions.ts";
export {
	type ConformanceReport,
	type ConformanceResult,
	checkConformance,
	conformanceCases,
} from "./conformance.ts";
export type { ConformanceCase, ConformanceOptions } from "./conformance_case.ts";
