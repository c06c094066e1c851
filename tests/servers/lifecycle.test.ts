import { test } from "node:test";
import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import {
	BusyResourceError,
	CancelledError,
	ClientClosedError,
	ServerAlreadyRunningError,
	ServerClosedError,
	SocketError,
	TimeoutError,
} from "../../src/errors.ts";
import { defaultLimits } from "../../src/limits.ts";
import type { NetworkServer } from "../../src/servers/network_server.ts";
import { UdpServer } from "../../src/servers/udp_server.ts";
import {
	assert,
	assertEquals,
	assertFalse,
	assertInstanceOf,
	assertMatch,
	assertRejects,
	assertThrows,
} from "../support/assert.ts";
import { testBackend } from "../support/backend.ts";
import { heapInUse, noHeap } from "../support/heap.ts";
import { type Client, echo, everywhere, type Handler, onSockets, protocol, simulated } from "./harness.ts";

everywhere("T-LS-01 T-SB-05 a closed server can be closed again", async (world) => {
	const server = await world.serve(echo);
	await Promise.all([server.close(), server.close()]);
	await server.close();
	await world.server(echo).close();
});

everywhere("T-LS-02 T-SB-03 close() ends the serving; at once it is not serving any more", async (world) => {
	const server = world.server(echo);
	const serving = server.serveForever();
	await world.until("it serves", () => server.isServing());
	const closing = server.close();
	assertFalse(server.isServing());
	await Promise.all([closing, serving]);
	await assertRejects(() => server.serveForever(), ServerClosedError);
});

everywhere("T-LS-03 close() goes on to its end when the waiting for it is cancelled", async (world) => {
	const server = await world.serve(echo);
	const [address] = server.getAddresses();
	await world.backend.taskGroup((group) => {
		const task = group.startSoon(() => server.close());
		group.startSoon(() => task.cancel());
	});
	await server.close();
	assertEquals(world.backend.liveResources().sockets, 0);
	const again = await world.serve(echo, { port: address?.port as number });
	assertEquals(await (await world.peer(again)).ask("x"), "x");
});

everywhere("T-LS-04 T-SB-06 a second serveForever() or start() is refused; the first goes on", async (world) => {
	const server = await world.serve(echo);
	await assertRejects(() => server.serveForever(), ServerAlreadyRunningError);
	await assertRejects(() => server.start(), ServerAlreadyRunningError);
	assertEquals(await (await world.peer(server)).ask("x"), "x");
	await server.shutdown();
	await server.wait();
});

