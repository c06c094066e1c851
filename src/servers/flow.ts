import { TimeoutError } from "../errors.ts";
import type { DatagramClient } from "./datagram_client.ts";
import type { FlowHost } from "./flow_host.ts";
import type { FlowList, Linked } from "./flow_list.ts";
import { FlowQueue } from "./flow_queue.ts";
import type { FlowTable } from "./flow_table.ts";
import { HandlerTask } from "./handler_task.ts";
import type { DatagramRequestHandler } from "./handlers.ts";
import { ParkedRead } from "./parked_read.ts";
import { checkReceiveParams, type ReceiveParams } from "./receive_params.ts";

type Handling = AsyncGenerator<unknown, unknown, unknown>;
/** Where a handler stopped: at a `yield`, or at its end. */
type Stopped = IteratorResult<unknown, unknown>;

const callNext = (generator: Handling, value: unknown): Promise<Stopped> => generator.next(value);
const callThrow = (generator: Handling, error: unknown): Promise<Stopped> => generator.throw(error);
const callReturn = (generator: Handling): Promise<Stopped> => generator.return(undefined);

/** How often a handler may yield again after it was told to end, before it is abandoned. */
const CLOSE_TRIES = 10;

const NOTHING = Symbol("nothing");
const NO_RESULT = "Cannot handle a datagram: the handler's generator is none, as its step gave no result";

/**
 * @internal One peer of a datagram server: its queue, and the generator that handles it, of which there is one at a time.
 * Steps of the generator never overlap: each begins when the one before has settled.
 */
export class Flow implements Linked<Flow> {
	readonly table: FlowTable<Flow>;
	readonly client: DatagramClient<never>;
	readonly host: string;
	readonly port: number;
	since = 0;
	list: FlowList<Flow> | undefined = undefined;
	previous: Flow | undefined = undefined;
	next: Flow | undefined = undefined;
	readonly #service: FlowHost<Flow>;
	#state: "idle" | "running" | "parked" | "abandoned" = "idle";
	#task: HandlerTask | undefined;
	#generator: Handling | undefined;
	/** The datagram that the generator was made for, until its first `yield`. */
	#first: Uint8Array | undefined;
	#queue: FlowQueue | undefined;
	#read: ParkedRead | undefined;
	/** What was thrown in last, if it is no error of the handler when it comes out again. */
	#quiet: unknown = NOTHING;
	#closing: { readonly why: "evicted" | "stopped"; readonly error: Error } | undefined;
	#closeTries = 0;

	constructor(
		service: FlowHost<Flow>,
		table: FlowTable<Flow>,
		client: DatagramClient<never>,
		host: string,
		port: number,
	) {
		this.#service = service;
		this.table = table;
		this.client = client;
		this.host = host;
		this.port = port;
	}

	/** Whether it has something to do: its handler, or its queue. */
	get running(): boolean {
		return this.#state === "running";
	}

	/** Whether the handler waits for the peer. */
	get parked(): boolean {
		return this.#state === "parked";
	}

	/** A datagram of the peer arrived. */
	receive(data: Uint8Array): void {
		if (this.#state === "parked") {
			this.#unpark();
			this.#deliver(data);
		} else if (this.#state === "idle") {
			this.list?.remove(this);
			this.#service.counts.queued++;
			this.#service.woke();
			this.#begin(data);
		} else {
			this.#queue ??= new FlowQueue(this.#service);
			this.#queue.add(data);
		}
	}

	/** Ends a parked handler by an error thrown in at its `yield`, and whatever it does then, for good. */
	close(why: "evicted" | "stopped", error: Error): void {
		this.#closing = { why, error };
		if (this.#state !== "parked") return;
		this.#unpark();
		this.#close();
	}

	/** Throws `TimeoutError` in at the `yield`: the peer was silent for too long. */
	expire(): void {
		this.#unpark();
		const error = new TimeoutError("Timed out: the peer was idle for too long");
		this.#quiet = error;
		this.#step(callThrow, error);
	}

	/** Leaves alone a handler that does not end. What it does from now on changes nothing here. */
	abandon(): void {
		this.#state = "abandoned";
		this.#queue?.drop("evicted");
		if (this.#first !== undefined) this.#dropFirst("evicted");
	}

	/** Goes on with a datagram from the queue, in a later turn of the event loop. */
	resume(): void {
		if (this.#state === "abandoned") return;
		if (this.#closing !== undefined && this.#generator !== undefined) this.#close();
		else this.#next();
	}

	#begin(data: Uint8Array): void {
		const service = this.#service;
		this.#state = "running";
		this.#first = data;
		// A run that set no context variable leaves nothing in its context that the next one could see; only work that it left
		// behind un-awaited shares the context with the next one, and entering a new one each time costs more than the rest.
		if (this.#task !== undefined && this.#task.values === service.values) this.#task.renew();
		else this.#task = new HandlerTask(service.scope, service.values);
		if (service.watch.steps++ === 0) service.watch.begin();
		try {
			this.#await(this.#task.run(this.#firstStep, service.handler, this.client));
		} catch (error) {
			this.#failed(error);
		}
	}

	readonly #firstStep = (
		handler: DatagramRequestHandler<never, never>,
		client: DatagramClient<never>,
	): Promise<Stopped> => {
		const generator = handler.handle(client) as Handling;
		if (typeof generator?.next !== "function" || typeof generator[Symbol.asyncIterator] !== "function") {
			// Of an async function, whatever it does is of no interest any more.
			Promise.resolve(generator).catch(() => undefined);
			throw new TypeError('Cannot handle a datagram: "handle" did not return an async generator');
		}
		this.#generator = generator;
		return generator.next();
	};

	/** Gives a datagram to the handler, which waits for it at a `yield`. */
	#deliver(data: Uint8Array, queued = false): void {
		const service = this.#service;
		if (queued) service.counts.queued--;
		service.counts.handled++;
		let packet: unknown;
		try {
			packet = service.protocol.buildPacket(data);
		} catch (error) {
			service.counts.malformed++;
			this.#throwIn(error);
			return;
		}
		this.#step(callNext, packet);
	}

	#throwIn(error: unknown): void {
		this.#step(callThrow, error);
	}

	#step(how: (generator: Handling, value: unknown) => Promise<Stopped>, value: unknown): void {
		const { watch } = this.#service;
		this.#state = "running";
		if (watch.steps++ === 0) watch.begin();
		try {
			this.#await((this.#task as HandlerTask).run(how, this.#generator as Handling, value));
		} catch (error) {
			this.#failed(error);
		}
	}

