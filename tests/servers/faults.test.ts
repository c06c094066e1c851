import { BrokenResourceError, SendQueueFullError, SocketError } from "../../src/errors.ts";
import {
	assert,
	assertEquals,
	assertInstanceOf,
	assertLessOrEqual,
	assertMatch,
	assertRejects,
} from "../support/assert.ts";
import { eventLoopTurns } from "../support/backend_test.ts";
import { checkStats, echo, onSockets } from "./harness.ts";
import { onOwnDriver } from "./own_driver.ts";

const failure = (code: string): Error => Object.assign(new Error(code), { code });

onOwnDriver(
	"D8 D17 errors of reception are logged at most ten times a second, and serving goes on",
	async (world, driver) => {
		const server = await world.serve(echo);
		driver.socket.events.error(failure("ECONNREFUSED"));
		assertEquals(
			[server.stats().receiveErrors, world.logger.of("WARN").length],
			[1, 0],
			"nobody's fault on this socket",
		);
		for (let i = 0; i < 500; i++) driver.socket.events.error(failure("ENOMEM"));
		driver.socket.arrive("10.0.0.1", 9, "still here");
		await world.until("it is answered", () => driver.socket.sent.length === 1);
		assertEquals(server.stats().receiveErrors, 501);
		assertLessOrEqual(world.logger.of("WARN").length, 12);
		assertMatch(
			world.logger.of("WARN")[0] as string,
			/^Unrelated error occurred on datagram reception: SocketError: .*ENOMEM/,
		);
		await server.shutdown();
		assert(world.logger.of("WARN").some((record) => record.startsWith("Suppressed")));
	},
);

onOwnDriver("D17 S20 a socket that does nothing but fail ends the server loudly", async (world, driver) => {
	const server = await world.serve(echo);
	for (let i = 0; i < 5_000 && server.isListening(); i++) driver.socket.events.error(failure("ENOMEM"));
	const error = await assertRejects(() => server.wait(), Error);
	assert(error instanceof SocketError || error instanceof BrokenResourceError, String(error));
	assertEquals([server.isListening(), server.isServing()], [false, false]);
	assertMatch(world.logger.of("ERROR")[0] as string, /^Server failed: /);
});

onOwnDriver(
	"S20 a socket that the system closes ends the server with the cause; it cannot serve again",
	async (world, driver) => {
		const ended: string[] = [];
		const server = await world.serve(
			{
				serviceInit: (exitStack) => exitStack.defer(() => ended.push("unwound")),
				async *handle() {
					try {
						yield;
						yield;
					} finally {
						ended.push("handler");
					}
				},
			},
			{ host: ["10.0.0.1", "10.0.0.2"] },
		);
		driver.socket.arrive("10.0.0.9", 9, "x");
		await world.until("it is handled", () => server.stats().handled === 1);
		driver.socket.events.close(failure("ENETDOWN"));
		const error = await assertRejects(() => server.wait(), Error, "the system closed it");
		assertEquals((error.cause as { code: string }).code, "ENETDOWN");
		assertEquals(ended, ["handler", "unwound"]);
		assertEquals([server.isListening(), server.isServing(), server.getAddresses().length], [false, false, 1]);
		for (const start of [() => server.start(), () => server.serveForever()])
			await assertRejects(start, Error, "closed it");
		assertEquals(ended.length, 2, "serviceInit was not called again");
		await server.close();
	},
);

onOwnDriver("S20 a socket that was closed while the server did not serve is no zombie", async (world, driver) => {
	const server = world.server(echo);
	await server.activate();
	driver.socket.events.close(failure("ENETDOWN"));
	assertEquals(server.isListening(), false);
	await assertRejects(() => server.start(), Error, "the system closed it");
});

onOwnDriver("D10 a system that is out of buffers for a moment: nothing is lost, in order", async (world, driver) => {
	const server = await world.serve(async function* (client) {
		yield;
		for (let n = 0; n < 5; n++) await client.sendPacket(`${n}`);
	});
	let refusals = 0;
	driver.socket.onSend = () => (refusals++ < 2 ? failure("ENOBUFS") : undefined);
	driver.socket.arrive("10.0.0.1", 9, "x");
	await world.until("all are sent", () => driver.socket.sent.length === 5);
	assertEquals(driver.socket.sent.map(({ data }) => String.fromCharCode(...data)).join(""), "01234");
	assertEquals(server.stats().sendErrors, 0);
});

onOwnDriver("D10 one that stays out of buffers: the datagram is dropped, counted and logged", async (world, driver) => {
	const server = await world.serve(echo);
	driver.socket.onSend = () => failure("ENOBUFS");
	driver.socket.arrive("10.0.0.1", 9, "x");
	await world.until("it is given up", () => server.stats().sendErrors === 1);
	assertMatch(world.logger.of("WARN")[0] as string, /^Unrelated error occurred on datagram sending: /);
	driver.socket.onSend = undefined;
	driver.socket.arrive("10.0.0.1", 9, "y");
	await world.until("the next is sent", () => driver.socket.sent.length === 1);
	checkStats(server.stats());
});

