import type {
	MulticastOptions,
	RawDatagramEvents,
	RawDatagramSocket,
	RawUdpOptions,
} from "../../src/backend/driver.ts";
import { UnsupportedOperationError } from "../../src/errors.ts";
import { joinGroup, leaveGroup, setOptions } from "../datagram_options.ts";
import { kernelDrops } from "../kernel_drops.ts";
import { type BunUdpSocket, bunRuntime, IPV6_ONLY, REUSE_ADDRESS, REUSE_PORT } from "./runtime.ts";
import { SendBatch } from "./send_batch.ts";

/** Opens a socket of `Bun.udpSocket`. */
export async function openUdp(options: RawUdpOptions, events: RawDatagramEvents): Promise<RawDatagramSocket> {
	if (options.multicastTtl === 0) {
		const hint = 'Bun takes a "multicastTtl" from 1 to 255';
		throw new UnsupportedOperationError({ capability: "udpMulticastOptions", backend: "bun", hint });
	}
	let batch: SendBatch | undefined;
	const socket = await bunRuntime().udpSocket({
		hostname: options.host,
		port: options.port,
		binaryType: "buffer",
		flags:
			(options.family === 6 ? IPV6_ONLY : 0) |
			(options.reuseAddress ? REUSE_ADDRESS : 0) |
			(options.reusePort ? REUSE_PORT : 0),
		...(options.peer && { connect: { hostname: options.peer.host, port: options.peer.port } }),
		socket: {
			data(_socket, data, port, address, flags) {
				if (flags?.truncated) events.truncated();
				else events.message(data, address, port);
			},
			drain: () => batch?.flush(),
			// Bun passes the error alone, against its own types.
			error: (...args) => events.error(args.at(-1)),
		},
	});
	try {
		setOptions(socket, options);
	} catch (error) {
		socket.close();
		throw error;
	}
	batch = new SendBatch(socket, options.peer !== undefined, events);
	return new BunDatagramSocket(socket, batch);
}

class BunDatagramSocket implements RawDatagramSocket {
	readonly localAddress: { readonly host: string; readonly port: number };
	readonly #socket: BunUdpSocket;
	readonly #batch: SendBatch;

	constructor(socket: BunUdpSocket, batch: SendBatch) {
		const { address, port } = socket.address;
		this.localAddress = { host: address, port };
		this.#socket = socket;
		this.#batch = batch;
	}

	get bufferedAmount(): number {
		return this.#batch.bytes;
	}

	send(data: Uint8Array, port: number, host: string, done?: (error?: unknown) => void): void {
		this.#batch.add(data, port, host, done);
	}

	async close(): Promise<void> {
		this.#batch.flush();
		this.#batch.stop(Object.assign(new Error("the socket was closed"), { code: "ECANCELED" }));
		this.#socket.close();
	}

	joinGroup(group: string, options: MulticastOptions): void {
		joinGroup(this.#socket, group, options);
	}

	leaveGroup(group: string, options: MulticastOptions): void {
		leaveGroup(this.#socket, group, options);
	}

	kernelDrops(): number | undefined {
		return kernelDrops(this.localAddress.host, this.localAddress.port);
	}
}