	#await(step: Promise<Stopped>): void {
		Promise.resolve(step).then(this.#stepped, this.#failed);
	}

	/** The handler stopped at a `yield`, or returned. */
	readonly #stepped = (result: Stopped): void => {
		if (typeof result !== "object" || result === null) return this.#failed(new TypeError(NO_RESULT));
		if (this.#state === "abandoned") return this.#endAbandoned(result);
		if (result.done) return this.#ended("refused");
		const task = this.#task as HandlerTask;
		const scope = task.parkedIn;
		task.parkedIn = undefined;
		if (this.#closing !== undefined) return this.#close();
		let params: ReceiveParams | undefined;
		if (result.value !== undefined) {
			try {
				params = checkReceiveParams(result.value);
			} catch (error) {
				return this.#throwIn(error);
			}
		}
		const first = this.#first;
		if (first !== undefined) {
			// The datagram is here already, so nothing can end the wait for it.
			this.#first = undefined;
			return this.#deliver(first, true);
		}
		if (params !== undefined || scope !== undefined) {
			this.#read ??= new ParkedRead(this.#service.timers, (error) => this.#interrupted(error));
			if (!this.#read.begin(this.#service.timers.now(), params, scope)) return;
		}
		if (this.#queue !== undefined && this.#queue.size > 0) {
			this.#read?.end();
			return this.#next();
		}
		this.#state = "parked";
		this.#service.parked(this, params?.timeout !== undefined);
	};

	/** The handler threw. */
	readonly #failed = (error: unknown): void => {
		if (this.#state === "abandoned") return;
		// Of what was thrown in to end it, or while it is cancelled, nothing is to be said.
		if (error !== this.#quiet) this.#service.handlerFailed(error, this);
		this.#ended("failed");
	};

	#interrupted(error: unknown): void {
		if (this.#state === "parked") this.#unpark();
		this.#throwIn(error);
	}

	#unpark(): void {
		this.#read?.end();
		this.list?.remove(this);
	}

	/** Ends the handler at a `yield`: by the error, and if it yields again, by `return()`, which runs what is left of it. */
	#close(): void {
		const { error } = this.#closing as { error: Error };
		if (this.#closeTries++ === 0) {
			this.#quiet = error;
			this.#step(callThrow, error);
		} else if (this.#closeTries <= CLOSE_TRIES) {
			this.#step(callReturn, undefined);
		} else {
			this.#service.abandon(this, 'it yields in a "finally" block');
		}
	}

	#ended(whyDropped: "refused" | "failed"): void {
		this.#generator = undefined;
		this.#quiet = NOTHING;
		if (this.#first !== undefined) this.#dropFirst(this.#closing?.why ?? whyDropped);
		this.#next();
	}

	/** After all, a handler that was left alone came to a `yield`: what is left of it can run. */
	#endAbandoned(result: Stopped): void {
		const generator = this.#generator;
		this.#generator = undefined;
		if (result.done || generator === undefined) return;
		Promise.resolve((this.#task as HandlerTask).run(callReturn, generator, undefined)).catch(() => undefined);
	}

	/** What comes after a handler: the next datagram of the queue, or rest. */
	#next(): void {
		const service = this.#service;
		if (this.#closing !== undefined) this.#queue?.drop(this.#closing.why);
		if (this.#queue !== undefined && this.#queue.size > 0) {
			if (!service.mayGoOn()) return service.goOnLater(this);
			const data = this.#queue.take() as Uint8Array;
			if (this.#generator === undefined) this.#begin(data);
			else this.#deliver(data, true);
			return;
		}
		if (this.#generator !== undefined) return;
		this.#state = "idle";
		service.rested(this, this.#closing !== undefined);
	}

	#dropFirst(why: "refused" | "failed" | "evicted" | "stopped"): void {
		this.#first = undefined;
		this.#service.counts.queued--;
		this.#service.counts.dropped[why]++;
	}
}
