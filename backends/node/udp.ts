import { createSocket, type Socket } from "node:dgram";
import type {
	MulticastOptions,
	RawDatagramEvents,
	RawDatagramSocket,
	RawUdpOptions,
} from "../../src/backend/driver.ts";
import { UnsupportedOperationError } from "../../src/errors.ts";
import { joinGroup, leaveGroup, setOptions } from "../datagram_options.ts";
import { kernelDrops } from "../kernel_drops.ts";
import { SerialSender } from "../serial_sender.ts";
import { CallbackSender } from "./callback_sender.ts";
import { MessageBatch } from "./message_batch.ts";
import { isDeno, isNode } from "./runtime.ts";

/** Opens a socket of `node:dgram`. */
export async function openUdp(options: RawUdpOptions, events: RawDatagramEvents): Promise<RawDatagramSocket> {
	const { family, peer } = options;
	if (isDeno && family === 6) refuseIgnored(options);
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
		setBufferSizes(socket, options);
		if (peer !== undefined) await once(socket, (done) => socket.connect(peer.port, peer.host, done));
	} catch (error) {
		await new Promise<void>((resolve) => socket.close(resolve));
		throw error;
	}
	return new NodeDatagramSocket(socket, peer !== undefined, events);
}

/** Deno sets these for IPv4, whatever the socket is. */
function refuseIgnored({ ttl, multicastTtl }: RawUdpOptions): void {
	if (ttl === undefined && multicastTtl === undefined) return;
	const capability = ttl === undefined ? "udpMulticastOptions" : "udpTtl";
	const hint = "Deno sets the time to live of IPv4 datagrams only";
	throw new UnsupportedOperationError({ capability, backend: "node", hint });
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

/** Answers with what went wrong, if anything did. */
function sendOne(socket: Socket, connected: boolean, data: Uint8Array, port: number, host: string): Promise<unknown> {
	return new Promise((resolve) => {
		const callback = (error: Error | null): void => resolve(error ?? undefined);
		try {
			if (connected) socket.send(data, callback);
			else socket.send(data, port, host, callback);
		} catch (error) {
			resolve(error);
		}
	});
}

function setBufferSizes(socket: Socket, options: RawUdpOptions): void {
	if (options.receiveBufferSize !== undefined) socket.setRecvBufferSize(options.receiveBufferSize);
	if (options.sendBufferSize !== undefined) socket.setSendBufferSize(options.sendBufferSize);
}

class NodeDatagramSocket implements RawDatagramSocket {
	readonly localAddress: { readonly host: string; readonly port: number };
	readonly #socket: Socket;
	readonly #sender: CallbackSender | SerialSender;
	#closing = false;

	constructor(socket: Socket, connected: boolean, events: RawDatagramEvents) {
		const { address, port } = socket.address();
		this.localAddress = { host: address, port };
		this.#socket = socket;
		this.#sender = isNode
			? new CallbackSender(socket, connected, events)
			: new SerialSender((...datagram) => sendOne(socket, connected, ...datagram), connected, events);
		socket.on("error", (error) => events.error(error));
		socket.on("close", () => {
			if (!this.#closing) events.close();
		});
	}

	get bufferedAmount(): number {
		return this.#sender.bytes;
	}

	send(data: Uint8Array, port: number, host: string, done?: (error?: unknown) => void): void {
		this.#sender.add(data, port, host, done);
	}

	close(): Promise<void> {
		this.#closing = true;
		return new Promise((resolve) => this.#socket.close(resolve));
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
