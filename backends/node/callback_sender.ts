import type { Socket } from "node:dgram";
import type { RawDatagramEvents } from "../../src/backend/driver.ts";
import { DATAGRAM_OVERHEAD } from "../../src/sockets/receive_queue.ts";

/** Sends datagrams on Node, which keeps their order, with one callback for all of them. */
export class CallbackSender {
	/**
	 * What Node has not called back for: at most one turn's worth, as long as the kernel takes the datagrams. That counts,
	 * too, for Node keeps hundreds of bytes for each callback.
	 */
	bytes = 0;
	readonly #socket: Socket;
	readonly #connected: boolean;
	readonly #events: RawDatagramEvents;
	#pending = 0;

	constructor(socket: Socket, connected: boolean, events: RawDatagramEvents) {
		this.#socket = socket;
		this.#connected = connected;
		this.#events = events;
	}

	add(data: Uint8Array, port: number, host: string, done: ((error?: unknown) => void) | undefined): void {
		this.#pending++;
		this.bytes += data.length + DATAGRAM_OVERHEAD;
		const callback = done === undefined ? this.#sent : this.#answering(done);
		try {
			if (this.#connected) this.#socket.send(data, callback);
			else this.#socket.send(data, port, host, callback);
		} catch (error) {
			callback(error as Error, 0);
		}
	}

	/** One function for all sends, so that a send allocates no closure. Without any, Node would hide that a send failed. */
	readonly #sent = (error: Error | null, size: number): void => {
		if (error) this.#events.sendError(error);
		this.#settled(error, size);
	};

	#answering(done: (error?: unknown) => void): (error: Error | null, size: number) => void {
		return (error, size) => {
			done(error ?? undefined);
			this.#settled(error, size);
		};
	}

	#settled(error: Error | null, size: number): void {
		this.#pending--;
		// A failed send does not tell its size, so that the sum is too large until it starts anew.
		if (this.#pending === 0) this.bytes = 0;
		else if (!error) this.bytes -= size + DATAGRAM_OVERHEAD;
		if (this.#pending === 0) this.#events.drain();
	}
}
