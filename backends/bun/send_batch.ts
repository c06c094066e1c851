import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { RawDatagramEvents } from "../../src/backend/driver.ts";
import { DATAGRAM_OVERHEAD } from "../../src/sockets/receive_queue.ts";
import { errorCode, isTransient, isUnreachable } from "../../src/sockets/system_error.ts";
import type { BunUdpSocket } from "./runtime.ts";

/**
 * Sending fails with the ICMP error of an earlier datagram, to whomever that went; trying again sends this one. On a
 * connected socket, Bun reports the ICMP error through its `error` callback as well, so nothing is lost.
 */
const TRIES = 3;
/** Milliseconds after which to try again when the kernel is full: Bun's `drain` does not always come. */
const FULL_PAUSE = 1;

type Done = ((error?: unknown) => void) | undefined;

/** Collects the datagrams of one turn of the event loop and sends them with one `sendmmsg`, which Bun does for `sendMany`. */
export class SendBatch {
	/** Bytes that wait. */
	bytes = 0;
	readonly #socket: BunUdpSocket;
	/** How many items of `#packets` make a datagram. */
	readonly #width: 1 | 3;
	readonly #events: RawDatagramEvents;
	/** For `sendMany`: data, port and address of each datagram in turn; for connected sockets only the data. */
	#packets: (Uint8Array | number | string)[] = [];
	#done: Done[] = [];
	#scheduled = false;
	#retry: ReturnType<typeof setTimeout> | undefined;

	constructor(socket: BunUdpSocket, connected: boolean, events: RawDatagramEvents) {
		this.#socket = socket;
		this.#width = connected ? 1 : 3;
		this.#events = events;
	}

	add(data: Uint8Array, port: number, host: string, done: Done): void {
		if (this.#width === 1) this.#packets.push(data);
		else this.#packets.push(data, port, host);
		this.#done.push(done);
		this.bytes += data.length + DATAGRAM_OVERHEAD;
		if (this.#scheduled) return;
		this.#scheduled = true;
		setImmediate(this.#onTurn);
	}

	/** Sends what the kernel takes. The rest waits for it. */
	flush(): void {
		if (this.#done.length === 0) return;
		while (this.#done.length > 0) {
			if (this.#sendSome()) continue;
			this.#retry ??= setTimeout(this.#onRetry, FULL_PAUSE);
			return;
		}
		this.#events.drain();
	}

	/** Gives up what waits. */
	stop(error: unknown): void {
		clearTimeout(this.#retry);
		this.#settle(this.#done.length, error);
	}

	readonly #onTurn = (): void => {
		this.#scheduled = false;
		this.flush();
	};

	readonly #onRetry = (): void => {
		this.#retry = undefined;
		this.flush();
	};

	/** Answers false when the kernel is full. */
	#sendSome(): boolean {
		let sent: number;
		try {
			sent = this.#socket.sendMany(this.#packets);
		} catch {
			// It does that only when the first one fails: whatever can be sent before an error, is.
			return this.#sendFirst();
		}
		this.#settle(sent);
		return sent > 0;
	}

	/** Answers false when the kernel is full. */
	#sendFirst(): boolean {
		const [data, port, host] = this.#packets as [Uint8Array, number, string];
		for (let tries = 1; ; tries++) {
			try {
				const taken = this.#width === 1 ? this.#socket.send(data) : this.#socket.send(data, port, host);
				if (taken) this.#settle(1);
				return taken;
			} catch (error) {
				if (isUnreachable(errorCode(error)) && tries < TRIES) continue;
				// Out of buffers: those behind it fail as well, so that the core tries all of them again in their order.
				const lost = this.#socket.closed;
				this.#settle(lost || isTransient(error) ? this.#done.length : 1, error);
				if (lost) this.#events.close(error);
				return true;
			}
		}
	}

	#settle(count: number, error?: unknown): void {
		const width = this.#width;
		const packets = this.#packets;
		const done = this.#done;
		this.#packets = count === done.length ? [] : packets.slice(count * width);
		this.#done = count === done.length ? [] : done.slice(count);
		for (let index = 0; index < count; index++) {
			const data = packets[index * width] as Uint8Array;
			this.bytes -= data.length + DATAGRAM_OVERHEAD;
			const callback = done[index];
			if (callback !== undefined) callback(error);
			else if (error !== undefined) this.#failed(error, data, packets[index * width + 1], packets[index * width + 2]);
		}
	}

	#failed(error: unknown, data: Uint8Array, port: unknown, host: unknown): void {
		if (this.#width === 1) this.#events.sendError(error, data);
		else this.#events.sendError(error, data, port as number, host as string);
	}
}
