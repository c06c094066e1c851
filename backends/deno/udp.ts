import { setImmediate, setTimeout } from "node:timers";
import type {
	MulticastOptions,
	RawDatagramEvents,
	RawDatagramSocket,
	RawUdpOptions,
} from "../../src/backend/driver.ts";
import { UnsupportedOperationError } from "../../src/errors.ts";
import { errorCode } from "../../src/sockets/system_error.ts";
import { kernelDrops } from "../kernel_drops.ts";
import { SerialSender } from "../serial_sender.ts";
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

/** Opens a socket of `Deno.listenDatagram`. */
export async function openUdp(options: RawUdpOptions, events: RawDatagramEvents): Promise<RawDatagramSocket> {
	const { listenDatagram } = denoRuntime();
	if (listenDatagram === undefined) {
		const hint = 'Deno has no datagram sockets without the flag --unstable-net, or "unstable": ["net"] in deno.json';
		throw new UnsupportedOperationError({ capability: "udp", backend: "deno", hint });
	}
	if (options.family === 6 && options.multicastTtl !== undefined) {
		const hint = "Deno sets the time to live of IPv4 datagrams only";
		throw new UnsupportedOperationError({ capability: "udpMulticastOptions", backend: "deno", hint });
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
	readonly #conn: DenoDatagramConn;
	readonly #events: RawDatagramEvents;
	/** Whether this is an IPv6 socket, which on Deno serves IPv4 as well, by mapped addresses. */
	readonly #dual: boolean;
	readonly #memberships: Memberships;
	readonly #sender: SerialSender;
	readonly #receiving: Promise<void>;
	#closed = false;

	constructor(conn: DenoDatagramConn, events: RawDatagramEvents, family: 4 | 6) {
		this.localAddress = { host: conn.addr.hostname, port: conn.addr.port };
		this.#conn = conn;
		this.#events = events;
		this.#dual = family === 6;
		this.#memberships = new Memberships(conn);
		this.#sender = new SerialSender((data, port, host) => this.#sendOne(data, port, host), false, events);
		this.#receiving = this.#receive();
	}

	get bufferedAmount(): number {
		return this.#sender.bytes;
	}

	send(data: Uint8Array, port: number, host: string, done?: (error?: unknown) => void): void {
		this.#sender.add(data, port, host, done);
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#conn.close();
		// As long as it is under way, it keeps the port.
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

	async #sendOne(data: Uint8Array, port: number, host: string): Promise<unknown> {
		const hostname = this.#dual && !host.includes(":") ? MAPPED + host : host;
		try {
			await this.#conn.send(data, { transport: "udp", hostname, port });
			return undefined;
		} catch (error) {
			return error;
		}
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
