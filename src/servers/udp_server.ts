import type { AsyncBackend } from "../backend/async_backend.ts";
import { CancelScope } from "../concurrency/cancel_scope.ts";
import type { AsyncExitStack } from "../concurrency/exit_stack.ts";
import { DatagramProtocol } from "../protocols/datagram_protocol.ts";
import type { AnyDatagramProtocol, ReceivedPacket, SentPacket } from "../protocols/packet_types.ts";
import { checkPort, resolveHost } from "../sockets/address.ts";
import { errorCode } from "../sockets/system_error.ts";
import { checkUdpOptions, type UdpSocketOptions } from "../sockets/udp_options.ts";
import { UdpSocket } from "../sockets/udp_socket.ts";
import { DatagramService } from "./datagram_service.ts";
import { type DatagramHandler, type DatagramRequestHandler, datagramHandler } from "./handlers.ts";
import { NetworkServer } from "./network_server.ts";
import type { NetworkServerOptions } from "./server_options.ts";
import type { Service } from "./server_run.ts";
import { type DatagramServerStats, newCounts } from "./stats.ts";

/** What binding says on a host without the address family. */
const NO_FAMILY: ReadonlySet<string> = new Set(["EAFNOSUPPORT", "EADDRNOTAVAIL"]);

/** Options of a {@linkcode UdpServer}. */
export interface UdpServerOptions<Protocol extends AnyDatagramProtocol> extends NetworkServerOptions, UdpSocketOptions {
	/** One address or name of this host, several, or all interfaces (the default; also `""` and `null`): one socket for each address. */
	host?: string | readonly string[] | null | undefined;
	/** 0: any free port, another one for each socket. */
	port: number;
	/** How packets become datagrams and back. */
	protocol: Protocol;
	/** What answers them. */
	handler: DatagramHandler<SentPacket<NoInfer<Protocol>>, ReceivedPacket<NoInfer<Protocol>>>;
	/** Which datagram is dropped when too many wait for a handler. Default: `"drop-newest"`. */
	overflow?: "drop-newest" | "drop-oldest" | undefined;
	/** Source ports whose datagrams are dropped, such as 7 (echo) and 53 (DNS), against reflection loops. Default: none; port 0 always is. */
	refuseSourcePorts?: Iterable<number> | undefined;
}

/**
 * A UDP server: one async generator for each peer that sends, whose every `yield` receives a packet.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, StringLineSerializer, UdpClient, UdpServer } from "netquay";
 *
 * const protocol = new DatagramProtocol(new StringLineSerializer());
 * const server = new UdpServer({
 * 	host: "127.0.0.1",
 * 	port: 0,
 * 	protocol,
 * 	handler: async function* (client) {
 * 		const request = yield;
 * 		await client.sendPacket(request.toUpperCase());
 * 	},
 * });
 * await server.start();
 *
 * const [address] = server.getAddresses();
 * const client = new UdpClient({ host: "127.0.0.1", port: address!.port, protocol });
 * await client.sendPacket("hello");
 * console.log(await client.receivePacket({ timeout: 1_000 })); // HELLO
 * await client.close();
 * await server.close();
 * ```
 */
export class UdpServer<Protocol extends AnyDatagramProtocol = AnyDatagramProtocol> extends NetworkServer {
	readonly #options: UdpServerOptions<Protocol>;
	readonly #handler: DatagramRequestHandler<SentPacket<Protocol>, ReceivedPacket<Protocol>>;
	readonly #refusedPorts: ReadonlySet<number>;
	readonly #counts = Object.assign(newCounts(), { queued: 0, queuedBytes: 0 });
	#service: DatagramService | undefined;

	/**
	 * Checks the options; opens nothing.
	 *
	 * @throws {TypeError} {RangeError} when an option is wrong.
	 */
	constructor(options: UdpServerOptions<Protocol>) {
		super(options);
		checkUdpOptions(options);
		checkPort(options.port);
		if (!(options.protocol instanceof DatagramProtocol)) {
			throw new TypeError(`Cannot use ${String(options.protocol)} as "protocol": not a DatagramProtocol`);
		}
		const { overflow } = options;
		if (overflow !== undefined && overflow !== "drop-newest" && overflow !== "drop-oldest") {
			throw new TypeError(`Cannot use "${String(overflow)}" as "overflow": neither "drop-newest" nor "drop-oldest"`);
		}
		this.#options = options;
		this.#handler = datagramHandler(options.handler);
		this.#refusedPorts = checkPorts(options.refuseSourcePorts);
		checkHosts(options.host);
	}

