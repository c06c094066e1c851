import { setImmediate } from "node:timers";
import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import { SimulationDeadlockError, SimulationLimitError, type SimulationPoint } from "./errors.ts";
import { forbidNonDeterminism } from "./guard.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** Settings of a {@linkcode Simulation}. */
export interface SimulationOptions {
	/** Where all chance comes from: the same seed gives the same run. An integer. Default: 1. */
	readonly seed?: number | bigint;
	/** How many events one `run()` may take before it fails: a guard against endless loops. Default: 1 000 000. */
	readonly maxEvents?: number;
	/** How much virtual time one `run()` may take before it fails, in milliseconds. Default: `Infinity`. */
	readonly maxVirtual?: number;
}

/**
 * A world of its own with a virtual clock: code that waits for hours runs in microseconds, and the same seed gives
 * the same run, on every runtime.
 *
 * @example
 * ```ts
 * import { Simulation } from "netquay/simulated";
 *
 * const simulation = new Simulation({ seed: 1 });
 * await simulation.run(async (backend) => {
 * 	await backend.sleep(3_600_000);
 * 	console.log(backend.now()); // 3600000
 * });
 * ```
 */
export class Simulation {
	/** The seed, for reports of failures. */
	readonly seed: number | bigint;
	readonly #clock: VirtualClock = new VirtualClock();
	readonly #backend: AsyncBackend;
	readonly #maxEvents: number;
	readonly #maxVirtual: number;
	#running = false;

	constructor(options: SimulationOptions = {}) {
		this.seed = options.seed ?? 1;
		this.#maxEvents = options.maxEvents ?? 1_000_000;
		this.#maxVirtual = options.maxVirtual ?? Infinity;
		const clock = this.#clock;
		this.#backend = createBackend({
			name: "simulated",
			capabilities: {},
			now: () => clock.now(),
			createTimer: (callback) => clock.createTimer(callback),
			defer: (callback) => clock.defer(callback),
		});
	}

	/**
	 * Runs `main` as a task on the default host, and the world around it until `main` has ended. What `main` leaves
	 * behind stays where it is: `backend.liveResources()` counts it, and another `run()` goes on with it.
	 *
	 * While it runs, `Date.now`, `performance.now`, `Math.random`, `setTimeout` and `setInterval` throw
	 * `NonDeterminismError`, in all code of the process. `main` must not wait for anything real, such as files.
	 *
	 * @returns What `main` returned.
	 * @throws what `main` threw.
	 * @throws {SimulationDeadlockError} when `main` waits and nothing is left to happen.
	 * @throws {SimulationLimitError} when it takes too many events or too much virtual time.
	 * @throws {Error} when the simulation runs already.
	 */
	async run<T>(main: (backend: AsyncBackend) => PromiseLike<T> | T): Promise<T> {
		if (this.#running) throw new Error("Cannot run the simulation: it is running already");
		this.#running = true;
		const allow = forbidNonDeterminism();
		try {
			const ended = this.#start(main);
			await this.#drive(ended);
			return (ended.result as () => T)();
		} finally {
			allow();
			this.#running = false;
		}
	}

	#start<T>(main: (backend: AsyncBackend) => PromiseLike<T> | T): { result: (() => T) | undefined } {
		const ended: { result: (() => T) | undefined } = { result: undefined };
		const body = async (): Promise<void> => {
			try {
				const value = await main(this.#backend);
				ended.result = () => value;
			} catch (error) {
				ended.result = () => {
					throw error;
				};
			}
		};
		// Whoever calls `run()` may be in a task of another backend, whose scopes run on another clock.
		this.#backend.scheduler.detached(() => {
			void this.#backend.taskGroup((group) => void group.startSoon(body, { name: "main" }));
		});
		return ended;
	}

	/** One event, then one turn of the runtime's event loop, so that all promise jobs settle; then the next event. */
	#drive(ended: { readonly result: unknown }): Promise<void> {
		const clock = this.#clock;
		const lastTime = clock.now() + this.#maxVirtual;
		let events = 0;
		return new Promise((resolve, reject) => {
			const turn = (): void => {
				try {
					if (ended.result !== undefined) return resolve();
					let needsTurn = false;
					while (!needsTurn) {
						if (clock.events.size === 0) throw this.#deadlock();
						if (++events > this.#maxEvents) throw new SimulationLimitError(this.#point(), "maxEvents", this.#maxEvents);
						if (clock.events.next > lastTime)
							throw new SimulationLimitError(this.#point(), "maxVirtual", this.#maxVirtual);
						needsTurn = clock.step()?.needsTurn ?? true;
					}
					setImmediate(turn);
				} catch (error) {
					reject(error);
				}
			};
			setImmediate(turn);
		});
	}

	#point(): SimulationPoint {
		return { seed: this.seed, time: this.#clock.now() };
	}

	#deadlock(): SimulationDeadlockError {
		const waits = [...this.#backend.scheduler.root.pendingWaits()].map((wait) => wait.waitsFor);
		return new SimulationDeadlockError(this.#point(), { waits, sockets: [], tasks: this.#backend.scheduler.tasks });
	}
}
