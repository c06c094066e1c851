import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { RawDatagramEvents } from "../../src/backend/driver.ts";
import type { BunUdpSocket } from "./runtime.ts";

/** Sending fails with the ICMP error of an earlier datagram, to whomever that went; trying again sends this one. */
const REFUSED_TRIES = 2;
/** Milliseconds after which to try again when the kernel is full: Bun's `drain` does not always come. */
const FULL_PAUSE = 1;

type Done = ((error?: unknown) => void) | undefined;

/** Collects the datagrams of one turn of the event loop and sends them with one `sendmmsg`, which Bun does for `sendMany`. */
export class SendBatch {
	/** Bytes that wait. */
	bytes = 0;
	readonly #socket: BunUdpSocket;
	readonly #connected: boolean;
	readonly #events: RawDatagramEvents;
	/** For `sendMany`: data, port and address of each datagram in turn; for connected sockets only the data. */
	#packets: (Uint8Array | number | string)[] = [];
	#done: Done[] = [];
	#scheduled = false;
	#retry: ReturnType<typeof setTimeout> | undefined;
	#full = false;

	constructor(socket: BunUdpSocket, connected: boolean, events: RawDatagramEvents) {
		this.#socket = socket;
		this.#connected = connected;
		this.#events = events;
	}

	add(data: Uint8Array, port: number, host: string, done: Done): void {
		if (this.#connected) this.#packets.push(data);
		else this.#packets.push(data, port, host);
		this.#done.push(done);
		this.bytes += data.length;
		if (this.#scheduled) return;
		this.#scheduled = true;
		setImmediate(this.#onTurn);
	}

	/** Sends what the kernel takes. The rest waits for it. */
	flush(): void {
		while (this.#done.length > 0) {
			const sent = this.#sendMany();
			this.#settle(sent);
			if (this.#done.length > 0 && sent === 0) {
				this.#full = true;
				this.#retry ??= setTimeout(this.#onRetry, FULL_PAUSE);
				return;
			}
		}
		if (this.#full) {
			this.#full = false;
			this.#events.drain();
		}
	}

	/** Forgets what waits. */
	stop(): void {
		clearTimeout(this.#retry);
		const done = this.#done;
		this.#packets = [];
		this.#done = [];
		this.bytes = 0;
		for (const callback of done) callback?.(Object.assign(new Error("the socket was closed"), { code: "ECANCELED" }));
	}

	readonly #onTurn = (): void => {
		this.#scheduled = false;
		this.flush();
	};

	readonly #onRetry = (): void => {
		this.#retry = undefined;
		this.flush();
	};

	/** How many the kernel took. A datagram that it refuses for good is reported and left out. */
	#sendMany(): number {
		for (let tries = 0; ; tries++) {
			try {
				return this.#socket.sendMany(this.#packets);
			} catch (error) {
				const { code } = error as { code?: string };
				if (code === "ECONNREFUSED" && !this.#connected && tries < REFUSED_TRIES) continue;
				return this.#sendSingly();
			}
		}
	}

	/** `sendMany` threw, and does not say for which: sends one by one until the kernel is full. */
	#sendSingly(): number {
		const width = this.#connected ? 1 : 3;
		const count = this.#done.length;
		for (let index = 0; index < count; index++) {
			const [data, port, host] = this.#packets.slice(index * width, index * width + width) as [Uint8Array, number, string];
			for (let tries = 0; ; tries++) {
				try {
					const taken = this.#connected ? this.#socket.send(data) : this.#socket.send(data, port, host);
					if (!taken) return index;
					break;
				} catch (error) {
					const { code } = error as { code?: string };
					if (code === "ECONNREFUSED" && !this.#connected && tries < REFUSED_TRIES) continue;
					this.#fail(index, error, data, port, host);
					break;
				}
			}
		}
		return count;
	}

	#fail(index: number, error: unknown, data: Uint8Array, port: number, host: string): void {
		const done = this.#done[index];
		this.#done[index] = undefined;
		if (done !== undefined) done(error);
		else this.#events.sendError(error, data, port, host);
	}

	#settle(count: number): void {
		const width = this.#connected ? 1 : 3;
		const packets = this.#packets;
		const done = this.#done;
		this.#packets = count === done.length ? [] : packets.slice(count * width);
		this.#done = count === done.length ? [] : done.slice(count);
		for (let index = 0; index < count; index++) {
			this.bytes -= (packets[index * width] as Uint8Array).length;
			done[index]?.();
		}
	}
}
