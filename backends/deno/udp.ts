import { setImmediate, setTimeout } from "node:timers";
import type { MulticastOptions, RawDatagramEvents, RawDatagramSocket, RawUdpOptions } from "../../src/backend/driver.ts";
import { UnsupportedOperationError } from "../../src/errors.ts";
import { kernelDrops } from "../kernel_drops.ts";
import { type DenoDatagramConn, type DenoMembership, denoRuntime } from "./runtime.ts";

/** Larger than any UDP payload, so that nothing is truncated, which Deno would not tell. */
const BUFFER_SIZE = 65_536;
/** Datagrams after which the event loop gets a turn: a flood must not starve timers. */
const PER_TURN = 64;
/** Receive errors in a row after which a pause follows, and after which the socket counts as lost. */
const PAUSE_AFTER = 10;
const LOST_AFTER = 1_000;
const PAUSE = 1;

const MAPPED = "::ffff:";

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

/** Deno has this only behind a symbol of its own, for its `node:dgram`. */
async function setMulticastTtl(conn: DenoDatagramConn, ttl: number): Promise<void> {
	const prototype = Object.getPrototypeOf(conn);
	const symbol = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === "setMulticastTTL");
	if (symbol === undefined) {
		const hint = "this version of Deno cannot set the time to live of multicast datagrams";
		throw new UnsupportedOperationError({ capability: "udpMulticastOptions", backend: "deno", hint });
	}
	await (conn as unknown as Record<symbol, (ttl: number) => unknown>)[symbol]?.(ttl);
}

class DenoDatagramSocket implements RawDatagramSocket {
	readonly localAddress: { readonly host: string; readonly port: number };
	bufferedAmount = 0;
	readonly #conn: DenoDatagramConn;
	readonly #events: RawDatagramEvents;
	/** Whether this is an IPv6 socket, which on Deno serves IPv4 as well, by mapped addresses. */
	readonly #dual: boolean;
	readonly #memberships: Map<string, DenoMembership> = new Map();
	#closed = false;

	constructor(conn: DenoDatagramConn, events: RawDatagramEvents, family: 4 | 6) {
		this.localAddress = { host: conn.addr.hostname, port: conn.addr.port };
		this.#conn = conn;
		this.#events = events;
		this.#dual = family === 6;
		void this.#receive();
	}

	send(data: Uint8Array, port: number, host: string, done?: (error?: unknown) => void): void {
		this.bufferedAmount += data.length;
		const hostname = this.#dual && !host.includes(":") ? MAPPED + host : host;
		this.#conn.send(data, { transport: "udp", hostname, port }).then(
			() => {
				this.#taken(data.length);
				done?.();
			},
			(error) => {
				this.#taken(data.length);
				if (done !== undefined) done(error);
				else this.#events.sendError(error, data, port, host);
			},
		);
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#conn.close();
	}

	async joinGroup(group: string, options: MulticastOptions): Promise<void> {
		const membership = group.includes(":")
			? await this.#conn.joinMulticastV6(group, Number(options.interface ?? 0))
			: await this.#conn.joinMulticastV4(group, options.interface ?? "0.0.0.0");
		this.#memberships.set(membershipKey(group, options), membership);
	}

	async leaveGroup(group: string, options: MulticastOptions): Promise<void> {
		const key = membershipKey(group, options);
		const membership = this.#memberships.get(key);
		if (membership === undefined) throw Object.assign(new Error("not a member"), { code: "EADDRNOTAVAIL" });
		this.#memberships.delete(key);
		await membership.leave();
	}

	kernelDrops(): number | undefined {
		return kernelDrops(this.localAddress.host, this.localAddress.port);
	}

	#taken(bytes: number): void {
		this.bufferedAmount -= bytes;
		if (this.bufferedAmount === 0) this.#events.drain();
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
				if (++errors >= LOST_AFTER) return this.#events.close(error);
				this.#events.error(error);
				if (errors >= PAUSE_AFTER) await new Promise((resolve) => setTimeout(resolve, PAUSE));
			}
			if (count % PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
		}
	}
}

function membershipKey(group: string, options: MulticastOptions): string {
	return `${group}|${options.interface ?? ""}`;
}
