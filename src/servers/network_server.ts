import type { AsyncBackend } from "../backend/async_backend.ts";
import { detectBackend } from "../backend/detect.ts";
import { checkDuration } from "../concurrency/durations.ts";
import { AsyncExitStack } from "../concurrency/exit_stack.ts";
import { isCancellation } from "../concurrency/is_cancellation.ts";
import { BusyResourceError, ServerAlreadyRunningError, ServerClosedError } from "../errors.ts";
import { checkLimits, type Limits } from "../limits.ts";
import { checkLogger, describeError, LimitedLog, type Logger } from "../logging.ts";
import type { InetAddress } from "../sockets/address.ts";
import type { UdpSocket } from "../sockets/udp_socket.ts";
import type { NetworkServerOptions, ServeOptions, ShutdownOptions } from "./server_options.ts";
import { ServerRun, type Service } from "./server_run.ts";
import { ServerSockets } from "./server_sockets.ts";
import { waitFor } from "./wait_for.ts";

/**
 * The life of a server, whatever it serves: opened by `activate()`, serving by `serveForever()` or `start()`, stopped by
 * `shutdown()`, after which it can serve again on the same sockets, and closed for good by `close()`.
 */
export abstract class NetworkServer {
	/** The limits in force. */
	readonly limits: Limits;
	/** @internal */
	protected readonly log: LimitedLog;
	readonly #logger: Logger;
	#backend: AsyncBackend | undefined;
	readonly #sockets: ServerSockets;
	#run: ServerRun | undefined;
	#background: Promise<void> | undefined;
	#abandoned: string[] = [];
	#closing: Promise<void> | undefined;

