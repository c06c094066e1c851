import type { AsyncBackend } from "../backend/async_backend.ts";
import { SocketError } from "../errors.ts";
import { abandonable } from "./abandonable.ts";
import { canonicalIp, ipFamily, unmappedIp } from "./ip.ts";
import { errorCode, socketError } from "./system_error.ts";

/** An IP address and a port: where a socket is bound, or who sent a datagram. */
export class InetAddress {
	/** A literal IPv4 or IPv6 address, in IPv6 perhaps with a zone such as `%eth0`. */
	readonly host: string;
	/** 0 to 65,535. */
	readonly port: number;

	/**
	 * @throws {TypeError} when `host` is no literal address.
	 * @throws {RangeError} when `port` is not a whole number from 0 to 65,535.
	 */
	constructor(host: string, port: number) {
		if (typeof host !== "string" || ipFamily(host) === 0) {
			throw new TypeError(`Cannot use "${String(host)}" as an address: not a literal IP address`);
		}
		this.host = host;
		this.port = checkPort(port);
	}

	/** `"IPv4"` or `"IPv6"`. */
	get family(): "IPv4" | "IPv6" {
		return this.host.includes(":") ? "IPv6" : "IPv4";
	}

	/** Whether the other is the same address and port, however it is spelled. */
	equals(other: { readonly host: string; readonly port: number }): boolean {
		return this.port === other.port && canonicalIp(this.host) === canonicalIp(other.host);
	}

	/** `127.0.0.1:53`, `[::1]:53`. Usable as a key. */
	toString(): string {
		return formatAddress(this.host, this.port);
	}
}

/** @internal */
export function formatAddress(host: string, port: number): string {
	return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** @internal */
export function checkPort(port: number, option = "port"): number {
	if (!Number.isInteger(port) || port < 0 || port > 65_535) {
		throw new RangeError(`Cannot use ${String(port)} as "${option}": not a whole number from 0 to 65535`);
	}
	return port;
}

/**
 * @internal The literal addresses of a host; a literal one is its own, without asking anybody. An IPv4 address in the
 * form of an IPv6 one (`::ffff:127.0.0.1`) is given as the former, since sockets serve one family. A cancellation point
 * when it has to ask.
 *
 * @throws {UnsupportedOperationError} when the backend cannot resolve names.
 * @throws {SocketError} when the name has no address.
 */
export async function resolveHost(backend: AsyncBackend, host: string): Promise<readonly string[]> {
	if (ipFamily(host) !== 0) return [unmappedIp(host)];
	backend.require("resolve", `give a literal IP address instead of "${host}"`);
	const ask = async (): Promise<readonly string[]> => {
		try {
			return (await backend.driver.resolve?.(host)) ?? [];
		} catch (error) {
			if (errorCode(error) !== "UNKNOWN") throw socketError(`Cannot resolve "${host}"`, error);
			const reason = error instanceof Error ? error.message : String(error);
			throw new SocketError(`Cannot resolve "${host}": ${reason}`, "ENOTFOUND", { cause: error });
		}
	};
	const found = await abandonable(backend.scheduler, `the addresses of ${host}`, ask, () => undefined);
	if (found.length === 0) throw new SocketError(`Cannot resolve "${host}": it has no address`, "ENOTFOUND");
	return found;
}
