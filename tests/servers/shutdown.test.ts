import { CancelledError, ClientClosedError } from "../../src/errors.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { type Client, checkStats, everywhere, simulated } from "./harness.ts";

everywhere(
	"L4 a drain ends parked handlers at once, lets busy ones finish, and handles what is queued",
	async (world) => {
		const seen: string[] = [];
		let release: () => void = () => undefined;
		const released = new Promise<void>((resolve) => {
			release = resolve;
		});
		const server = await world.serve(async function* (client) {
			const request = yield;
			if (request === "busy") await released;
			try {
				if (request === "parked") yield;
				await client.sendPacket(request);
				seen.push(request);
			} catch (error) {
				seen.push(`${request} ${(error as Error).name}`);
				await client.sendPacket("bye");
			}
		});
		const [parked, busy] = await world.peers(server, 2);
		await parked?.send("parked");
		await busy?.send("busy", ...Array.from({ length: 60 }, (_, n) => `queued ${n}`));
		await world.until("all arrived", () => server.stats().received === 62);
		const stopping = server.shutdown({ drain: 60_000 });
		assertEquals([server.isServing(), server.isListening()], [false, true]);
		assertEquals(await parked?.receive(), "bye", "a parked handler can still answer");
		release();
		await stopping;
		assertEquals(seen, ["parked CancelledError", "busy", ...Array.from({ length: 60 }, (_, n) => `queued ${n}`)]);
		assertEquals([server.stats().dropped.stopped, server.stats().abandoned, server.stats().queued], [0, 0, 0]);
		assertEquals([world.logger.of("ERROR"), world.logger.of("WARN")], [[], []]);
	},
);

everywhere(
	"T-UD-20 L4 a thousand queued datagrams at shutdown: handled or counted, no crash, no record",
	async (world) => {
		const server = await world.serve(
			async function* (client) {
				yield;
				await client.backend.sleepForever();
			},
			{ limits: { datagramsPerPeer: 10_000 } },
		);
		const peer = await world.peer(server);
		for (let i = 0; i < 10; i++) {
			await peer.send(...Array.from({ length: 20 }, () => "x"));
			await world.until("they arrived", () => server.stats().received === 20 * (i + 1));
		}
		await server.shutdown();
		assertEquals([server.stats().handled, server.stats().dropped.stopped], [1, 199]);
		checkStats(server.stats());
		assertEquals([world.logger.of("ERROR"), world.logger.of("WARN")], [[], []]);
	},
);

simulated(
	"L4 a drain of many peers whose queues wait for their turn: all is handled, nobody is abandoned",
	async (world) => {
		let hold: () => void = () => undefined;
		const held = new Promise<void>((resolve) => {
			hold = resolve;
		});
		const server = await world.serve(async function* () {
			yield;
			await held;
		});
		for (let peer = 0; peer < 20; peer++) {
			for (let n = 0; n < 30; n++) world.inject(server, { host: "10.0.0.9", port: 1_000 + peer }, `${n}`);
			await world.backend.sleep(1);
		}
		await world.until("all arrived", () => server.stats().received === 600);
		assertEquals(server.stats().queued, 580);
		const stopping = server.shutdown({ drain: 10 });
		hold();
		await stopping;
		const { handled, abandoned, dropped, handlers } = server.stats();
		assertEquals([handled, abandoned, dropped.stopped, dropped.evicted, handlers], [600, 0, 0, 0, 0]);
	},
);

simulated("a stop while flows wait for their turn drops their queues, and abandons nobody", async (world) => {
	let hold: () => void = () => undefined;
	const held = new Promise<void>((resolve) => {
		hold = resolve;
	});
	const server = await world.serve(async function* () {
		yield;
		await held;
		for (let n = 0; n < 3; n++) yield;
	});
	for (let n = 0; n < 64; n++) {
		for (let peer = 0; peer < 20; peer++) world.inject(server, { host: "10.0.0.9", port: 1_000 + peer }, `${n}`);
		await world.backend.sleep(1);
	}
	await world.until("all arrived", () => server.stats().received === 1_280);
	hold();
	// Within the turn in which the first 64 are handled, and the others wait.
	for (let i = 0; i < 20; i++) await Promise.resolve();
	const { handled, queued } = server.stats();
	assert(handled > 20 && queued > 0, `${handled} handled, ${queued} queued`);
	await server.shutdown();
	const stats = server.stats();
	assertEquals([stats.abandoned, stats.dropped.evicted, stats.queued, stats.handlers], [0, 0, 0, 0]);
	assertEquals(stats.handled + stats.dropped.stopped, 1_280);
	assertEquals(world.started, world.finalised);
});