	/** @internal */
	constructor(options: NetworkServerOptions) {
		this.limits = checkLimits(options.limits);
		this.#logger = checkLogger(options.logger);
		this.#backend = options.backend;
		this.log = new LimitedLog(this.#logger, () => this.#backend?.now() ?? 0);
		this.#sockets = new ServerSockets({
			open: (backend) => this.open(backend),
			onError: (what, error) =>
				this.log.warn(
					`error on datagram ${what}`,
					() => `Unrelated error occurred on datagram ${what}: ${error.name}: ${error.message}`,
				),
			onBroken: (error) => this.#run?.fail(error),
		});
	}

	/** @internal Opens the sockets, all or none. */
	protected abstract open(backend: AsyncBackend): Promise<UdpSocket[]>;
	/** @internal Calls the handler's `serviceInit`, if it has one. */
	protected abstract initService(exitStack: AsyncExitStack): Promise<void>;
	/** @internal Makes what serves on the sockets, once. */
	protected abstract createService(backend: AsyncBackend, sockets: readonly UdpSocket[]): Service;

	/**
	 * The backend.
	 *
	 * @throws {Error} before `activate()`, unless it was given as an option.
	 */
	get backend(): AsyncBackend {
		if (this.#backend === undefined) throw new Error("Cannot get the backend: the server was not activated yet");
		return this.#backend;
	}

	/** Where log records go. */
	get logger(): Logger {
		return this.#logger;
	}

	/** Whether the sockets are open. */
	isListening(): boolean {
		return this.#sockets.isListening();
	}

	/** Whether handlers are called. */
	isServing(): boolean {
		return this.isListening() && this.#run?.serving === true;
	}

	/** The addresses of the open sockets, with the real ports. */
	getAddresses(): InetAddress[] {
		return this.getSockets().map((socket) => socket.localAddress);
	}

	/** The open sockets, for instance to join multicast groups. The server receives from them and closes them. */
	getSockets(): UdpSocket[] {
		return this.#sockets.usable;
	}

	/**
	 * Opens the sockets, if they are not open. What arrives is queued, within limits, until the server serves.
	 *
	 * @throws {ServerClosedError} when the server is closed, also while this waits.
	 * @throws {SocketError} when an address cannot be bound; with several addresses, an `AggregateError` of those that failed.
	 */
	async activate(): Promise<void> {
		if (this.#sockets.closed) throw new ServerClosedError();
		this.#backend ??= await detectBackend();
		if (this.#sockets.closed) throw new ServerClosedError();
		await waitFor(this.#backend.scheduler, this.#sockets.open(this.#backend), "the sockets of the server");
	}

	/**
	 * Serves until `shutdown()` or `close()` is called, or the scope around the call is cancelled.
	 *
	 * @throws {ServerAlreadyRunningError} when the server serves already.
	 * @throws {ServerClosedError} {SocketError} as `activate()`.
	 * @throws what `serviceInit` throws, or made the sockets unusable.
	 */
	async serveForever(options: ServeOptions = {}): Promise<void> {
		if (this.#sockets.closed) throw new ServerClosedError();
		if (this.#run !== undefined) throw new ServerAlreadyRunningError();
		const run = new ServerRun();
		this.#run = run;
		try {
			this.#backend ??= await detectBackend();
			const backend = this.#backend;
			await backend.taskGroup((group) => {
				run.begin(backend, group.scope);
				group.startSoon(() => this.#serve(backend, run, options), { name: this.constructor.name });
			});
			run.throwFailure();
		} finally {
			this.#run = undefined;
			run.end();
		}
	}

	/**
	 * Serves in the background; resolves when the server has begun to serve, or was shut down before it did.
	 *
	 * @throws what `serveForever()` throws before that. Later failures are logged, and thrown by `wait()`.
	 */
	async start(): Promise<void> {
		this.#backend ??= await detectBackend();
		if (this.#sockets.closed) throw new ServerClosedError();
		if (this.#run !== undefined) throw new ServerAlreadyRunningError();
		await new Promise<void>((resolve, reject) => {
			let begun = false;
			const onListening = (): void => {
				begun = true;
				resolve();
			};
			const serving = this.backend.scheduler.detached(() => this.serveForever({ onListening }));
			this.#background = serving;
			serving.then(resolve, (error) => {
				if (begun) this.log.error("failed server", () => `Server failed: ${describeError(error)}`);
				reject(error);
			});
		});
	}

	/** Waits until a server that was started with `start()` has stopped; throws what made it fail. */
	async wait(): Promise<void> {
		if (this.#background !== undefined) {
			await waitFor(this.backend.scheduler, this.#background, "the end of the server");
		}
	}

	/**
	 * Stops serving; resolves when all handlers have ended and `serviceInit`'s stack is unwound. The sockets stay open:
	 * the server can serve again, and `close()` releases them. No-op when it does not serve.
	 *
	 * Called by a handler, or by anything else that runs inside the server, it does not wait for itself.
	 */
	async shutdown(options: ShutdownOptions = {}): Promise<void> {
		const drain = checkDuration("drain", options.drain ?? 0);
		const run = this.#run;
		if (run === undefined) return;
		run.stop(drain);
		if (!run.isInside()) await run.wait();
	}

	/**
	 * Stops serving and closes the sockets, for good. Resolves when the ports are free. Idempotent; goes on to its end even
	 * if the waiting is cancelled. As `shutdown()`, it does not wait for its own caller.
	 *
	 * @throws {BusyResourceError} when called while `serviceInit` runs.
	 */
	async close(): Promise<void> {
		const run = this.#run;
		if (run?.settingUp) throw new BusyResourceError("Cannot close the server: it is being set up");
		this.#sockets.refuse();
		run?.stop(0);
		this.#closing ??= this.#close(run);
		// Inside the server nobody waits for it.
		this.#closing.catch(() => undefined);
		if (!run?.isInside()) await this.#closing;
	}

	/** The same as `close()`. */
	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** @internal The backend, if it is known yet. */
	get knownBackend(): AsyncBackend | undefined {
		return this.#backend;
	}

	/** @internal What had to be left alone when the server stopped last, by name. */
	get abandoned(): readonly string[] {
		return this.#abandoned;
	}

	/** @internal All sockets, closed ones included, for the counters. */
	protected get allSockets(): readonly UdpSocket[] {
		return this.#sockets.all;
	}

	async #serve(backend: AsyncBackend, run: ServerRun, options: ServeOptions): Promise<void> {
		await this.activate();
		if (this.#sockets.broken !== undefined) throw this.#sockets.broken;
		const exitStack = new AsyncExitStack();
		let service: Service | undefined;
		let failure: { readonly error: unknown } | undefined;
		try {
			await run.setUp(() => this.initService(exitStack));
			service = this.createService(backend, this.#sockets.all);
			run.started(service);
			this.log.info(`Start serving at ${this.getAddresses().join(", ")}`);
			service.start();
			options.onListening?.();
			await run.stopRequested();
		} catch (error) {
			failure = { error };
		}
		this.log.info("Server loop break, waiting for remaining tasks...");
		try {
			await run.stopService(service);
			await this.#unwind(run, exitStack, service);
		} catch (error) {
			const both = failure !== undefined && !isCancellation(failure.error) && failure.error !== error;
			failure = {
				error: both ? new AggregateError([failure?.error, error], "The server and its clean-up failed") : error,
			};
		}
		this.log.flush();
		this.log.info("Server stopped");
		if (failure !== undefined) throw failure.error;
	}

	async #unwind(run: ServerRun, exitStack: AsyncExitStack, service: Service | undefined): Promise<void> {
		const { abandonTimeout } = this.limits;
		this.#abandoned = [...(service?.abandoned ?? [])];
		if (await run.unwind(exitStack, abandonTimeout)) return;
		this.#abandoned.push('the clean-up of "serviceInit"');
		this.log.warn(
			"abandoned clean-up",
			() => `Cut short the clean-up of "serviceInit": it took longer than ${abandonTimeout} ms`,
		);
	}

	async #close(run: ServerRun | undefined): Promise<void> {
		await run?.ended;
		await this.#sockets.close();
	}
}
