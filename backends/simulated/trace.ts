import { formatAddress } from "../../src/sockets/address.ts";
import type { Endpoint } from "./addresses.ts";
import type { SimulatedPacket } from "./packet.ts";

/** What happened in the network, in order, and a hash of it: two runs with equal hashes went the same way. */
export class Trace {
	/** One line for each event: virtual time in milliseconds, what happened, to whom, how many bytes. */
	readonly lines: string[] = [];
	readonly #now: () => number;
	#hashed = 0;
	#high = 0xcbf29ce4;
	#low = 0x84222325;

	constructor(now: () => number) {
		this.#now = now;
	}

	/** Notes what happened to a packet. */
	packet(what: string, { kind, from, to, data }: SimulatedPacket): void {
		const prefix = kind === "udp" ? "" : `${kind}-`;
		this.#add(
			`${prefix}${what} ${formatAddress(from.host, from.port)} > ${formatAddress(to.host, to.port)} ${data.length}`,
		);
	}

	/** Notes what happened to a socket. */
	socket(what: string, local: Endpoint, detail = ""): void {
		this.#add(`${what} ${formatAddress(local.host, local.port)}${detail}`);
	}

	/** FNV-1a over the lines, 64 bits as 16 hexadecimal digits. */
	hash(): string {
		for (; this.#hashed < this.lines.length; this.#hashed++) this.#update(`${this.lines[this.#hashed]}\n`);
		return hex(this.#high) + hex(this.#low);
	}

	#add(line: string): void {
		this.lines.push(`${this.#now().toFixed(3)} ${line}`);
	}

	#update(text: string): void {
		for (let i = 0; i < text.length; i++) {
			// The prime is 2^40 + 435; all products stay below 2^53.
			const low = (this.#low ^ text.charCodeAt(i)) >>> 0;
			const product = low * 435;
			const carry = Math.floor(product / 0x1_0000_0000);
			this.#high = (Math.imul(this.#high, 435) + carry + (low << 8)) >>> 0;
			this.#low = product >>> 0;
		}
	}
}

function hex(word: number): string {
	return word.toString(16).padStart(8, "0");
}