simulated("a drain ends when its time is over: handlers are cancelled, and get a second to end", async (world) => {
	const { backend } = world;
	const seen: string[] = [];
	const server = await world.serve(async function* () {
		const request = yield;
		try {
			await backend.sleepForever();
		} finally {
			seen.push(`${backend.now()} ${request} cancelled`);
			await backend.shield(() => backend.sleep(request === "slow" ? 900 : 10));
			seen.push(`${backend.now()} ${request} ended`);
		}
	});
	const [slow, quick] = await world.peers(server, 2);
	await slow?.send("slow");
	await quick?.send("quick");
	await world.until("both run", () => server.stats().handled === 2);
	const start = backend.now();
	await server.shutdown({ drain: 2_000 });
	assertEquals(backend.now() - start, 2_900);
	assertEquals(
		seen.map((entry) => entry.replace(/^\d+/, (time) => String(Number(time) - start))),
		["2000 slow cancelled", "2000 quick cancelled", "2010 quick ended", "2900 slow ended"],
	);
	assertEquals(server.stats().abandoned, 0);
});

simulated("a second shutdown shortens the drain, never lengthens it", async (world) => {
	const { backend } = world;
	for (const [second, expected] of [
		[0, 100],
		[500, 600],
		[50_000, 10_000],
	] as const) {
		const server = await world.serve(async function* () {
			yield;
			await backend.sleepForever();
		});
		await (await world.peer(server)).send("x");
		await world.until("it runs", () => server.stats().handled === 1);
		const start = backend.now();
		const first = server.shutdown({ drain: 10_000 });
		await backend.sleep(100);
		await Promise.all([first, server.shutdown({ drain: second })]);
		assertEquals(backend.now() - start, expected);
	}
});

simulated("close() and cancellation from outside cut a drain short", async (world) => {
	const { backend } = world;
	for (const cut of ["close", "cancel"]) {
		const server = world.server(async function* () {
			yield;
			await backend.sleepForever();
		});
		await backend.taskGroup(async (group) => {
			const task = group.startSoon(() => server.serveForever());
			await world.until("it serves", () => server.isServing());
			await (await world.peer(server)).send("x");
			await world.until("it runs", () => server.stats().handled === 1);
			const start = backend.now();
			const stopping = server.shutdown({ drain: 60_000 });
			await backend.sleep(100);
			if (cut === "close") await server.close();
			else task.cancel();
			await stopping;
			assertEquals(backend.now() - start, 100, cut);
		});
	}
});

simulated("two shutdowns at once: the shorter drain counts, whichever comes first", async (world) => {
	const { backend } = world;
	for (const drains of [
		[0, 5_000],
		[5_000, 0],
		[300, 5_000],
	]) {
		const server = await world.serve(async function* () {
			yield;
			await backend.sleepForever();
		});
		await (await world.peer(server)).send("x");
		await world.until("it runs", () => server.stats().handled === 1);
		const start = backend.now();
		await Promise.all(drains.map((drain) => server.shutdown({ drain })));
		assertEquals(backend.now() - start, Math.min(...drains));
	}
});

simulated("cancellation from outside cuts a drain short also where a handler is stuck", async (world) => {
	const { backend } = world;
	const server = world.server(async function* () {
		yield;
		await new Promise<never>(() => undefined);
	});
	await backend.taskGroup(async (group) => {
		const task = group.startSoon(() => server.serveForever());
		await world.until("it serves", () => server.isServing());
		await (await world.peer(server)).send("x");
		await world.until("it runs", () => server.stats().handled === 1);
		const start = backend.now();
		const stopping = server.shutdown({ drain: 60_000 });
		await backend.sleep(100);
		task.cancel();
		await stopping;
		assertEquals(backend.now() - start, 1_100);
	});
	assertEquals(server.stats().abandoned, 1);
});

simulated("a handler that comes to wait for its peer during a drain is ended then", async (world) => {
	const { backend } = world;
	let ended = 0;
	const server = await world.serve(async function* () {
		yield;
		await backend.sleep(200);
		try {
			yield;
		} finally {
			ended = backend.now();
		}
	});
	await (await world.peer(server)).send("x");
	await world.until("it runs", () => server.stats().handled === 1);
	const start = backend.now();
	await server.shutdown({ drain: 60_000 });
	assertEquals([Math.round(ended - start) <= 200, backend.now() - start <= 200], [true, true]);
});

