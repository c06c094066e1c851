/**
 * A backend without a network and without waiting: a virtual clock that jumps from event to event, for tests that are
 * fast and give the same result every time.
 *
 * @module
 */

export {
	NonDeterminismError,
	type PendingWork,
	SimulationDeadlockError,
	SimulationLimitError,
	type SimulationPoint,
} from "./errors.ts";
export { Simulation, type SimulationOptions } from "./simulation.ts";
