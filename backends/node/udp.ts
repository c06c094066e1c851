import { createSocket, type Socket } from "node:dgram";
import type { RawDatagramEvents, RawDatagramSocket, RawUdpOptions } from "../../src/backend/driver.ts";
import { DATAGRAM_OVERHEAD } from "../../src/sockets/receive_queue.ts";
import { kernelDrops } from "../kernel_drops.ts";
import { MessageBatch } from "./message_batch.ts";

/** Opens a socket of `node:dgram`. */
export async function openUdp(options: RawUdpOptions, events: RawDatagramEvents): Promise<RawDatagramSocket> {
	const { family, peer } = options;
	const socket = createSocket({
		type: family === 4 ? "udp4" : "udp6",
		reuseAddr: options.reuseAddress ?? false,
		...(options.reusePort === true && { reusePort: true }),
		ipv6Only: family === 6,
		// The core sends to literal addresses only; Node's own look-up costs a tick for each datagram all the same.
		lookup: (hostname, _options, callback) => callback(null, hostname, family),
	});
	const batch = new MessageBatch(events);
	socket.on("message", (data, { address, port }) => batch.add(data, address, port));
	try {
		await once(socket, (done) => socket.bind({ address: options.host, port: options.port, exclusive: true }, done));
		setOptions(socket, options);
		if (peer !== undefined) await once(socket, (done) => socket.connect(peer.port, peer.host, done));
	} catch (error) {
		await new Promise<void>((resolve) => socket.close(resolve));
		throw error;
	}
	return new NodeDatagramSocket(socket, peer !== undefined, events);
}

/** Waits for the callback, or for the `error` event that comes instead. */
function once(socket: Socket, start: (done: (error?: Error) => void) => void): Promise<void> {
	return new Promise((resolve, reject) => {
		socket.once("error", reject);
		start((error) => {
			socket.off("error", reject);
			if (error instanceof Error) reject(error);
			else resolve();
		});
	});
}

function setOptions(socket: Socket, options: RawUdpOptions): void {
	if (options.broadcast !== undefined) socket.setBroadcast(options.broadcast);
	if (options.ttl !== undefined) socket.setTTL(options.ttl);
	if (options.multicastTtl !== undefined) socket.setMulticastTTL(options.multicastTtl);
	if (options.multicastLoopback !== undefined) socket.setMulticastLoopback(options.multicastLoopback);
	if (options.multicastInterface !== undefined) socket.setMulticastInterface(options.multicastInterface);
	if (options.receiveBufferSize !== undefined) socket.setRecvBufferSize(options.receiveBufferSize);
	if (options.sendBufferSize !== undefined) socket.setSendBufferSize(options.sendBufferSize);
}

class NodeDatagramSocket implements RawDatagramSocket {
	readonly localAddress: { readonly host: string; readonly port: number };
	/**
	 * What Node has not called back for: at most one turn's worth, as long as the kernel takes the datagrams. That counts,
	 * too, for Node keeps 700 bytes for each callback.
	 */
	bufferedAmount = 0;
	readonly #socket: Socket;
	readonly #connected: boolean;
	readonly #events: RawDatagramEvents;
	#pending = 0;
	#closing = false;

	constructor(socket: Socket, connected: boolean, events: RawDatagramEvents) {
		const { address, port } = socket.address();
		this.localAddress = { host: address, port };
		this.#socket = socket;
		this.#connected = connected;
		this.#events = events;
		socket.on("error", (error) => events.error(error));
		socket.on("close", () => {
			if (!this.#closing) events.close();
		});
	}

	send(data: Uint8Array, port: number, host: string, done?: (error?: unknown) => void): void {
		this.#pending++;
		this.bufferedAmount += data.length + DATAGRAM_OVERHEAD;
		const callback =
			done === undefined
				? this.#sent
				: (error: Error | null, size: number): void => {
						this.#settled(error, size);
						done(error ?? undefined);
					};
		try {
			if (this.#connected) this.#socket.send(data, callback);
			else this.#socket.send(data, port, host, callback);
		} catch (error) {
			callback(error as Error, 0);
		}
	}

	close(): Promise<void> {
		this.#closing = true;
		return new Promise((resolve) => this.#socket.close(resolve));
	}

	joinGroup(group: string, options: { interface?: string | undefined; source?: string | undefined }): void {
		if (options.source === undefined) this.#socket.addMembership(group, options.interface);
		else this.#socket.addSourceSpecificMembership(options.source, group, options.interface);
	}

	leaveGroup(group: string, options: { interface?: string | undefined; source?: string | undefined }): void {
		if (options.source === undefined) this.#socket.dropMembership(group, options.interface);
		else this.#socket.dropSourceSpecificMembership(options.source, group, options.interface);
	}

	kernelDrops(): number | undefined {
		return kernelDrops(this.localAddress.host, this.localAddress.port);
	}

	/** One function for all sends, so that a send allocates no closure. Without any, Node would hide that a send failed. */
	readonly #sent = (error: Error | null, size: number): void => {
		if (error) this.#events.sendError(error);
		this.#settled(error, size);
	};

	#settled(error: Error | null, size: number): void {
		this.#pending--;
		// A failed send does not tell its size, so that the sum is too large until it starts anew.
		if (this.#pending === 0) this.bufferedAmount = 0;
		else if (!error) this.bufferedAmount -= size + DATAGRAM_OVERHEAD;
		if (this.#pending === 0) this.#events.drain();
	}
}
