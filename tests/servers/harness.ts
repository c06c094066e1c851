/** Servers and peers for tests, on the simulated backend and on real sockets, with the checks that every test ends with. */

import { test } from "node:test";
import { Simulation, type SimulationOptions } from "../../backends/simulated/mod.ts";
import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import type { Logger } from "../../src/logging.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import type { DatagramClient } from "../../src/servers/datagram_client.ts";
import {
	type DatagramHandler,
	type DatagramRequestHandler,
	datagramHandler,
	type HandlerGenerator,
} from "../../src/servers/handlers.ts";
import type { DatagramServerStats } from "../../src/servers/stats.ts";
import { UdpServer, type UdpServerOptions } from "../../src/servers/udp_server.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assertEquals } from "../support/assert.ts";
import { testBackend } from "../support/backend.ts";
import { eventLoopTurns } from "../support/backend_test.ts";

export type Client = DatagramClient<string>;
export type Handler = DatagramHandler<string, string>;

export const protocol: DatagramProtocol<string> = new DatagramProtocol(new StringLineSerializer());

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** Answers each packet with itself. */
export async function* echo(client: Client): HandlerGenerator<string> {
	await client.sendPacket(yield);
}

/** Keeps what a server logs. */
export class RecordingLogger implements Logger {
	readonly records: string[] = [];

	debug(message: string): void {
		this.records.push(`DEBUG ${message}`);
	}
	info(message: string): void {
		this.records.push(`INFO ${message}`);
	}
	warn(message: string): void {
		this.records.push(`WARN ${message}`);
	}
	error(message: string): void {
		this.records.push(`ERROR ${message}`);
	}

	/** The first lines of the records of a level. */
	of(level: "INFO" | "WARN" | "ERROR"): string[] {
		const found = this.records.filter((record) => record.startsWith(level));
		return found.map((record) => (record.split("\n")[0] as string).slice(level.length + 1));
	}
}

/** Sends and receives text, as one peer of a server. */
export class Peer {
	readonly socket: UdpSocket;
	readonly #to: { readonly host: string; readonly port: number };

	constructor(socket: UdpSocket, to: { readonly host: string; readonly port: number }) {
		this.socket = socket;
		this.#to = to;
	}

	async send(...packets: string[]): Promise<void> {
		for (const packet of packets) await this.socket.send(bytes(packet), this.#to);
	}

	async receive(timeout = 5_000): Promise<string> {
		return text((await this.socket.receive({ timeout })).data);
	}

	async ask(packet: string): Promise<string> {
		await this.send(packet);
		return this.receive();
	}
}

/** What a server is made with in a test: a handler, and whatever else is to differ from the defaults here. */
export interface TestServerOptions extends Partial<Omit<UdpServerOptions<DatagramProtocol<string>>, "handler">> {
	/** Whether the generators of the handler are counted, which costs time and memory. Default: true. */
	counted?: boolean;
}

/** The servers and peers of one test. */
export class World {
	readonly backend: AsyncBackend;
	/** On the simulated backend. */
	readonly simulation: Simulation | undefined;
	readonly logger: RecordingLogger = new RecordingLogger();
	/** Generators of handlers that took a first step, and that ended. */
	started = 0;
	finalised = 0;
	readonly #servers: UdpServer<DatagramProtocol<string>>[] = [];
	readonly #sockets: UdpSocket[] = [];

	constructor(backend: AsyncBackend, simulation?: Simulation) {
		this.backend = backend;
		this.simulation = simulation;
	}