onOwnDriver(
	"D11 what the system does not take is bounded: sendPacket rejects, and goes on when there is room",
	async (world, driver) => {
		const errors: unknown[] = [];
		let done = false;
		await world.serve(
			async function* (client) {
				yield;
				for (let n = 0; n < 200; n++) void client.sendPacket("x".repeat(1_000)).catch((error) => errors.push(error));
				done = true;
			},
			{ limits: { sendQueueBytes: 50_000 } },
		);
		const { socket } = driver;
		socket.onSend = ({ data }) => {
			socket.bufferedAmount += data.length;
		};
		socket.arrive("10.0.0.1", 9, "x");
		await world.until("all were tried", () => done);
		await eventLoopTurns(1);
		assertEquals([socket.sent.length, errors.length], [50, 150]);
		assertInstanceOf(errors[0], SendQueueFullError);
		socket.bufferedAmount = 0;
		socket.events.drain();
	},
);

onOwnDriver("D13 a truncated datagram is counted, and delivered to nobody", async (world, driver) => {
	const server = await world.serve(echo);
	driver.socket.events.truncated();
	await eventLoopTurns(2);
	const { received, dropped, handled } = server.stats();
	assertEquals([received, dropped.truncated, handled], [1, 1, 0]);
});

onOwnDriver("L5 the second of two sockets fails to open: the first is closed", async (world, driver) => {
	let opened = 0;
	driver.onOpen = () => {
		if (++opened === 2) throw failure("EADDRINUSE");
	};
	const server = world.server(echo, { host: ["10.0.0.1", "10.0.0.2"] });
	await assertRejects(() => server.start(), AggregateError, "EADDRINUSE");
	assertEquals(world.backend.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 });
	await server.start();
	assertEquals(server.getAddresses().length, 2);
});

onOwnDriver(
	"a driver that delivers from within a send, or with a name it should not have, does no harm",
	async (world, driver) => {
		const server = await world.serve(async function* (client) {
			const request = yield;
			await client.sendPacket(request);
		});
		let loops = 0;
		driver.socket.onSend = ({ host, port }) => {
			if (++loops < 50) driver.socket.arrive(host, port, "again");
		};
		driver.socket.arrive("10.0.0.1", 9, "x");
		await world.until("the loop is over", () => server.stats().handled === 50);
		driver.socket.arrive("not an address", 9, "x");
		await eventLoopTurns(3);
		checkStats(server.stats());
	},
);

onOwnDriver(
	"H7 a datagram that arrives in the same turn as the stop, or within a handler's step, is accounted for",
	async (world, driver) => {
		const server = await world.serve(async function* () {
			yield;
			driver.socket.arrive("10.0.0.1", 9, "while it runs");
			driver.socket.arrive("10.0.0.2", 9, "another peer");
			yield;
			const stopping = server.shutdown();
			driver.socket.arrive("10.0.0.1", 9, "after the stop");
			driver.socket.arrive("10.0.0.3", 9, "after the stop");
			await stopping;
		});
		driver.socket.arrive("10.0.0.1", 9, "x");
		await server.wait();
		checkStats(server.stats());
		assertEquals(server.stats().handlers, 0);
		await server.close();
		checkStats(server.stats());
		assertEquals(world.started, world.finalised);
	},
);

onOwnDriver(
	"close() waits for a driver whose socket closes slowly; the server is closed meanwhile",
	async (world, driver) => {
		const server = await world.serve(echo);
		let closed: () => void = () => undefined;
		driver.socket.closing = new Promise((resolve) => {
			closed = resolve;
		});
		let done = false;
		const closing = server.close().then(() => {
			done = true;
		});
		await eventLoopTurns(3);
		assertEquals([done, server.isListening()], [false, false]);
		closed();
		await closing;
	},
);

onOwnDriver(
	"H5 a close that fails rejects for who waits, and is no unhandled rejection where a handler closes",
	async (world, driver) => {
		const server = await world.serve(async function* () {
			yield;
			void server.close();
		});
		const broken = Promise.reject(failure("EIO"));
		broken.catch(() => undefined);
		driver.socket.closing = broken;
		driver.socket.arrive("10.0.0.1", 9, "x");
		await server.wait();
		await eventLoopTurns(3);
		await assertRejects(() => server.close(), Error, "EIO");
		await server.close().catch(() => undefined);
		Object.defineProperty(server, "close", { value: async () => undefined });
	},
);

onSockets("D15 what the kernel drops is in the statistics, where it tells", async (world) => {
	const server = await world.serve(echo);
	const before = server.stats().kernelDrops;
	if (!world.backend.capabilities.kernelDrops) return assertEquals(before, undefined);
	assertEquals(before, 0);
	const peers = await world.peers(server, 4);
	const packet = "x".repeat(8_000);
	// More than the receive buffer holds arrives while the loop is not allowed to read.
	const sending = Promise.all(peers.flatMap((peer) => Array.from({ length: 100 }, () => peer.send(packet))));
	await sending;
	await world.until("the rest was read", () => {
		const { received, kernelDrops } = server.stats();
		return received + (kernelDrops ?? 0) >= 400;
	});
	const { received, kernelDrops } = server.stats();
	assertEquals(received + (kernelDrops ?? 0), 400);
});
