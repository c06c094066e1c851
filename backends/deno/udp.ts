import { setImmediate, setTimeout } from "node:timers";
import type {
	MulticastOptions,
	RawDatagramEvents,
	RawDatagramSocket,
	RawUdpOptions,
} from "../../src/backend/driver.ts";
import { UnsupportedOperationError } from "../../src/errors.ts";
import { DATAGRAM_OVERHEAD } from "../../src/sockets/receive_queue.ts";
import { errorCode, isTransient } from "../../src/sockets/system_error.ts";
import { kernelDrops } from "../kernel_drops.ts";
import { Memberships, setMulticastTtl } from "./multicast.ts";
import { type DenoDatagramConn, denoRuntime } from "./runtime.ts";

/** Larger than any UDP payload, so that nothing is truncated, which Deno would not tell. */
const BUFFER_SIZE = 65_536;
/** Datagrams after which the event loop gets a turn: a flood must not starve timers. */
const PER_TURN = 64;
/** Receive errors in a row after which each one is followed by a pause, in milliseconds. */
const PAUSE_AFTER = 10;
const PAUSE = 1;

const MAPPED = "::ffff:";

interface Unsent {
	readonly data: Uint8Array;
	readonly port: number;
	readonly host: string;
	readonly done: ((error?: unknown) => void) | undefined;
}

/** Opens a socket of `Deno.listenDatagram`. */
export async function openUdp(options: RawUdpOptions, events: RawDatagramEvents): Promise<RawDatagramSocket> {
	const { listenDatagram } = denoRuntime();
	if (listenDatagram === undefined) {
		const hint = 'Deno has no datagram sockets without the flag --unstable-net, or "unstable": ["net"] in deno.json';
		throw new UnsupportedOperationError({ capability: "udp", backend: "deno", hint });
	}
	const conn = listenDatagram({
		transport: "udp",
		hostname: options.host,
		port: options.port,
		reuseAddress: options.reuseAddress ?? false,
		loopback: options.multicastLoopback ?? true,
	});
	try {
		if (options.multicastTtl !== undefined) await setMulticastTtl(conn, options.multicastTtl);
	} catch (error) {
		conn.close();
		throw error;
	}
	return new DenoDatagramSocket(conn, events, options.family);
}

class DenoDatagramSocket implements RawDatagramSocket {
	readonly localAddress: { readonly host: string; readonly port: number };
	bufferedAmount = 0;
	readonly #conn: DenoDatagramConn;
	readonly #events: RawDatagramEvents;
	/** Whether this is an IPv6 socket, which on Deno serves IPv4 as well, by mapped addresses. */
	readonly #dual: boolean;
	readonly #memberships: Memberships;
	readonly #receiving: Promise<void>;
	/** Datagrams that wait for the one before them. */
	#queue: Unsent[] = [];
	#sending: Promise<void> | undefined;
	#closed = false;

	constructor(conn: DenoDatagramConn, events: RawDatagramEvents, family: 4 | 6) {
		this.localAddress = { host: conn.addr.hostname, port: conn.addr.port };
		this.#conn = conn;
		this.#events = events;
		this.#dual = family === 6;
		this.#memberships = new Memberships(conn);
		this.#receiving = this.#receive();
	}

	send(data: Uint8Array, port: number, host: string, done?: (error?: unknown) => void): void {
		this.bufferedAmount += data.length + DATAGRAM_OVERHEAD;
		this.#queue.push({ data, port, host, done });
		this.#sending ??= this.#sendQueued();
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#conn.close();
		// What is under way keeps the port.
		await this.#sending;
		await this.#receiving;
	}

	joinGroup(group: string, options: MulticastOptions): Promise<void> {
		return this.#memberships.join(group, options);
	}

	leaveGroup(group: string, options: MulticastOptions): Promise<void> {
		return this.#memberships.leave(group, options);
	}

	kernelDrops(): number | undefined {
		return kernelDrops(this.localAddress.host, this.localAddress.port);
	}

	/** One at a time: Deno sends those that it cannot send at once, such as the first ones of a socket, in reverse order. */
	async #sendQueued(): Promise<void> {
		while (this.#queue.length > 0) {
			const queue = this.#queue;
			this.#queue = [];
			let failure: unknown;
			for (const unsent of queue) {
				// Out of buffers: those behind it fail as well, so that the core tries all of them again in their order.
				if (failure === undefined || !isTransient(failure)) failure = await this.#sendOne(unsent);
				this.#settle(unsent, failure);
			}
		}
		this.#sending = undefined;
		this.#events.drain();
	}

	/** Answers with what went wrong, if anything did. */
	async #sendOne({ data, port, host }: Unsent): Promise<unknown> {
		const hostname = this.#dual && !host.includes(":") ? MAPPED + host : host;
		try {
			await this.#conn.send(data, { transport: "udp", hostname, port });
			return undefined;
		} catch (error) {
			return error;
		}
	}

	#settle({ data, port, host, done }: Unsent, error: unknown): void {
		this.bufferedAmount -= data.length + DATAGRAM_OVERHEAD;
		if (done !== undefined) done(error);
		else if (error !== undefined) this.#events.sendError(error, data, port, host);
	}

	/** One buffer for all receives: a fresh one for each datagram costs Deno more than the datagram itself. */
	async #receive(): Promise<void> {
		const buffer = new Uint8Array(BUFFER_SIZE);
		let errors = 0;
		for (let count = 1; !this.#closed; count++) {
			try {
				const [data, { hostname, port }] = await this.#conn.receive(buffer);
				if (this.#closed) return;
				errors = 0;
				const host = this.#dual && hostname.startsWith(MAPPED) ? hostname.slice(MAPPED.length) : hostname;
				this.#events.message(data.slice(), host, port);
			} catch (error) {
				if (this.#closed) return;
				if (errorCode(error) === "EBADF") return this.#events.close(error);
				this.#events.error(error);
				if (++errors >= PAUSE_AFTER) await new Promise((resolve) => setTimeout(resolve, PAUSE));
			}
			if (count % PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
		}
	}
}