simulated("a drain without an end waits for as long as a handler needs", async (world) => {
	const { backend } = world;
	const server = await world.serve(async function* () {
		yield;
		await backend.sleep(10_000_000);
	});
	await (await world.peer(server)).send("x");
	await world.until("it runs", () => server.stats().handled === 1);
	await server.shutdown({ drain: Infinity });
	assertEquals([server.stats().abandoned, world.finalised], [0, 1]);
});

simulated("while a drain goes on, new datagrams wait for the next time the server serves", async (world) => {
	const { backend } = world;
	const server = await world.serve(async function* (client) {
		const request = yield;
		await client.backend.sleep(1_000);
		await client.sendPacket(request);
	});
	const peer = await world.peer(server);
	await peer.send("first");
	await world.until("it runs", () => server.stats().handled === 1);
	const stopping = server.shutdown({ drain: 5_000 });
	await backend.sleep(100);
	await peer.send("second");
	assertEquals(await peer.receive(), "first");
	await stopping;
	assertEquals([server.stats().handled, server.stats().queued], [1, 1]);
	await server.start();
	assertEquals(await peer.receive(), "second");
});

simulated(
	"H3 handlers stuck on foreign promises are abandoned after the time limit, counted and named",
	async (world) => {
		const { backend } = world;
		const stuck = new Promise<never>(() => undefined);
		async function* stubborn(): AsyncGenerator<undefined, void, string> {
			yield;
			await stuck;
		}
		for (const [drain, expected] of [
			[0, 5_000],
			[3_000, 4_000],
		] as const) {
			const server = await world.serve(stubborn);
			const peers = await world.peers(server, 2);
			for (const peer of peers) await peer.send("x", "queued");
			await world.until("all arrived", () => server.stats().received === 4);
			const start = backend.now();
			await server.shutdown({ drain });
			assertEquals(backend.now() - start, expected);
			const { abandoned, queued, handlers, peers: left, dropped } = server.stats();
			assertEquals([abandoned, queued, handlers, left], [2, 0, 0, 0]);
			assertEquals(dropped.stopped + dropped.evicted, 2);
			const warnings = world.logger.of("WARN").splice(0);
			assertEquals(warnings.length % 2, 0);
			assertMatch(
				warnings.at(-1) as string,
				/^Abandoned the handler "stubborn" for 127\.0\.0\.1:\d+: it did not end when it was cancelled$/,
			);
			assertEquals(server.abandoned.length, 2);
			await server.start();
			await server.close();
			assertEquals(server.abandoned, []);
		}
	},
);

simulated(
	"H3 ten thousand handlers that never end: bounded, refused beyond the limit, and gone after the stop",
	async (world) => {
		const server = await world.serve(async function* () {
			yield;
			await new Promise<never>(() => undefined);
		});
		for (let n = 0; n < 12_000; n++) {
			world.inject(server, { host: `10.1.${n >> 8}.${n & 255}`, port: 99 }, "x");
			if (n % 200 === 0) await world.backend.sleep(1);
		}
		await world.until("all arrived", () => server.stats().received === 12_000);
		assertEquals([server.stats().handlers, server.stats().dropped.peers], [10_000, 2_000]);
		await server.shutdown();
		assertEquals([server.stats().abandoned, server.stats().peers], [10_000, 0]);
		assert(world.logger.of("WARN").length <= 12, "not one warning for each");
		assert(server.abandoned.length <= 11, "not one name for each");
	},
);

simulated("H9 an abandoned handler that goes on after all is closed at its next yield", async (world) => {
	const seen: string[] = [];
	let release: () => void = () => undefined;
	const released = new Promise<void>((resolve) => {
		release = resolve;
	});
	let client: Client | undefined;
	const server = await world.serve(async function* (given) {
		client = given;
		yield;
		try {
			await released;
			await assertRejects(() => given.sendPacket("late"), ClientClosedError);
			await assertRejects(() => given.backend.sleep(10), CancelledError);
			seen.push("goes on");
			yield;
			seen.push("not reached");
		} finally {
			seen.push("ended");
		}
	});
	await (await world.peer(server)).send("x");
	await world.until("it runs", () => server.stats().handled === 1);
	await server.shutdown();
	assertEquals([server.stats().abandoned, client?.isClosing()], [1, true]);
	release();
	await world.backend.sleep(10);
	assertEquals(seen, ["goes on", "ended"]);
});

