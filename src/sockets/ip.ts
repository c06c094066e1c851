const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const V4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const V6_GROUP = /^[0-9a-f]{1,4}$/i;

/** @internal The family of a literal IP address (RFC 4291 text form, with an optional `%zone`), or 0 if it is none. */
export function ipFamily(host: string): 4 | 6 | 0 {
	if (V4.test(host)) return 4;
	return parseV6(host) === undefined ? 0 : 6;
}

/** @internal Whether it is the address of "all interfaces". */
export function isUnspecified(host: string): boolean {
	return host === "0.0.0.0" || (ipFamily(host) === 6 && (parseV6(host) as number[]).every((group) => group === 0));
}

/** @internal Whether it is an address that no single host has: multicast, or the limited broadcast address. */
export function isGroupAddress(host: string): boolean {
	if (host.charCodeAt(0) === 102 || host.charCodeAt(0) === 70) return /^f{2}/i.test(host);
	const dot = host.indexOf(".");
	if (dot < 1 || host.includes(":")) return false;
	const first = Number(host.slice(0, dot));
	return (first >= 224 && first <= 239) || host === "255.255.255.255";
}

/** @internal One spelling for each address, without the zone: what tells two of them apart. */
export function canonicalIp(host: string): string {
	const groups = parseV6(host);
	return groups === undefined ? host : groups.map((group) => group.toString(16)).join(":");
}

/** @internal The IPv4 address inside an IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2); any other as it is. */
export function unmappedIp(host: string): string {
	const groups = host.includes(":") ? parseV6(host) : undefined;
	if (groups === undefined || groups[5] !== 0xffff || groups.slice(0, 5).some((group) => group !== 0)) return host;
	const [high, low] = groups.slice(6) as [number, number];
	return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The eight groups of an IPv6 address, or `undefined`. */
function parseV6(host: string): number[] | undefined {
	const zone = host.indexOf("%");
	let text = zone < 0 ? host : host.slice(0, zone);
	if (zone === 0 || zone === host.length - 1 || !text.includes(":")) return undefined;
	const lastColon = text.lastIndexOf(":");
	const embedded = text.slice(lastColon + 1);
	if (embedded.includes(".")) {
		if (!V4.test(embedded)) return undefined;
		const [a, b, c, d] = embedded.split(".").map(Number) as [number, number, number, number];
		text = `${text.slice(0, lastColon + 1)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
	}
	const halves = text.split("::");
	if (halves.length > 2) return undefined;
	const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":"))) as [string[], string[] | undefined];
	const missing = 8 - head.length - (tail?.length ?? 0);
	if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
	const groups = [...head, ...Array<string>(tail === undefined ? 0 : missing).fill("0"), ...(tail ?? [])];
	return groups.every((group) => V6_GROUP.test(group)) ? groups.map((group) => Number.parseInt(group, 16)) : undefined;
}
