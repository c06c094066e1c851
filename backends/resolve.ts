import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";

/** Asks the system's resolver (`getaddrinfo`), hosts file included, in its order. Bun and Deno have no better way of their own. */
export async function resolve(hostname: string): Promise<readonly string[]> {
	const found = await lookup(hostname, { all: true, order: "verbatim" });
	return found.map(({ address }) => address);
}

/** The addresses of all interfaces. Empty where asking is not permitted. */
export function localAddresses(): readonly string[] {
	try {
		return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
	} catch {
		return [];
	}
}
