/** One end of a datagram's way. */
export interface Endpoint {
	/** A literal IP address. */
	readonly host: string;
	/** 0 to 65535. */
	readonly port: number;
}

/** The address of all hosts. */
export const BROADCAST = "255.255.255.255";

const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);

/** The one way to write an IP address, without its zone; `undefined` for what is none. */
export function canonicalAddress(host: string): string | undefined {
	if (!host.includes(":")) return IPV4.test(host) ? host : undefined;
	const [address = ""] = host.split("%", 1);
	if (!/^[\da-f:.]+$/i.test(address) || !URL.canParse(`http://[${address}]`)) return undefined;
	return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The family of a canonical address. */
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

/** Whether it is the address of a multicast group. */
export function isMulticast(host: string): boolean {
	if (familyOf(host) === 6) return host.startsWith("ff") && host.indexOf(":") === 4;
	const first = Number.parseInt(host, 10);
	return first >= 224 && first <= 239;
}

/** Whether more than one host may be meant. */
export function isGroup(host: string): boolean {
	return host === BROADCAST || isMulticast(host);
}

/** `10.0.0.1:53`, `[::1]:53`. */
export function formatEndpoint({ host, port }: Endpoint): string {
	return familyOf(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}
