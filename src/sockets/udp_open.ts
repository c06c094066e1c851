import type { AsyncBackend } from "../backend/async_backend.ts";
import { detectBackend } from "../backend/detect.ts";
import type { RawDatagramEvents, RawDatagramSocket, RawUdpOptions } from "../backend/driver.ts";
import { SocketError } from "../errors.ts";
import { checkLimits } from "../limits.ts";
import { checkPort, formatAddress, InetAddress, resolveHost } from "./address.ts";
import { DatagramSocket } from "./datagram_socket.ts";
import { canonicalIp, ipFamily, isUnspecified } from "./ip.ts";
import { checkUdpOptions, rawUdpOptions, type UdpBindOptions, type UdpConnectOptions } from "./udp_options.ts";

/** The largest payload: 65,535 less the UDP header, and for IPv4 the IP header (RFC 768, RFC 791, RFC 8200). */
const MAX_PAYLOAD = { 4: 65_507, 6: 65_527 } as const;

/** @internal An open UDP socket. */
export interface OpenUdpSocket {
	readonly core: DatagramSocket;
	readonly localAddress: InetAddress;
	readonly remoteAddress?: InetAddress;
}

/** @internal See `UdpSocket.bind()`. */
export async function bindUdp(options: UdpBindOptions): Promise<OpenUdpSocket> {
	checkUdpOptions(options);
	const port = checkPort(options.port ?? 0);
	const limits = checkLimits(options.limits);
	const backend = options.backend ?? (await detectBackend());
	backend.require("udp");
	const raw = rawUdpOptions(backend, options);
	const [host] = (await resolveHost(backend, options.host ?? "0.0.0.0")) as [string];
	const family = ipFamily(host) as 4 | 6;
	const core = await DatagramSocket.open({
		backend,
		limits,
		what: `Cannot bind ${formatAddress(host, port)}`,
		open: opener(backend, { ...raw, host, port, family }),
		maxPayload: MAX_PAYLOAD[family],
		connected: false,
	});
	return { core, localAddress: localAddress(core, host) };
}

/** @internal See `UdpSocket.connect()`. */
export async function connectUdp(options: UdpConnectOptions): Promise<OpenUdpSocket> {
	checkUdpOptions(options);
	const port = checkPort(options.port);
	if (port === 0) throw new RangeError('Cannot use 0 as "port": a peer has a real port');
	const localPort = checkPort(options.localAddress?.port ?? 0, "localAddress.port");
	const limits = checkLimits(options.limits);
	const backend = options.backend ?? (await detectBackend());
	backend.require("udp");
	const raw = rawUdpOptions(backend, options);
	const own = options.localAddress === undefined ? undefined : await resolveHost(backend, options.localAddress.host);
	const connected = backend.capabilities.udpConnected;
	const errors: unknown[] = [];
	for (const found of await resolveHost(backend, options.host)) {
		const family = ipFamily(found) as 4 | 6;
		// "Any address" as a destination is this host (on Linux): said here, so that answers come from the peer.
		const host = isUnspecified(found) ? LOOPBACK[family] : found;
		const localHost = own === undefined ? anyAddress(family, host) : own.find((one) => ipFamily(one) === family);
		const what = `Cannot connect to ${formatAddress(host, port)}`;
		if (localHost === undefined) {
			errors.push(new SocketError(`${what}: "localAddress" is of the other family`, "EAFNOSUPPORT"));
			continue;
		}
		const peer = { host, port };
		try {
			const core = await DatagramSocket.open({
				backend,
				limits,
				what,
				open: opener(backend, { ...raw, host: localHost, port: localPort, family, ...(connected && { peer }) }),
				maxPayload: MAX_PAYLOAD[family],
				// Also where the system filters: others may have sent between binding and connecting.
				peer,
				connected,
			});
			return { core, localAddress: localAddress(core, localHost), remoteAddress: new InetAddress(host, port) };
		} catch (error) {
			if (!(error instanceof SocketError)) throw error;
			errors.push(error);
		}
	}
	throw errors.length === 1 ? errors[0] : new AggregateError(errors, `Cannot connect to "${options.host}"`);
}

const LOOPBACK = { 4: "127.0.0.1", 6: "::1" } as const;

/** The address to bind for a peer. Loopback is known at once; for others the system may choose, when it connects. */
function anyAddress(family: 4 | 6, peer: string): string {
	if (family === 4) return peer.startsWith("127.") ? LOOPBACK[4] : "0.0.0.0";
	return canonicalIp(peer) === canonicalIp(LOOPBACK[6]) ? LOOPBACK[6] : "::";
}

function opener(
	{ driver }: AsyncBackend,
	options: RawUdpOptions,
): (events: RawDatagramEvents) => Promise<RawDatagramSocket> {
	return (events) => {
		// Only a driver that claims the capability without having the method.
		if (driver.openUdp === undefined) throw new TypeError(`The driver "${driver.name}" has no method "openUdp"`);
		return driver.openUdp(options, events);
	};
}

/** Where it is bound. Some runtimes leave out the zone, without which a link-local address means nothing. */
function localAddress(core: DatagramSocket, requested: string): InetAddress {
	const { host, port } = core.raw.localAddress;
	const zone = requested.indexOf("%");
	const lost = zone >= 0 && !host.includes("%") && /^fe[89ab]/i.test(host);
	return new InetAddress(lost ? host + requested.slice(zone) : host, port);
}