everywhere("T-LS-04 of two start() at once, one is refused, and wait() waits for the other", async (world) => {
	const server = world.server(echo);
	const outcomes = await Promise.allSettled([server.start(), server.start()]);
	assertEquals(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
	let ended = false;
	const waiting = server.wait().then(() => {
		ended = true;
	});
	assertEquals(await (await world.peer(server)).ask("x"), "x");
	assertFalse(ended);
	await server.shutdown();
	await waiting;
});

everywhere("T-LS-05 a closed server can neither serve nor be activated", async (world) => {
	const server = world.server(echo);
	await server.close();
	await assertRejects(() => server.serveForever(), ServerClosedError);
	await assertRejects(() => server.start(), ServerClosedError);
	await assertRejects(() => server.activate(), ServerClosedError);
});

everywhere(
	"T-LS-06 L7 shutdown() while serviceInit runs ends it; the stack is unwound, onListening is not called",
	async (world) => {
		const seen: string[] = [];
		const server = world.server({
			async serviceInit(exitStack, { backend }) {
				exitStack.defer(() => seen.push("unwound"));
				seen.push("begun");
				await backend.sleepForever();
			},
			handle: echo,
		});
		const serving = server.serveForever({ onListening: () => seen.push("listening") });
		await world.until("serviceInit runs", () => seen.length === 1);
		await server.shutdown();
		await serving;
		assertEquals(seen, ["begun", "unwound"]);
	},
);

everywhere("L7 shutdown() at any moment of the start ends it", async (world) => {
	for (let turns = 0; turns < 8; turns++) {
		const server = world.server(echo);
		const serving = server.serveForever();
		for (let i = 0; i < turns; i++) await Promise.resolve();
		if (turns > 5) await world.backend.checkpoint();
		await Promise.all([server.shutdown(), serving]);
		assertFalse(server.isServing());
		const background = server.start();
		for (let i = 0; i < turns; i++) await Promise.resolve();
		await server.shutdown();
		await background;
		await server.shutdown();
		await server.close();
	}
});

everywhere(
	"L7 T-LS-09 close() at any moment of the start: a defined error or a clean end, and no socket is left",
	async (world) => {
		for (let turns = 0; turns < 12; turns++) {
			const inits: boolean[] = [];
			const server = world.server({
				serviceInit: (_, self) => void inits.push(self.isListening()),
				handle: echo,
			});
			const serving = server.serveForever().catch((error) => error);
			for (let i = 0; i < turns; i++) await Promise.resolve();
			if (turns > 9) await world.backend.checkpoint();
			await server.close();
			const error = await serving;
			assert(error === undefined || error instanceof ServerClosedError, String(error));
			assertEquals(world.backend.liveResources().sockets, 0);
			assertFalse(inits.includes(false), "serviceInit of a closed server");
		}
	},
);

everywhere("T-LS-09 whoever activates gets ServerClosedError when close() comes in between", async (world) => {
	const server = world.server(echo);
	const activating = server.activate();
	await Promise.all([assertRejects(() => activating, ServerClosedError), server.close()]);
	assertEquals(world.backend.liveResources().sockets, 0);
});

simulated("L7 a start that hangs in the look-up of a name can be shut down", async (world) => {
	let found: (addresses: string[]) => void = () => undefined;
	const resolve = () =>
		new Promise<string[]>((resolve) => {
			found = resolve;
		});
	const backend = createBackend({ ...world.backend.driver, resolve });
	const server = world.server(echo, { backend, host: "slow.test" });
	const serving = server.serveForever();
	await world.backend.sleep(10);
	await server.shutdown();
	await serving;
	await assertRejects(() => backend.timeout(10, () => server.serveForever()), TimeoutError);
	void found(["127.0.0.1"]);
	await world.until("the sockets are open", () => server.isListening());
	await server.start();
	assertEquals(await (await world.peer(server)).ask("x"), "x");
	await server.close();
	assertEquals(backend.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 });
});

simulated("T-LS-09 close() ends an activation that hangs, whoever waits for it", async (world) => {
	const resolve = () => new Promise<string[]>(() => undefined);
	const backend = createBackend({ ...world.backend.driver, resolve });
	const server = world.server(echo, { backend, host: "slow.test" });
	const activating = server.activate();
	const serving = server.serveForever();
	await world.backend.sleep(10);
	const closing = server.close();
	await assertRejects(() => activating, ServerClosedError);
	await Promise.all([serving, closing]);
	assertEquals(world.backend.now(), 10);
	assertEquals(backend.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 });
});

everywhere("T-LS-07 T-SB-07 without onListening it works the same", async (world) => {
	const server = world.server(echo);
	const serving = server.serveForever();
	await world.until("it serves", () => server.isServing());
	assertEquals(await (await world.peer(server)).ask("x"), "x");
	await server.shutdown();
	await serving;
});

everywhere("T-LS-08 ten shutdown() at once all return, and the server stops once", async (world) => {
	const server = await world.serve(echo);
	await Promise.all(Array.from({ length: 10 }, () => server.shutdown()));
	await server.wait();
	assertEquals(world.logger.of("INFO").filter((record) => record === "Server stopped").length, 1);
});

everywhere(
	"T-LS-10 T-LS-16b T-SB-04 after shutdown() the sockets stay; the server serves again on them, and again",
	async (world) => {
		const server = await world.serve(echo);
		const peer = await world.peer(server);
		const addresses = server.getAddresses().map(String);
		for (let round = 0; round < 3; round++) {
			assertEquals(await peer.ask(`round ${round}`), `round ${round}`);
			await server.shutdown();
			assertEquals([server.isListening(), server.isServing()], [true, false]);
			assertEquals(server.getAddresses().map(String), addresses);
			assertEquals(server.getSockets().length, 1);
			await peer.send("while stopped");
			await world.until("it is queued", () => server.stats().queued === 1);
			await server.start();
			assertEquals(await peer.receive(), "while stopped");
		}
		await server.close();
		assertEquals(
			[server.isListening(), server.isServing(), server.getAddresses(), server.getSockets()],
			[false, false, [], []],
		);
	},
);