	/** A server that does not serve yet. */
	server(
		handler: Handler,
		{ counted = true, ...options }: TestServerOptions = {},
	): UdpServer<DatagramProtocol<string>> {
		const { backend, logger } = this;
		const defaults = { host: "127.0.0.1", port: 0, protocol, backend, logger };
		const server = new UdpServer({ ...defaults, ...options, handler: counted ? this.#counted(handler) : handler });
		this.#servers.push(server);
		return server;
	}

	/** A server that serves. */
	async serve(handler: Handler, options: TestServerOptions = {}): Promise<UdpServer<DatagramProtocol<string>>> {
		const server = this.server(handler, options);
		await server.start();
		return server;
	}

	/** A peer of the server. */
	async peer(
		server: UdpServer<DatagramProtocol<string>>,
		options: { host?: string; port?: number } = {},
	): Promise<Peer> {
		const socket = await UdpSocket.bind({ backend: this.backend, host: "127.0.0.1", ...options });
		this.#sockets.push(socket);
		const [address] = server.getAddresses();
		if (address === undefined) throw new Error("The server has no address");
		return new Peer(socket, address);
	}

	async peers(server: UdpServer<DatagramProtocol<string>>, count: number): Promise<Peer[]> {
		return await Promise.all(Array.from({ length: count }, () => this.peer(server)));
	}

	/** Lets a datagram arrive at the server from anywhere. Only on the simulated backend. */
	inject(
		server: UdpServer<DatagramProtocol<string>>,
		from: { host: string; port: number },
		packet: string | Uint8Array,
	): void {
		const [to] = server.getAddresses();
		if (to === undefined || this.simulation === undefined) throw new Error("Cannot inject");
		this.simulation.inject({ from, to, data: typeof packet === "string" ? bytes(packet) : packet });
	}

	/** Waits until the condition holds, looking each millisecond of the backend's clock. */
	async until(what: string, condition: () => unknown, timeout = 5_000): Promise<void> {
		const end = this.backend.now() + timeout;
		while (!condition()) {
			if (this.backend.now() > end) throw new Error(`Never happened in ${timeout} ms: ${what}`);
			await this.backend.sleep(1);
		}
	}

	/** What every test ends with: all is closed, accounted for, and nothing is left. */
	async finish(): Promise<void> {
		for (const server of this.#servers) await server.close();
		for (const socket of this.#sockets) await socket.close();
		let abandoned = 0;
		for (const server of this.#servers) {
			const stats = server.stats();
			checkStats(stats);
			assertEquals(
				[stats.queued, stats.handlers, stats.peers],
				[0, 0, 0],
				"queued, handlers, peers of a closed server",
			);
			abandoned += stats.abandoned;
		}
		// One that was abandoned may have ended after all.
		const ended = Math.min(this.finalised + abandoned, Math.max(this.started, this.finalised));
		assertEquals(ended, this.started, "Each generator must end exactly once");
	}

	#counted(handler: Handler): Handler {
		if (typeof handler !== "function" && typeof handler?.handle !== "function") return handler;
		const inner = datagramHandler(handler);
		const counted: DatagramRequestHandler<string, string> = {
			handle: (client) => this.#count(inner.handle(client)),
		};
		Object.defineProperty(counted.handle, "name", { value: inner.handle.name });
		if (inner.serviceInit !== undefined) {
			counted.serviceInit = (exitStack, server) => inner.serviceInit?.(exitStack, server);
		}
		return counted;
	}

	/** The same generator, whose beginning and end are counted. Its steps keep their timing. */
	#count(generator: HandlerGenerator<string>): HandlerGenerator<string> {
		if (typeof generator?.next !== "function" || typeof generator.throw !== "function") return generator;
		let begun = false;
		let ended = false;
		const end = (): void => {
			if (!ended) this.finalised++;
			ended = true;
		};
		for (const method of ["next", "throw", "return"] as const) {
			const original = generator[method] as (value?: unknown) => Promise<IteratorResult<unknown>>;
			if (typeof original !== "function") continue;
			Object.defineProperty(generator, method, {
				value: (value: unknown) => {
					if (!begun) this.started++;
					begun = true;
					const step = original.call(generator, value);
					Promise.resolve(step).then(({ done }) => {
						if (done) end();
					}, end);
					return step;
				},
			});
		}
		return generator;
	}
}

/** Fails unless every datagram is accounted for. */
export function checkStats(stats: DatagramServerStats): void {
	const dropped = Object.values(stats.dropped).reduce((sum, count) => sum + count, 0);
	assertEquals(
		stats.handled + stats.queued + dropped,
		stats.received,
		`handled + queued + dropped of ${JSON.stringify(stats)}`,
	);
	for (const [name, count] of Object.entries({ ...stats, ...stats.dropped })) {
		if (typeof count === "number" && count < 0) throw new Error(`Cannot be negative: ${name} is ${count}`);
	}
}

/** A test in virtual time. */
export function simulated(name: string, body: (world: World) => Promise<void>, options: SimulationOptions = {}): void {
	test(name, async () => {
		const simulation = new Simulation({ seed: 1, ...options });
		let backend: AsyncBackend | undefined;
		await simulation.run(async (running) => {
			backend = running;
			const world = new World(running, simulation);
			try {
				await body(world);
			} catch (error) {
				await world.finish().catch(() => undefined);
				throw error;
			}
			await world.finish();
		});
		await checkNothingLeft(backend as AsyncBackend);
	});
}

/** A test with real sockets on loopback. */
export function onSockets(
	name: string,
	body: (world: World) => Promise<void>,
	options: { skip?: string | false } = {},
): void {
	test(name, { skip: options.skip ?? false }, async () => {
		const world = new World(await testBackend());
		try {
			await body(world);
		} catch (error) {
			await world.finish().catch(() => undefined);
			throw error;
		}
		await world.finish();
		await checkNothingLeft(world.backend);
	});
}

/** A test in virtual time, and once more with real sockets. */
export function everywhere(name: string, body: (world: World) => Promise<void>): void {
	simulated(`${name} [simulated]`, body);
	onSockets(`${name} [sockets]`, body);
}

async function checkNothingLeft(backend: AsyncBackend): Promise<void> {
	// An unhandled rejection fails the test that is running; it is reported behind the promise jobs of a turn.
	await eventLoopTurns(3);
	const left = Object.entries(backend.liveResources()).filter(([, count]) => count !== 0);
	assertEquals(left, [], "Expected nothing to be left behind");
}
