/** What every simulation error names, so that the run can be repeated. */
export interface SimulationPoint {
	/** The seed of the simulation. */
	readonly seed: number | bigint;
	/** The virtual time, in milliseconds from the start of the simulation. */
	readonly time: number;
}

/** What was left when nothing could happen any more. */
export interface PendingWork {
	/** What the waits of the backends wait for. Promises that are not netquay's are not among them. */
	readonly waits: readonly string[];
	/** The addresses of the open sockets. */
	readonly sockets: readonly string[];
	/** How many tasks run. */
	readonly tasks: number;
}

/** Nothing is left to happen, no timer and no datagram, but the main function still waits. */
export class SimulationDeadlockError extends Error implements SimulationPoint, PendingWork {
	override name = "SimulationDeadlockError";
	/** The seed of the simulation. */
	readonly seed: number | bigint;
	/** The virtual time, in milliseconds. */
	readonly time: number;
	/** What is waited for. */
	readonly waits: readonly string[];
	/** The open sockets. */
	readonly sockets: readonly string[];
	/** How many tasks run. */
	readonly tasks: number;
	/** @internal */
	constructor(point: SimulationPoint, pending: PendingWork) {
		const waits = pending.waits.length > 0 ? count(pending.waits) : "only promises from outside of the simulation";
		const sockets = pending.sockets.length > 0 ? pending.sockets.join(", ") : "none";
		super(
			`Cannot go on with the simulation: no event is left while the main function waits (${where(point)}); ` +
				`waits for: ${waits}; open sockets: ${sockets}; tasks: ${pending.tasks}`,
		);
		this.seed = point.seed;
		this.time = point.time;
		this.waits = pending.waits;
		this.sockets = pending.sockets;
		this.tasks = pending.tasks;
	}
}

/** The simulation took more events or more virtual time than it may: most often, something runs in circles. */
export class SimulationLimitError extends Error implements SimulationPoint {
	override name = "SimulationLimitError";
	/** The seed of the simulation. */
	readonly seed: number | bigint;
	/** The virtual time, in milliseconds. */
	readonly time: number;
	/** @internal */
	constructor(point: SimulationPoint, option: "maxEvents" | "maxVirtual", limit: number) {
		super(`Cannot go on with the simulation: "${option}" is ${limit} (${where(point)})`);
		this.seed = point.seed;
		this.time = point.time;
	}
}

/** Code inside of a simulation asked the runtime for time or chance, which would differ from run to run. */
export class NonDeterminismError extends Error {
	override name = "NonDeterminismError";
	/** The function that was called, such as `"Date.now"`. */
	readonly function: string;
	/** @internal */
	constructor(name: string, instead: string) {
		super(`Cannot call "${name}" while a simulation runs: its result differs from run to run, use ${instead}`);
		this.function = name;
	}
}

function where({ seed, time }: SimulationPoint): string {
	return `seed ${seed}, ${Number(time.toFixed(3))} ms`;
}

function count(labels: readonly string[]): string {
	const counts = new Map<string, number>();
	for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
	return [...counts].map(([label, times]) => (times === 1 ? label : `${label} (${times})`)).join(", ");
}
