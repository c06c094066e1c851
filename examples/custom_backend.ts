/**
 * A backend of your own, whole: UDP sockets that are connected by a switchboard inside this process, without any network.
 * Below it, a server and a client run on it as they would on any other. Ends by itself.
 *
 *     node examples/custom_backend.ts
 *
 * It passes the conformance suite of netquay/testing: see tests/conformance.test.ts.
 */
import process from "node:process";
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { pathToFileURL } from "node:url";
import {
	type AsyncBackend,
	createBackend,
	DatagramProtocol,
	type Driver,
	type RawDatagramEvents,
	type RawDatagramSocket,
	type RawUdpOptions,
	StringLineSerializer,
	UdpClient,
	UdpServer,
} from "../mod.ts";

/** The addresses of the switchboard: of each family, the one address there is, and "all interfaces". */
const LOOPBACK = { 4: "127.0.0.1", 6: "::1" } as const;
const ANY = { 4: "0.0.0.0", 6: "::" } as const;

/** An error as the system's: the core understands its `code`. */
function systemError(code: string): Error {
	return Object.assign(new Error(`switchboard: ${code}`), { code });
}

/** One spelling for every address: `::1` is also `0:0:0:0:0:0:0:1`. */
function endpoint(host: string, port: number): string {
	return host.includes(":") ? new URL(`udp://[${host}]:${port}`).host : `${host}:${port}`;
}

class Switchboard {
	readonly #sockets = new Map<string, RawDatagramEvents>();
	#lastPort = 49_151;

	async open({ host, port, family }: RawUdpOptions, events: RawDatagramEvents): Promise<RawDatagramSocket> {
		const own = LOOPBACK[family];
		if (host !== own && host !== ANY[family]) throw systemError("EADDRNOTAVAIL");
		const bound = port === 0 ? this.#freePort(own) : port;
		if (this.#find(own, bound) !== undefined) throw systemError("EADDRINUSE");
		this.#sockets.set(endpoint(host, bound), events);
		return {
			localAddress: { host, port: bound },
			// Sending never waits.
			bufferedAmount: 0,
			send: (data, toPort, toHost, done) => {
				// The sender keeps its buffer and the receiver gets one of its own: so a copy. As on a network, it arrives later.
				const copy = data.slice();
				setImmediate(() => this.#find(toHost, toPort)?.message(copy, own, bound));
				done?.();
			},
			close: async () => void this.#sockets.delete(endpoint(host, bound)),
		};
	}

	/** The socket on the address itself, or else on all interfaces. */
	#find(host: string, port: number): RawDatagramEvents | undefined {
		const any = host.includes(":") ? ANY[6] : ANY[4];
		return this.#sockets.get(endpoint(host, port)) ?? this.#sockets.get(endpoint(any, port));
	}

	#freePort(host: string): number {
		for (let tries = 0; tries < 16_384; tries++) {
			this.#lastPort = this.#lastPort < 65_535 ? this.#lastPort + 1 : 49_152;
			if (this.#find(host, this.#lastPort) === undefined) return this.#lastPort;
		}
		throw systemError("EADDRINUSE");
	}
}

/** Makes the driver: a clock, and sockets on a switchboard of its own. */
export function switchboardDriver(): Driver {
	const switchboard = new Switchboard();
	return {
		name: "switchboard",
		// What is not named here, such as multicast, the core refuses without asking.
		capabilities: { udp: true, ipv6Only: true, resolve: true },
		now: () => performance.now(),
		createTimer(callback) {
			let timer: ReturnType<typeof setTimeout> | undefined;
			const stop = (): void => clearTimeout(timer);
			return {
				start(delay) {
					stop();
					timer = setTimeout(callback, Math.min(Math.ceil(delay), 2 ** 31 - 1));
				},
				stop,
			};
		},
		defer: (callback) => void setImmediate(callback),
		openUdp: (options, events) => switchboard.open(options, events),
		resolve: async (hostname) => (hostname === "localhost" ? [LOOPBACK[4]] : []),
	};
}

// That was the backend. From here on nothing knows of it but the option `backend`.

async function demonstrate(backend: AsyncBackend): Promise<void> {
	const protocol = new DatagramProtocol(new StringLineSerializer());
	const server = new UdpServer({
		backend,
		host: "localhost",
		port: 7000,
		protocol,
		handler: async function* (client) {
			const request = yield;
			await client.sendPacket(request.toUpperCase());
		},
	});
	await server.start();
	const client = new UdpClient({ backend, host: "localhost", port: 7000, protocol });
	await client.sendPacket("hello");
	console.log(`"hello" was answered with "${await client.receivePacket({ timeout: 1_000 })}"`);
	await client.close();
	await server.close();
	console.log("Left behind:", JSON.stringify(backend.liveResources()));
}

const [, main] = process.argv;
if (main !== undefined && import.meta.url === pathToFileURL(main).href) {
	await demonstrate(createBackend(switchboardDriver()));
}
