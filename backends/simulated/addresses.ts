import { ipFamily, isGroupAddress } from "../../src/sockets/ip.ts";

/** One end of a datagram's way. */
export interface Endpoint {
	/** A literal IP address. */
	readonly host: string;
	/** 0 to 65,535. */
	readonly port: number;
}

/** The address of all hosts. */
export const BROADCAST = "255.255.255.255";

/** The short form of an IP address (RFC 5952), without its zone; `undefined` for what is none. */
export function canonicalAddress(host: string): string | undefined {
	const family = ipFamily(host);
	if (family !== 6) return family === 4 ? host : undefined;
	const [address] = host.split("%", 1);
	return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The family of an address. */
export function familyOf(host: string): 4 | 6 {
	return host.includes(":") ? 6 : 4;
}

/** Whether it stands for all addresses of a host. */
export function isWildcard(host: string): boolean {
	return host === "0.0.0.0" || host === "::";
}

/** Whether it never leaves a host. */
export function isLoopback(host: string): boolean {
	return host === "::1" || host.startsWith("127.");
}

/** The address that a host knows itself by. */
export function loopbackOf(family: 4 | 6): string {
	return family === 4 ? "127.0.0.1" : "::1";
}

/** Whether it is the address of a multicast group. */
export function isMulticast(host: string): boolean {
	return host !== BROADCAST && isGroupAddress(host);
}