everywhere(
	"T-LS-11 T-SB-01 T-SB-02 a server that never started has no state, and shutdown() does nothing",
	async (world) => {
		const server = world.server(echo);
		assertEquals(
			[server.isListening(), server.isServing(), server.getAddresses(), server.getSockets()],
			[false, false, [], []],
		);
		await server.shutdown();
		await server.wait();
		await server.start();
	},
);

everywhere("T-LS-12 S1-13 serviceInit sees a server that listens and does not serve", async (world) => {
	let seen: unknown;
	const server: NetworkServer = world.server({
		serviceInit(_, self) {
			seen = [
				self.isListening(),
				self.isServing(),
				self.getAddresses().length,
				self.getSockets().length,
				self === server,
			];
		},
		handle: echo,
	});
	await server.start();
	assertEquals(seen, [true, false, 1, 1, true]);
});

everywhere(
	'T-LS-13 T-LS-15 the stack unwinds the last first, when clients are closed, before "Server stopped"',
	async (world) => {
		const seen: string[] = [];
		let client: Client | undefined;
		const server = await world.serve({
			serviceInit(exitStack) {
				exitStack.defer(() => seen.push("A"));
				exitStack.defer(async () => {
					await assertRejects(async () => client?.sendPacket("late"), ClientClosedError);
					seen.push(`B ${world.logger.of("INFO").includes("Server stopped")}`);
				});
			},
			async *handle(given) {
				client = given;
				yield* echo(given);
			},
		});
		await (await world.peer(server)).ask("x");
		await server.shutdown();
		assertEquals(seen, ["B false", "A"]);
		assertEquals(world.logger.of("INFO").slice(-2), [
			"Server loop break, waiting for remaining tasks...",
			"Server stopped",
		]);
	},
);

everywhere("T-LS-14 close() while serviceInit runs is refused", async (world) => {
	let error: Error | undefined;
	const server = await world.serve({
		async serviceInit(_, self) {
			error = await assertRejects(() => self.close(), BusyResourceError);
		},
		handle: echo,
	});
	assertEquals(error?.message, "Cannot close the server: it is being set up");
	assert(server.isServing());
});

everywhere(
	"T-LS-16 what serviceInit throws reaches the caller; the stack is unwound, and it can serve again",
	async (world) => {
		let broken = true;
		const seen: string[] = [];
		const server = world.server({
			serviceInit(exitStack) {
				exitStack.defer(() => seen.push("unwound"));
				if (broken) throw new RangeError("no luck");
			},
			handle: echo,
		});
		await assertRejects(() => server.serveForever(), RangeError, "no luck");
		await assertRejects(() => server.start(), RangeError, "no luck");
		assertEquals(seen, ["unwound", "unwound"]);
		assertEquals(world.logger.of("INFO").at(-1), "Server stopped");
		broken = false;
		await server.start();
		assertEquals(await (await world.peer(server)).ask("x"), "x");
	},
);

everywhere("T-LS-16 when serviceInit and the clean-up throw, neither error is lost", async (world) => {
	const server = world.server({
		serviceInit(exitStack) {
			exitStack.defer(() => {
				throw new TypeError("clean-up");
			});
			throw new RangeError("init");
		},
		handle: echo,
	});
	const error = await assertRejects(() => server.serveForever(), AggregateError);
	assertEquals(error.errors.map(String), ["RangeError: init", "TypeError: clean-up"]);
});

everywhere("T-LS-17 H7 a handler may shut the server down, awaiting it or not", async (world) => {
	for (const awaits of [true, false]) {
		let after = "";
		const server = await world.serve(async function* () {
			yield;
			const stopping = server.shutdown();
			if (awaits) await stopping;
			after = server.isServing() ? "serving" : "not serving";
		});
		await (await world.peer(server)).send("stop");
		await server.wait();
		assertEquals(after, "not serving");
	}
});

everywhere("H7 a handler may close the server and go on", async (world) => {
	const seen: string[] = [];
	const server = await world.serve(async function* (client) {
		yield;
		await server.close();
		seen.push(`closed ${server.isListening()}`);
		await client.sendPacket("bye");
		await assertRejects(() => client.backend.sleep(10), CancelledError);
		seen.push("cancelled");
	});
	const peer = await world.peer(server);
	assertEquals(await peer.ask("close"), "bye");
	await server.close();
	assertEquals(seen, ["closed false", "cancelled"]);
	assertEquals(world.backend.liveResources().sockets, 1);
});

