import { readFileSync } from "node:fs";
import type { MulticastOptions } from "../../src/backend/driver.ts";
import { UnsupportedOperationError } from "../../src/errors.ts";
import type { DenoDatagramConn, DenoMembership } from "./runtime.ts";

/** The multicast groups that a socket is in: Deno makes an object of each membership. */
export class Memberships {
	readonly #conn: DenoDatagramConn;
	readonly #joined: Map<string, DenoMembership> = new Map();

	constructor(conn: DenoDatagramConn) {
		this.#conn = conn;
	}

	async join(group: string, options: MulticastOptions): Promise<void> {
		const key = keyOf(group, options);
		if (this.#joined.has(key)) throw Object.assign(new Error("already a member"), { code: "EADDRINUSE" });
		const membership = group.includes(":")
			? await this.#conn.joinMulticastV6(group, interfaceIndex(options.interface))
			: await this.#conn.joinMulticastV4(group, options.interface ?? "0.0.0.0");
		this.#joined.set(key, membership);
	}

	async leave(group: string, options: MulticastOptions): Promise<void> {
		const key = keyOf(group, options);
		const membership = this.#joined.get(key);
		if (membership === undefined) throw Object.assign(new Error("not a member"), { code: "EADDRNOTAVAIL" });
		this.#joined.delete(key);
		await membership.leave();
	}
}

/** Deno has this only behind a symbol of its own, for its `node:dgram`. */
export async function setMulticastTtl(conn: DenoDatagramConn, ttl: number): Promise<void> {
	const prototype = Object.getPrototypeOf(conn);
	const symbol = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === "setMulticastTTL");
	if (symbol === undefined) {
		const hint = "this version of Deno cannot set the time to live of multicast datagrams";
		throw new UnsupportedOperationError({ capability: "udpMulticastOptions", backend: "deno", hint });
	}
	await (conn as unknown as Record<symbol, (ttl: number) => unknown>)[symbol]?.(ttl);
}

function keyOf(group: string, options: MulticastOptions): string {
	return `${group}|${options.interface ?? ""}`;
}

/** IPv6 interfaces are named by a zone, `::%eth0` or `::%2`, as on Node; Deno takes their number. 0: the system chooses. */
function interfaceIndex(address: string | undefined): number {
	const zone = address?.split("%")[1];
	if (zone === undefined) return 0;
	if (/^\d+$/.test(zone)) return Number(zone);
	try {
		return Number(readFileSync(`/sys/class/net/${zone}/ifindex`, "latin1"));
	} catch (cause) {
		const reason = `the number of the interface "${zone}" is unknown, so give it as "::%<number>"`;
		throw Object.assign(new Error(reason, { cause }), { code: "ENODEV" });
	}
}
