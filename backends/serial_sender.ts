import type { RawDatagramEvents } from "../src/backend/driver.ts";
import { DATAGRAM_OVERHEAD } from "../src/sockets/receive_queue.ts";
import { errorCode, isTransient, isUnreachable } from "../src/sockets/system_error.ts";

/** How often a datagram is sent that fails with the ICMP error of an earlier one, to whomever that went. */
const TRIES = 3;

interface Unsent {
	readonly data: Uint8Array;
	readonly port: number;
	readonly host: string;
	readonly done: ((error?: unknown) => void) | undefined;
}

/** Sends a datagram, and answers with what went wrong, if anything did. */
export type SendOne = (data: Uint8Array, port: number, host: string) => Promise<unknown>;

/**
 * Sends datagrams one at a time. Deno needs it: what it cannot send at once, such as the first datagrams of a socket, it
 * sends in reverse order. So does Bun's `node:dgram`, to try again what fails in place of an earlier datagram.
 */
export class SerialSender {
	/** Bytes that wait. */
	bytes = 0;
	readonly #sendOne: SendOne;
	readonly #connected: boolean;
	readonly #events: RawDatagramEvents;
	#queue: Unsent[] = [];
	#sending = false;

	constructor(sendOne: SendOne, connected: boolean, events: RawDatagramEvents) {
		this.#sendOne = sendOne;
		this.#connected = connected;
		this.#events = events;
	}

	add(data: Uint8Array, port: number, host: string, done: ((error?: unknown) => void) | undefined): void {
		this.bytes += data.length + DATAGRAM_OVERHEAD;
		this.#queue.push({ data, port, host, done });
		if (!this.#sending) void this.#sendQueued();
	}

	async #sendQueued(): Promise<void> {
		this.#sending = true;
		while (this.#queue.length > 0) {
			const queue = this.#queue;
			this.#queue = [];
			let failure: unknown;
			for (const unsent of queue) {
				// Out of buffers: those behind it fail as well, so that the core tries all of them again in their order.
				if (failure === undefined || !isTransient(failure)) failure = await this.#try(unsent);
				this.#settle(unsent, failure);
			}
		}
		this.#sending = false;
		this.#events.drain();
	}

	async #try({ data, port, host }: Unsent): Promise<unknown> {
		for (let tries = 1; ; tries++) {
			const failure = await this.#sendOne(data, port, host);
			const foreign = failure !== undefined && !this.#connected && isUnreachable(errorCode(failure));
			if (!foreign || tries === TRIES) return failure;
		}
	}

	#settle({ data, port, host, done }: Unsent, error: unknown): void {
		this.bytes -= data.length + DATAGRAM_OVERHEAD;
		if (done !== undefined) done(error);
		else if (error !== undefined) this.#events.sendError(error, data, port, host);
	}
}
