import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";

const REFUSED = new Set(["EPERM", "EACCES", "ERR_ACCESS_DENIED"]);

/** Asks the system's resolver (`getaddrinfo`), hosts file included, in its order. Bun and Deno have no better way of their own. */
export async function resolve(hostname: string): Promise<readonly string[]> {
	try {
		const found = await lookup(hostname, { all: true, order: "verbatim" });
		return found.map(({ address }) => address);
	} catch (error) {
		if (!REFUSED.has((error as { code: string }).code)) throw error;
		// Node and Deno do not say why.
		throw Object.assign(new Error("permission denied, run with the flag --allow-net", { cause: error }), {
			code: "EACCES",
		});
	}
}

/** The addresses of all interfaces. Empty where asking is not permitted. */
export function localAddresses(): readonly string[] {
	try {
		return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
	} catch {
		return [];
	}
}
