import type { AsyncBackend } from "../backend/async_backend.ts";
import type { MulticastOptions } from "../backend/driver.ts";
import { checkLimits } from "../limits.ts";
import type { Logger } from "../logging.ts";
import { DatagramProtocol } from "../protocols/datagram_protocol.ts";
import { checkPort } from "../sockets/address.ts";
import { isGroupAddress } from "../sockets/ip.ts";
import { checkUdpOptions } from "../sockets/udp_options.ts";
import { type UdpBindOptions, UdpSocket } from "../sockets/udp_socket.ts";

/** Options of a `DatagramEndpoint`. */
export interface DatagramEndpointOptions<Sent, Received> extends UdpBindOptions {
	/** How packets become datagrams and back. Default: packets are `Uint8Array`s. */
	protocol?: DatagramProtocol<Sent, Received> | undefined;
	/** Multicast groups to join: their addresses, with the membership's options where they are needed. Default: none. */
	groups?: readonly (string | ({ readonly group: string } & MulticastOptions))[] | undefined;
	/** Where log records go. Default: warnings and errors to standard error. */
	logger?: Logger | undefined;
}

/**
 * @internal Checks the options that need no backend.
 * @throws {TypeError} {RangeError} naming the option.
 */
export function checkEndpointOptions<Sent, Received>(options: DatagramEndpointOptions<Sent, Received>): void {
	checkUdpOptions(options);
	checkPort(options.port ?? 0);
	checkLimits(options.limits);
	const { protocol, groups = [] } = options;
	if (protocol !== undefined && !(protocol instanceof DatagramProtocol)) {
		throw new TypeError(`Cannot use ${String(protocol)} as "protocol": not a DatagramProtocol`);
	}
	for (const entry of groups) {
		const group: unknown = typeof entry === "string" ? entry : entry?.group;
		if (typeof group !== "string" || !isGroupAddress(group)) {
			throw new TypeError(`Cannot use "${String(group)}" in "groups": not a multicast address`);
		}
	}
}

/** @internal Binds the socket and joins the groups, or leaves nothing open. */
export async function openEndpoint<Sent, Received>(
	backend: AsyncBackend,
	options: DatagramEndpointOptions<Sent, Received>,
): Promise<UdpSocket> {
	const socket = await UdpSocket.bind({ ...options, backend });
	try {
		for (const entry of options.groups ?? []) {
			const { group, ...membership } = typeof entry === "string" ? { group: entry } : entry;
			await socket.joinGroup(group, membership);
		}
	} catch (error) {
		await socket.close();
		throw error;
	}
	return socket;
}
