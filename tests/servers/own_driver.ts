/** A driver made for tests: sockets in memory without any event of their own, on the real clock. What they do is said by the test. */

import { test } from "node:test";
import { systemClock } from "../../backends/system_clock.ts";
import { createBackend } from "../../src/backend/async_backend.ts";
import type { Driver, RawDatagramEvents, RawDatagramSocket, RawUdpOptions } from "../../src/backend/driver.ts";
import { assertEquals } from "../support/assert.ts";
import { eventLoopTurns } from "../support/backend_test.ts";
import { bytes, World } from "./harness.ts";

interface Sent {
	readonly data: Uint8Array;
	readonly host: string;
	readonly port: number;
}

/** A socket that the test plays the system of. */
export class OwnSocket implements RawDatagramSocket {
	readonly localAddress: { readonly host: string; readonly port: number };
	bufferedAmount = 0;
	/** What was sent, in order. */
	readonly sent: Sent[] = [];
	/** Asked for each datagram: an error that the system answers with, or nothing. */
	onSend: ((sent: Sent) => unknown) | undefined;
	/** Calls that the test makes in the name of the system. */
	readonly events: RawDatagramEvents;
	/** What `close()` waits for. */
	closing: Promise<void> = Promise.resolve();

	constructor(options: RawUdpOptions, events: RawDatagramEvents, port: number) {
		this.localAddress = { host: options.host, port };
		this.events = events;
	}

	/** A datagram arrives, now. */
	arrive(host: string, port: number, packet: string | Uint8Array): void {
		this.events.message(typeof packet === "string" ? bytes(packet) : packet, host, port);
	}

	send(data: Uint8Array, port: number, host: string, done?: (error?: unknown) => void): void {
		const error = this.onSend?.({ data, host, port });
		if (error === undefined) this.sent.push({ data, host, port });
		if (done !== undefined) done(error);
		else if (error !== undefined) this.events.sendError(error, data, port, host);
	}

	close(): Promise<void> {
		return this.closing;
	}
}

/** The driver, and the sockets that were opened on it. */
export class OwnDriver implements Driver {
	readonly name = "own";
	readonly capabilities: Driver["capabilities"] = { udp: true };
	readonly sockets: OwnSocket[] = [];
	/** Decides whether a socket opens: may throw or wait. */
	onOpen: ((options: RawUdpOptions) => unknown) | undefined;
	now: Driver["now"] = systemClock.now;
	createTimer: Driver["createTimer"] = systemClock.createTimer;
	defer: Driver["defer"] = systemClock.defer;

	async openUdp(options: RawUdpOptions, events: RawDatagramEvents): Promise<OwnSocket> {
		await this.onOpen?.(options);
		const socket = new OwnSocket(options, events, options.port || 40_000 + this.sockets.length);
		this.sockets.push(socket);
		return socket;
	}

	/** The socket that was opened last. */
	get socket(): OwnSocket {
		return this.sockets.at(-1) as OwnSocket;
	}
}

/** A test on the driver. */
export function onOwnDriver(
	name: string,
	body: (world: World, driver: OwnDriver) => Promise<void>,
	options: { skip?: string | false } = {},
): void {
	test(name, { skip: options.skip ?? false }, async () => {
		const driver = new OwnDriver();
		const world = new World(createBackend(driver));
		try {
			await body(world, driver);
		} catch (error) {
			await world.finish().catch(() => undefined);
			throw error;
		}
		await world.finish();
		await eventLoopTurns(3);
		assertEquals(world.backend.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 });
	});
}
