import { type Context, runInContext } from "../concurrency/context.ts";
import type { Waiter, WaitOptions } from "../concurrency/waiter.ts";
import { BusyResourceError } from "../errors.ts";
import { formatAddress } from "../sockets/address.ts";
import { canonicalIp } from "../sockets/ip.ts";

/** Options of `endpoint.request()`. */
export interface RequestOptions<Received> extends WaitOptions {
	/** Milliseconds until `TimeoutError`. Default: 4,000. */
	timeout?: number | undefined;
	/**
	 * Whether a packet of the peer is the answer, for instance by its transaction number. With it, several requests to one
	 * peer can be pending, and late answers to earlier ones are told apart. Default: the first packet is the answer.
	 */
	accept?: ((packet: Received) => boolean) | undefined;
}

/** @internal A request that waits for its answer. */
export interface PendingRequest<Answer> {
	readonly waiter: Waiter<Answer>;
	/** Where `take` runs: the task that waits. Callbacks of sockets come from anywhere. */
	readonly context: Context;
	/** Makes the answer of a datagram; `undefined` when it is not the answer. What it throws ends the request. */
	readonly take: (data: Uint8Array) => { readonly answer: Answer } | undefined;
	/** Whether `take` can tell its answer from others of the same peer. */
	readonly selective: boolean;
}

/** @internal Who waits for an answer, by the address it must come from. */
export class PendingRequests<Answer> {
	readonly #byAddress: Map<string, Set<PendingRequest<Answer>>> = new Map();

	/** How many there are. */
	get size(): number {
		let size = 0;
		for (const requests of this.#byAddress.values()) size += requests.size;
		return size;
	}

	/**
	 * Adds a request; the result removes it.
	 *
	 * @throws {BusyResourceError} when there is one to the same address, and their answers cannot be told apart.
	 */
	add(address: { readonly host: string; readonly port: number }, request: PendingRequest<Answer>): () => void {
		const key = keyOf(address.host, address.port);
		const requests = this.#byAddress.get(key) ?? new Set();
		const [other] = requests;
		if (other !== undefined && !(other.selective && request.selective)) {
			const to = formatAddress(address.host, address.port);
			throw new BusyResourceError(
				`Cannot send a second request to ${to}: another one is pending, and without "accept" their answers look alike`,
			);
		}
		requests.add(request);
		this.#byAddress.set(key, requests);
		return () => this.#remove(key, request);
	}

	/** Answers whether the datagram was the answer to a request. */
	offer(data: Uint8Array, host: string, port: number): boolean {
		if (this.#byAddress.size === 0) return false;
		const key = keyOf(host, port);
		for (const request of this.#byAddress.get(key) ?? []) {
			let taken: { readonly answer: Answer } | undefined;
			try {
				taken = runInContext(request.context, request.take, data);
			} catch (error) {
				this.#remove(key, request);
				request.waiter.reject(error);
				return true;
			}
			if (taken === undefined) continue;
			this.#remove(key, request);
			request.waiter.resolve(taken.answer);
			return true;
		}
		return false;
	}

	/** Ends all requests. */
	fail(error: Error): void {
		const all = [...this.#byAddress.values()].flatMap((requests) => [...requests]);
		this.#byAddress.clear();
		for (const { waiter } of all) waiter.reject(error);
	}

	#remove(key: string, request: PendingRequest<Answer>): void {
		const requests = this.#byAddress.get(key);
		requests?.delete(request);
		if (requests?.size === 0) this.#byAddress.delete(key);
	}
}

function keyOf(host: string, port: number): string {
	return formatAddress(canonicalIp(host), port);
}
