/**
 * A backend without a network and without waiting: a virtual clock that jumps from event to event, and UDP in memory
 * with faults from a seed, for tests that are fast and go the same way every time.
 *
 * @module
 */

export type { Endpoint } from "./addresses.ts";
export {
	NonDeterminismError,
	type PendingWork,
	SimulationDeadlockError,
	SimulationLimitError,
	type SimulationPoint,
} from "./errors.ts";
export type { DatagramFaults } from "./faults.ts";
export type { InjectedDatagram } from "./network.ts";
export type { SimulatedPacket } from "./packet.ts";
export { delay, drop, pass, type Rule, type RuleGuard, type Verdict } from "./rules.ts";
export { Simulation, type SimulationOptions } from "./simulation.ts";
