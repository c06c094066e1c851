import { readFileSync } from "node:fs";
import { endianness } from "node:os";

/**
 * How many datagrams Linux dropped on the UDP sockets bound to an address because their buffer was full: the last column
 * of `/proc/net/udp` (proc_net(5)). Undefined on other systems, or where reading is not permitted.
 */
export function kernelDrops(host: string, port: number): number | undefined {
	let drops: number | undefined;
	try {
		const table = readFileSync(host.includes(":") ? "/proc/net/udp6" : "/proc/net/udp", "latin1");
		const local = `${hexAddress(host)}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
		for (const line of table.split("\n")) {
			const columns = line.trim().split(/\s+/);
			if (columns[1] === local) drops = (drops ?? 0) + Number(columns.at(-1));
		}
	} catch {
		return undefined;
	}
	return drops;
}

/** The kernel prints an address as 32-bit words in the machine's byte order. */
function hexAddress(host: string): string {
	const bytes = host.includes(":") ? v6Bytes(host) : host.split(".").map(Number);
	const words: string[] = [];
	for (let start = 0; start < bytes.length; start += 4) {
		const word = bytes.slice(start, start + 4);
		if (endianness() === "LE") word.reverse();
		words.push(word.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(""));
	}
	return words.join("");
}

function v6Bytes(host: string): number[] {
	// The URL parser spells every IPv6 address in one way, without embedded IPv4.
	const text = new URL(`http://[${host.replace(/%.*/, "")}]`).hostname.slice(1, -1);
	const [head = "", tail] = text.split("::");
	const groups = (part: string): number[] =>
		part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
	const [before, after] = [groups(head), groups(tail ?? "")];
	return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after].flatMap((group) => [
		group >> 8,
		group & 255,
	]);
}
