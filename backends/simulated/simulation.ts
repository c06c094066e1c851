import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import { checkDuration } from "../../src/concurrency/durations.ts";
import { SimulationDeadlockError, SimulationLimitError, type SimulationPoint } from "./errors.ts";
import { runEvents } from "./event_loop.ts";
import { checkFaults, type DatagramFaults } from "./faults.ts";
import { forbidNonDeterminism } from "./guard.ts";
import type { Host } from "./host.ts";
import { type InjectedDatagram, Network } from "./network.ts";
import { checkSeed, randomStream } from "./prng.ts";
import type { Rule, RuleGuard } from "./rules.ts";
import { simulatedDriver } from "./simulated_driver.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** Settings of a {@linkcode Simulation}. */
export interface SimulationOptions {
	/** Where all chance comes from: the same seed gives the same run. An integer. Default: 1. */
	readonly seed?: number | bigint;
	/** What goes wrong in the network. Default: nothing. */
	readonly faults?: Partial<DatagramFaults>;
	/** How many events one `run()` may take before it fails: a guard against endless loops. Default: 1 000 000. */
	readonly maxEvents?: number;
	/** How much virtual time one `run()` may take before it fails, in milliseconds. Default: `Infinity`. */
	readonly maxVirtual?: number;
}

/**
 * A world of its own with a virtual clock and a network in memory: code that waits for hours runs in microseconds, and
 * the same seed gives the same run, on every runtime.
 *
 * @example
 * ```ts
 * import { Simulation } from "netquay/simulated";
 *
 * const simulation = new Simulation({ seed: 1, faults: { loss: 0.1, delay: { min: 1, max: 20 } } });
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
	readonly #network: Network;
	readonly #backends: Map<Host, AsyncBackend> = new Map();
	readonly #random: () => number;
	readonly #maxEvents: number;
	readonly #maxVirtual: number;
	#running = false;

	/**
	 * @throws {TypeError} when an option is not a number, or the seed not an integer.
	 * @throws {RangeError} when an option is out of its range.
	 */
	constructor(options: SimulationOptions = {}) {
		this.seed = checkSeed(options.seed ?? 1);
		this.#maxEvents = checkDuration("maxEvents", options.maxEvents ?? 1_000_000);
		this.#maxVirtual = checkDuration("maxVirtual", options.maxVirtual);
		this.#network = new Network(this.#clock, checkFaults(options.faults ?? {}), this.seed);
		this.#random = randomStream(this.seed, "user");
	}

	/** What happened in the network, one line for each event: time in milliseconds, what, from, to, bytes. Grows with every `run()`. */
	get trace(): readonly string[] {
		return this.#network.trace.lines;
	}

	/** A 64-bit hash of the trace: runs with equal hashes went the same way. */
	get traceHash(): string {
		return this.#network.trace.hash();
	}

	/** A random number from 0 up to 1, from the seed. Network and faults draw from streams of their own. */
	random(): number {
		return this.#random();
	}

	/**
	 * The backend of another host on the same network and clock: the same one each time.
	 *
	 * @param address A literal IP address, or all that the host has. Loopback comes with every host.
	 * @param name What `resolve` finds it by, on every host.
	 * @throws {RangeError} when it is not the address of a single host, or belongs to another one.
	 */
	host(address: string | readonly string[], name?: string): AsyncBackend {
		return this.#backendOf(this.#network.host(typeof address === "string" ? [address] : address, name));
	}

	/**
	 * Lets a function decide about each packet that is sent from now on, until it is removed. Rules are asked in the
	 * order in which they were added, with `pass()`, `drop()` or `delay()` as the answer.
	 *
	 * @example
	 * ```ts
	 * import { drop, pass, Simulation } from "netquay/simulated";
	 *
	 * const simulation = new Simulation();
	 * const cut = simulation.rule((packet) => (packet.to.host === "10.0.0.2" ? drop() : pass()));
	 * cut.remove();
	 * ```
	 */
	rule(rule: Rule): RuleGuard {
		return this.#network.rules.add(rule);
	}

	/**
	 * Lets a datagram arrive that nobody has sent, with any source. It arrives now, untouched by rules and faults.
	 *
	 * @throws {RangeError} when an end of its way is not an address and a port, or no host is at its end.
	 */
	inject(datagram: InjectedDatagram): void {
		this.#network.inject(datagram);
	}

	/**
	 * Runs `main` as a task on the default host, which has loopback addresses only, and the world around it until `main`
	 * has ended. What `main` leaves behind stays where it is: `backend.liveResources()` counts it, and another `run()`
	 * goes on with it.
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
			await runEvents(this.#clock, {
				isOver: () => ended.result !== undefined,
				maxEvents: this.#maxEvents,
				maxVirtual: this.#maxVirtual,
				deadlock: () => this.#deadlock(),
				exceeded: (option) =>
					new SimulationLimitError(this.#point(), option, option === "maxEvents" ? this.#maxEvents : this.#maxVirtual),
			});
			return (ended.result as () => T)();
		} finally {
			allow();
			this.#running = false;
		}
	}

	#backendOf(host: Host): AsyncBackend {
		let backend = this.#backends.get(host);
		if (backend === undefined) {
			backend = createBackend(simulatedDriver(this.#network, host));
			this.#backends.set(host, backend);
		}
		return backend;
	}

	#start<T>(main: (backend: AsyncBackend) => PromiseLike<T> | T): { result: (() => T) | undefined } {
		const backend = this.#backendOf(this.#network.defaultHost);
		const ended: { result: (() => T) | undefined } = { result: undefined };
		const body = async (): Promise<void> => {
			try {
				const value = await main(backend);
				ended.result = () => value;
			} catch (error) {
				ended.result = () => {
					throw error;
				};
			}
		};
		// Whoever calls `run()` may be in a task of another backend, whose scopes run on another clock.
		backend.scheduler.detached(() => {
			void backend.taskGroup((group) => void group.startSoon(body, { name: "main" }));
		});
		return ended;
	}

	#point(): SimulationPoint {
		return { seed: this.seed, time: this.#clock.now() };
	}

	#deadlock(): SimulationDeadlockError {
		const schedulers = [...this.#backends.values()].map(({ scheduler }) => scheduler);
		return new SimulationDeadlockError(this.#point(), {
			waits: schedulers.flatMap(({ root }) => [...root.pendingWaits()].map(({ waitsFor }) => waitsFor)),
			sockets: this.#network.openSockets,
			tasks: schedulers.reduce((sum, { tasks }) => sum + tasks, 0),
		});
	}
}