everywhere(
	"H7 a task of serviceInit, the clean-up and onListening may shut the server down and close it",
	async (world) => {
		const byTask: NetworkServer = world.server({
			serviceInit(exitStack, { backend }) {
				const group = exitStack.use(backend.openTaskGroup());
				group.startSoon(async () => {
					await world.until("it serves", () => byTask.isServing());
					await byTask.shutdown();
				});
			},
			handle: echo,
		});
		await byTask.start();
		await byTask.wait();
		const byCleanUp = await world.serve({
			serviceInit: (exitStack) => exitStack.defer(() => byCleanUp.close()),
			handle: echo,
		});
		await byCleanUp.shutdown();
		await byCleanUp.close();
		const byCallback = world.server(echo);
		await byCallback.serveForever({ onListening: () => void byCallback.close() });
		assertFalse(byCallback.isListening());
	},
);

everywhere("what onListening throws ends the server", async (world) => {
	const server = world.server(echo);
	const onListening = (): never => {
		throw new RangeError("mine");
	};
	await assertRejects(() => server.serveForever({ onListening }), RangeError, "mine");
	assertFalse(server.isServing());
});

everywhere("cancelling the task that serves stops the server in order", async (world) => {
	const seen: string[] = [];
	const server = world.server({
		serviceInit: (exitStack) => exitStack.defer(() => seen.push("unwound")),
		async *handle() {
			try {
				yield;
				yield;
			} finally {
				seen.push("ended");
			}
		},
	});
	await world.backend.taskGroup(async (group) => {
		const task = group.startSoon(() => server.serveForever());
		await world.until("it serves", () => server.isServing());
		await (await world.peer(server)).send("x");
		await world.until("it is handled", () => server.stats().handled === 1);
		task.cancel();
	});
	assertEquals(seen, ["ended", "unwound"]);
	assert(server.isListening());
});

everywhere("S1-13 a background task of serviceInit works while the server serves, and ends with it", async (world) => {
	let ticks = 0;
	let ended = false;
	const server = await world.serve({
		serviceInit(exitStack, { backend }) {
			exitStack.use(backend.openTaskGroup()).startSoon(async () => {
				try {
					for (;;) {
						await backend.sleep(world.simulation === undefined ? 5 : 1_000);
						ticks++;
					}
				} finally {
					ended = true;
				}
			});
		},
		handle: echo,
	});
	await world.until("it ticks", () => ticks >= 3);
	assertEquals(await (await world.peer(server)).ask("x"), "x");
	await server.shutdown();
	assert(ended);
});

everywhere("S1-13 a background task that crashes stops the server with its error", async (world) => {
	let crash: () => void = () => undefined;
	const crashed = new Promise<void>((_, reject) => {
		crash = () => reject(new RangeError("crashed"));
	});
	const server = await world.serve({
		serviceInit: (exitStack, { backend }) => void exitStack.use(backend.openTaskGroup()).startSoon(() => crashed),
		async *handle() {
			yield;
			yield;
		},
	});
	await (await world.peer(server)).send("x");
	await world.until("a handler waits", () => server.stats().handled === 1);
	crash();
	await assertRejects(() => server.wait(), RangeError, "crashed");
	assertEquals(world.logger.of("ERROR"), ["Server failed: RangeError: crashed"]);
	assertEquals(world.finalised, 1);
});

simulated("H3 a clean-up that waits for ever is cut short, one on a foreign promise is left alone", async (world) => {
	for (const [wait, time] of [
		[() => world.backend.sleepForever(), 5_000],
		[() => new Promise<never>(() => undefined), 6_000],
	] as const) {
		const seen: string[] = [];
		const server = await world.serve({
			serviceInit(exitStack) {
				exitStack.defer(() => seen.push("next"));
				exitStack.defer(wait);
			},
			handle: echo,
		});
		const start = world.backend.now();
		await server.shutdown();
		assertEquals(world.backend.now() - start, time);
		assertEquals(world.logger.of("WARN").pop(), 'Cut short the clean-up of "serviceInit": it took longer than 5000 ms');
		assertEquals(seen, time === 5_000 ? ["next"] : []);
	}
});

