import { checkDuration } from "../concurrency/durations.ts";
import { isCancellation } from "../concurrency/is_cancellation.ts";
import { ClientClosedError, DatagramProtocolParseError, TimeoutError } from "../errors.ts";
import { describeError } from "../logging.ts";
import { DatagramEndpoint, type DatagramPacket } from "./datagram_endpoint.ts";
import type { DatagramEndpointOptions } from "./endpoint_options.ts";

/** Options of a {@linkcode DatagramReceiver}. */
export interface DatagramReceiverOptions<Sent, Received> extends DatagramEndpointOptions<Sent, Received> {
	/** The port to listen on; 0: any free one. */
	port: number;
	/** Milliseconds of silence that end an iteration. Default: 15,000; `Infinity`: none do. */
	timeout?: number | undefined;
	/** Bytes that are kept of a datagram, 1 to 65,535; a longer one is cut and flagged. Default: 8,192. */
	maxLength?: number | undefined;
	/** Whether the receiver closes when an iteration ends by silence or an error; to leave the loop does not close it. Default: false. */
	closeOnEnd?: boolean | undefined;
	/** Lets other programs of this host listen on the port as well (`SO_REUSEADDR`). Default: true. */
	reuseAddress?: boolean | undefined;
}

/** One item of a {@linkcode DatagramReceiver}. */
export interface ReceivedDatagram<Received> extends DatagramPacket<Received> {
	/** Whether `data` is only the beginning: the datagram was longer than `maxLength`. */
	readonly truncated: boolean;
}

/**
 * Datagrams sent to a port, such as broadcasts, as an async iterator. The iteration ends, without an error, after some
 * time of silence, or when receiving fails, which is logged. The receiver stays usable: what arrives between two loops is
 * queued, within `limits.queuedBytes`. Silence counts anew for each item.
 *
 * With a protocol, datagrams that it cannot parse, or that are longer than `maxLength`, are logged and skipped: no stranger
 * can end the loop or prolong it.
 *
 * @example
 * ```ts
 * import { DatagramEndpoint, DatagramReceiver } from "netquay";
 *
 * const receiver = new DatagramReceiver({ port: 0, host: "127.0.0.1", timeout: 100 });
 * await receiver.bind();
 * const sender = new DatagramEndpoint();
 * await sender.send(new TextEncoder().encode("hello"), receiver.localAddress);
 *
 * for await (const { data, address } of receiver) {
 * 	console.log(`${address}: ${new TextDecoder().decode(data)}`);
 * }
 * console.log("Silence");
 * await receiver.close();
 * await sender.close();
 * ```
 */
export class DatagramReceiver<Sent = Uint8Array, Received = Sent>
	extends DatagramEndpoint<Sent, Received>
	implements AsyncIterableIterator<ReceivedDatagram<Received>, undefined>
{
	readonly #timeout: number;
	readonly #maxLength: number;
	readonly #closeOnEnd: boolean;
	readonly #parses: boolean;

	/** @throws {TypeError} {RangeError} when an option is wrong. */
	constructor(options: DatagramReceiverOptions<Sent, Received>) {
		super({ ...options, reuseAddress: options.reuseAddress ?? true });
		this.#timeout = checkDuration("timeout", options.timeout ?? 15_000);
		this.#maxLength = options.maxLength ?? 8_192;
		this.#closeOnEnd = options.closeOnEnd ?? false;
		this.#parses = options.protocol !== undefined;
		if (!Number.isInteger(this.#maxLength) || this.#maxLength < 1 || this.#maxLength > 65_535) {
			throw new RangeError(`Cannot use ${this.#maxLength} as "maxLength": not a whole number from 1 to 65535`);
		}
	}

	/**
	 * The next datagram, or the end of the iteration. A later call goes on with what arrives then.
	 *
	 * @throws {SocketError} {UnsupportedOperationError} when the port cannot be bound.
	 * @throws {CancelledError} when the scope around the call is cancelled.
	 */
	async next(): Promise<IteratorResult<ReceivedDatagram<Received>, undefined>> {
		if (this.isClosing()) return { done: true, value: undefined };
		let bound = false;
		try {
			await this.bind();
			bound = true;
			return { done: false, value: await this.#nextDatagram() };
		} catch (error) {
			const closed = error instanceof ClientClosedError;
			if (isCancellation(error) || !(bound || closed)) throw error;
			if (closed) this.logger.info(`${this}: iteration ended: closed`);
			else if (error instanceof TimeoutError)
				this.logger.debug(`${this}: iteration ended: nothing came for ${this.#timeout} ms`);
			else this.log.error("iteration ended", () => `${this}: iteration ended: ${describeError(error)}`);
			if (this.#closeOnEnd) await this.close();
			return { done: true, value: undefined };
		}
	}

	/** The receiver itself: all loops take from the same datagrams. */
	[Symbol.asyncIterator](): this {
		return this;
	}

	async #nextDatagram(): Promise<ReceivedDatagram<Received>> {
		const silent = this.now() + this.#timeout;
		for (;;) {
			const { data, address } = await this.receiveDatagram({ timeout: Math.max(0, silent - this.now()) });
			const truncated = data.length > this.#maxLength;
			if (!this.#parses) {
				const kept = truncated ? data.subarray(0, this.#maxLength) : data;
				return { data: kept, address, packet: this.protocol.buildPacket(kept), truncated };
			}
			if (truncated) {
				this.log.warn(
					"too long",
					() => `${this}: skipped ${data.length} bytes from ${address}: "maxLength" is ${this.#maxLength}`,
				);
				continue;
			}
			try {
				return { data, address, packet: this.protocol.buildPacket(data), truncated };
			} catch (error) {
				if (error instanceof DatagramProtocolParseError) {
					this.log.warn("malformed", () => `${this}: skipped a datagram from ${address}: ${error.message}`);
				} else {
					this.log.error("crash", () => `${this}: skipped a datagram from ${address}: ${describeError(error)}`);
				}
			}
		}
	}
}