	/** What happened so far: `received` = `handled` + `queued` + the sum of `dropped`, at every moment. */
	stats(): DatagramServerStats {
		const { queuedBytes, dropped, ...counts } = this.#counts;
		void queuedBytes;
		const stats: DatagramServerStats = {
			...counts,
			dropped: { ...dropped },
			listening: this.isListening(),
			peers: this.#service?.peers ?? 0,
			handlers: this.#service?.handlers ?? 0,
			received: 0,
			sendErrors: 0,
			receiveErrors: 0,
			kernelDrops: undefined,
		};
		for (const { core } of this.allSockets) {
			stats.received += core.stats.received;
			stats.queued += core.queuedDatagrams;
			stats.dropped.totalQueue += core.stats.queueFull;
			stats.dropped.truncated += core.stats.truncated;
			stats.dropped.stopped += core.stats.discarded;
			stats.sendErrors += core.stats.sendErrors;
			stats.receiveErrors += core.stats.errors;
			const drops = core.closed ? undefined : core.raw.kernelDrops?.();
			if (drops !== undefined) stats.kernelDrops = (stats.kernelDrops ?? 0) + drops;
		}
		return stats;
	}

	/** @internal */
	protected override async open(backend: AsyncBackend): Promise<UdpSocket[]> {
		const { host } = this.#options;
		if (host === undefined || host === null || host === "" || host.length === 0) return this.#openAll(backend);
		const names = typeof host === "string" ? [host] : host;
		const found = await Promise.all(names.map((name) => resolveHost(backend, name)));
		const hosts = [...new Set(found.flat())].sort();
		const { sockets, errors } = await this.#bind(backend, hosts);
		if (errors.length === 0) return sockets;
		await Promise.all(sockets.map((socket) => socket.close()));
		throw failure(hosts, errors);
	}

	/** All interfaces, of the families that this host has. */
	async #openAll(backend: AsyncBackend): Promise<UdpSocket[]> {
		// Without IPV6_V6ONLY, the IPv6 socket serves both families, and a second one could not be bound beside it.
		const hosts = backend.capabilities.ipv6Only ? ["0.0.0.0", "::"] : ["::"];
		const { sockets, errors } = await this.#bind(backend, hosts);
		if (errors.length === 0) return sockets;
		if (errors.every((error) => NO_FAMILY.has(errorCode(error)))) {
			if (sockets.length > 0) return sockets;
			if (hosts.length === 1)
				return [await UdpSocket.bind({ ...this.#options, backend, host: "0.0.0.0", limits: this.limits })];
		}
		await Promise.all(sockets.map((socket) => socket.close()));
		throw failure(hosts, errors);
	}

	async #bind(backend: AsyncBackend, hosts: readonly string[]): Promise<{ sockets: UdpSocket[]; errors: unknown[] }> {
		const opened = await Promise.allSettled(
			hosts.map((host) => UdpSocket.bind({ ...this.#options, backend, host, limits: this.limits })),
		);
		return {
			sockets: opened.filter((outcome) => outcome.status === "fulfilled").map((outcome) => outcome.value),
			errors: opened.filter((outcome) => outcome.status === "rejected").map((outcome) => outcome.reason),
		};
	}

	/** @internal */
	protected override async initService(exitStack: AsyncExitStack): Promise<void> {
		await this.#handler.serviceInit?.(exitStack, this);
	}

	/** @internal */
	protected override createService(backend: AsyncBackend, sockets: readonly UdpSocket[]): Service {
		const { task, scope: outer } = backend.scheduler.context();
		const scope = new CancelScope(backend.scheduler.timers);
		scope.enter(outer);
		const service = new DatagramService({
			scheduler: backend.scheduler,
			sockets,
			protocol: this.#options.protocol,
			handler: this.#handler,
			limits: this.limits,
			overflow: this.#options.overflow ?? "drop-newest",
			refuseSourcePorts: this.#refusedPorts,
			counts: this.#counts,
			log: this.log,
			scope,
			values: task?.values ?? new Map(),
		});
		this.#service = service;
		return service;
	}
}

function failure(hosts: readonly string[], errors: readonly unknown[]): unknown {
	if (hosts.length === 1) return errors[0];
	const reasons = errors.map((error) => (error instanceof Error ? error.message : String(error)));
	return new AggregateError(errors, `Cannot open the server: ${reasons.join("; ")}`);
}

function checkPorts(ports: Iterable<number> | undefined): ReadonlySet<number> {
	if (ports === undefined) return new Set();
	if (typeof ports?.[Symbol.iterator] !== "function" || typeof ports === "string") {
		throw new TypeError(`Cannot use ${String(ports)} as "refuseSourcePorts": not iterable`);
	}
	return new Set([...ports].map((port) => checkPort(port, "refuseSourcePorts")));
}

function checkHosts(host: unknown): void {
	for (const each of Array.isArray(host) ? host : [host ?? ""]) {
		if (typeof each !== "string")
			throw new TypeError(`Cannot use ${String(each)} as "host": not a host name or address`);
	}
}