everywhere(
	"H9 a yield in a finally block at shutdown ends there; for ever, the handler is abandoned and named",
	async (world) => {
		let tries = 0;
		const server = await world.serve(async function* stubborn() {
			const request = yield;
			try {
				yield;
			} finally {
				if (request === "once") yield;
				for (let more = request === "forever"; more; ) {
					try {
						yield;
					} finally {
						tries++;
						// biome-ignore lint/correctness/noUnsafeFinally: this is what is tested
						if (tries < 1_000) continue;
					}
					more = false;
				}
			}
		});
		const [once, forever] = await world.peers(server, 2);
		await once?.send("once");
		await forever?.send("forever");
		await world.until("both wait", () => server.stats().handled === 2);
		await server.shutdown();
		assertEquals([server.stats().abandoned, server.stats().handlerErrors], [1, 0]);
		assertEquals(tries, 9);
		assertMatch(
			world.logger.of("WARN")[0] as string,
			/^Abandoned the handler "stubborn" for \S+: it yields in a "finally" block$/,
		);
	},
);

everywhere("H9 a handler that catches its cancellation and returns, or yields again, ends once", async (world) => {
	const server = await world.serve(async function* () {
		const request = yield;
		for (;;) {
			try {
				yield;
			} catch {
				if (request === "returns") return;
			}
		}
	});
	const [one, two] = await world.peers(server, 2);
	await one?.send("returns");
	await two?.send("yields");
	await world.until("both wait", () => server.stats().handled === 2);
	await server.shutdown({ drain: 1_000 });
	assertEquals([world.started, world.finalised, server.stats().abandoned], [2, 2, 0]);
});

everywhere("clean-up of a handler may wait, shielded; unshielded it is cancelled", async (world) => {
	const seen: string[] = [];
	const server = await world.serve(async function* (client) {
		yield;
		try {
			yield;
		} finally {
			await client.backend.shield(() => client.backend.sleep(5));
			seen.push("shielded");
			await client.sendPacket("bye");
			await assertRejects(() => client.backend.sleep(5), CancelledError);
			seen.push("cancelled");
		}
	});
	const peer = await world.peer(server);
	await peer.send("x");
	await world.until("it waits", () => server.stats().handled === 1);
	await server.shutdown();
	assertEquals(await peer.receive(), "bye");
	assertEquals(seen, ["shielded", "cancelled"]);
});

simulated(
	"a peer that rests when the server stops is forgotten, and is a new one when it serves again",
	async (world) => {
		const clients = new Set<Client>();
		const server = await world.serve(async function* (client) {
			clients.add(client);
			await client.sendPacket(yield);
		});
		const peer = await world.peer(server);
		await peer.ask("a");
		assertEquals(server.stats().peers, 1);
		await server.shutdown();
		assertEquals(server.stats().peers, 0);
		await server.start();
		await peer.ask("b");
		assertEquals(clients.size, 2);
	},
);

everywhere(
	"a server whose handler's first step shuts it down, with datagrams queued before it served",
	async (world) => {
		const server = world.server(async function* () {
			void server.shutdown();
			yield;
			yield;
		});
		await server.activate();
		const peer = await world.peer(server);
		await peer.send("a", "b");
		await world.until("both are queued", () => server.stats().queued === 2);
		await server.serveForever();
		checkStats(server.stats());
		assertEquals(server.stats().handlers, 0);
	},
);

simulated("the order of the end: handlers, background tasks, then the stack", async (world) => {
	const seen: string[] = [];
	const { backend } = world;
	const server = await world.serve({
		serviceInit(exitStack) {
			exitStack.defer(() => seen.push("stack"));
			exitStack.use(backend.openTaskGroup()).startSoon(async () => {
				try {
					await backend.sleepForever();
				} finally {
					seen.push("task");
				}
			});
		},
		async *handle() {
			yield;
			try {
				await backend.sleep(1_000);
			} finally {
				seen.push("handler");
			}
		},
	});
	await (await world.peer(server)).send("x");
	await world.until("it runs", () => server.stats().handled === 1);
	await server.shutdown({ drain: 60_000 });
	assertEquals(seen, ["handler", "task", "stack"]);
});