onSockets(
	"T-LS-18 T-LS-20 on all interfaces there is one socket for each family that has its own, each with a port",
	async (world) => {
		const { capabilities } = world.backend;
		for (const host of [undefined, "", null, []]) {
			const server = world.server(echo, { host });
			await server.activate();
			const addresses = server.getAddresses();
			assertEquals(addresses.map((address) => address.host).sort(), capabilities.ipv6Only ? ["0.0.0.0", "::"] : ["::"]);
			assert(addresses.every(({ port }) => port > 0));
			await server.close();
		}
	},
);

onSockets("T-LS-18 a server on all interfaces answers both families", async (world) => {
	const server = await world.serve(echo, { host: undefined });
	const { UdpSocket } = await import("../../src/sockets/udp_socket.ts");
	for (const host of ["127.0.0.1", "::1"]) {
		const addresses = server.getAddresses();
		const { port } = addresses.find(({ family }) => family === (host === "::1" ? "IPv6" : "IPv4")) ??
			addresses[0] ?? { port: 0 };
		const socket = await UdpSocket.bind({ backend: world.backend, host });
		await socket.send(new Uint8Array([65]), { host, port });
		const { data, address } = await socket.receive({ timeout: 5_000 });
		assertEquals([...data], [65]);
		assertEquals(address.host, host);
		await socket.close();
	}
});

everywhere(
	"T-LS-19 L5 an address that cannot be bound: an aggregate error names it, and the other sockets are closed",
	async (world) => {
		const server = world.server(echo, { host: ["127.0.0.1", "192.0.2.1"] });
		const error = await assertRejects(() => server.activate(), AggregateError, "192.0.2.1");
		assertEquals(error.errors.length, 1);
		assertEquals((error.errors[0] as SocketError).code, "EADDRNOTAVAIL");
		assertEquals(world.backend.liveResources().sockets, 0);
		await assertRejects(() => server.start(), AggregateError);
		const alone = world.server(echo, { host: "192.0.2.1" });
		assertEquals((await assertRejects(() => alone.start(), SocketError)).code, "EADDRNOTAVAIL");
	},
);

everywhere("L5 a port in use: nothing stays open, and when it is free the same server starts", async (world) => {
	const other = await world.serve(echo);
	const port = other.getAddresses()[0]?.port as number;
	const server = world.server(echo, { host: ["127.0.0.2", "127.0.0.1"], port });
	await assertRejects(() => server.start(), AggregateError, "EADDRINUSE");
	assertEquals(world.backend.liveResources().sockets, 1);
	await other.close();
	await server.start();
	assertEquals(server.getAddresses().map(String), [`127.0.0.1:${port}`, `127.0.0.2:${port}`]);
});

test("T-LS-22 wrong options are refused by the constructor, naming the option", async () => {
	const backend = await testBackend();
	const make = (options: object) => () =>
		new UdpServer({ port: 0, protocol, backend, handler: echo, ...options } as never);
	for (const [options, error, name] of [
		[{ port: -1 }, RangeError, "port"],
		[{ port: "1" }, RangeError, "port"],
		[{ protocol: {} }, TypeError, "protocol"],
		[{ handler: undefined }, TypeError, "handler"],
		[{ handler: { handle: 1 } }, TypeError, "handler"],
		[{ handler: { handle: echo, serviceInit: 1 } }, TypeError, "serviceInit"],
		[{ overflow: "drop-all" }, TypeError, "overflow"],
		[{ limits: { peers: 0 } }, RangeError, "peers"],
		[{ limits: { peers: -1 } }, RangeError, "peers"],
		[{ limits: { peers: Number.NaN } }, TypeError, "peers"],
		[{ limits: { peers: "9" } }, TypeError, "peers"],
		[{ limits: { unknown: 1 } }, TypeError, "unknown"],
		[{ logger: {} }, TypeError, "logger"],
		[{ refuseSourcePorts: [70_000] }, RangeError, "refuseSourcePorts"],
		[{ refuseSourcePorts: 7 }, TypeError, "refuseSourcePorts"],
		[{ limits: { toString: 1 } }, TypeError, "toString"],
		[{ host: 5 }, TypeError, "host"],
		[{ host: [5] }, TypeError, "host"],
	] as const) {
		const thrown = assertThrows(make(options), error);
		assertMatch(thrown.message, new RegExp(`"${name}"`), JSON.stringify(options));
	}
	assert(Object.isFrozen(make({ limits: { peers: 5 } })().limits));
	assertEquals(make({ limits: { peers: 5, datagramsPerPeer: undefined } })().limits, { ...defaultLimits, peers: 5 });
});

everywhere("shutdown() refuses a drain that is no duration, and goes on serving", async (world) => {
	const server = await world.serve(echo);
	await assertRejects(() => server.shutdown({ drain: -1 }), RangeError, "drain");
	await assertRejects(() => server.shutdown({ drain: Number.NaN }), TypeError, "drain");
	assert(server.isServing());
});

everywhere("waiting for the end obeys the scope around it, and leaves the server alone", async (world) => {
	const server = await world.serve(async function* () {
		yield;
		await new Promise<void>((resolve) => {
			release = resolve;
		});
	});
	let release: () => void = () => undefined;
	await assertRejects(() => world.backend.timeout(20, () => server.wait()), TimeoutError);
	await (await world.peer(server)).send("x");
	await world.until("it is handled", () => server.stats().handled === 1);
	await assertRejects(() => world.backend.timeout(20, () => server.shutdown()), TimeoutError);
	release();
	await server.wait();
});

everywhere("T-SB-09 shutdown within a time limit returns in time", async (world) => {
	const server = await world.serve(async function* (client) {
		yield;
		await client.backend.shield(() => client.backend.sleep(150));
	});
	await (await world.peer(server)).send("x");
	await world.until("it is handled", () => server.stats().handled === 1);
	const start = world.backend.now();
	assertEquals(await world.backend.moveOnAfter(10, () => server.shutdown().then(() => "done")), undefined);
	assert(world.backend.now() - start < 140);
	await server.wait();
	assertEquals(server.stats().abandoned, 0);
});

everywhere(
	"T-UD-31 S1-15 the background server: three requests are answered, shutdown ends the task",
	async (world) => {
		const server = world.server(echo);
		await world.backend.taskGroup(async (group) => {
			const up = world.backend.createEvent();
			const task = group.startSoon(() => server.serveForever({ onListening: () => up.set() }), { name: "server" });
			await up.wait();
			const peer = await world.peer(server);
			for (const request of ["a", "b", "c"]) assertEquals(await peer.ask(request), request);
			await server.shutdown();
			await task.wait();
			assert(task.done && !task.cancelled);
		});
	},
);

onSockets("L6 start and stop many times: sockets, tasks, timers and scopes are as at the start", async (world) => {
	const scopes: WeakRef<object>[] = [];
	const remember = ({ scheduler }: AsyncBackend): void => void scopes.push(new WeakRef(scheduler.context().scope));
	const handler: Handler = {
		serviceInit: (_, { backend }) => remember(backend),
		async *handle(client) {
			remember(client.backend);
			await client.sendPacket(yield);
		},
	};
	const server = await world.serve(handler);
	const peer = await world.peer(server);
	for (let i = 0; i < 100; i++) {
		assertEquals(await peer.ask(`${i}`), `${i}`);
		await server.shutdown();
		await server.start();
	}
	await server.shutdown();
	for (let i = 0; i < 50; i++) await (await world.serve(handler)).close();
	assertEquals(world.backend.liveResources(), { sockets: 2, tasks: 0, waits: 0, timers: 0 });
	await heapInUse();
	const alive = scopes.filter((scope) => scope.deref() !== undefined).length;
	// Each server keeps its last one, and Bun's collector is conservative.
	if (!noHeap) assert(alive <= 80, `${alive} of ${scopes.length} scopes are still there`);
});

everywhere("the server's records name its addresses", async (world) => {
	const server = await world.serve(echo, { host: ["127.0.0.1", "127.0.0.2"] });
	const [one, two] = server.getAddresses();
	assertEquals(world.logger.of("INFO"), [`Start serving at ${one}, ${two}`]);
	await server.shutdown();
	assertInstanceOf(server.backend, Object);
});

test("backend is known only when it was given or the server was activated", async () => {
	const server = new UdpServer({ host: "127.0.0.1", port: 0, protocol, handler: echo });
	assertThrows(() => server.backend, Error, "Cannot get the backend");
	await server.activate();
	assert(server.backend.name.length > 0);
	await server.close();
});
