import { ContextVar } from "../../src/concurrency/context_var.ts";
import { ClientClosedError, MessageTooLargeError, ProtocolCrashError } from "../../src/errors.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import type { DatagramRequestHandler, HandlerGenerator } from "../../src/servers/handlers.ts";
import {
	assert,
	assertEquals,
	assertFalse,
	assertInstanceOf,
	assertMatch,
	assertRejects,
	assertStrictEquals,
} from "../support/assert.ts";
import { type Client, checkStats, echo, everywhere, simulated } from "./harness.ts";

everywhere("T-UD-01 S1-17 a datagram is handled, and the answer comes from the server's address", async (world) => {
	const server = await world.serve(echo);
	const peer = await world.peer(server);
	await peer.send("hello");
	const { data, address } = await peer.socket.receive({ timeout: 5_000 });
	assertEquals(new TextDecoder().decode(data), "hello");
	assert(address.equals(server.getAddresses()[0] as { host: string; port: number }));
});

everywhere(
	"S1-01 S1-02 a handler may be a class, one instance for all; an object literal; a bare function",
	async (world) => {
		class Counting implements DatagramRequestHandler<string, string> {
			#count = 0;
			async *handle(client: Client): HandlerGenerator<string> {
				const request: string = yield;
				await client.sendPacket(`${request} ${++this.#count}`);
			}
		}
		const instance = new Counting();
		const counting = await world.serve({ handle: (client) => instance.handle(client) });
		const [one, two] = await world.peers(counting, 2);
		assertEquals([await one?.ask("a"), await two?.ask("b"), await one?.ask("c")], ["a 1", "b 2", "c 3"]);
		const literal = await world.serve({
			async *handle(client) {
				await client.sendPacket(`literal ${yield}`);
			},
		});
		assertEquals(await (await world.peer(literal)).ask("x"), "literal x");
		const bare = await world.serve(async function* (client) {
			await client.sendPacket(`bare ${yield}`);
		});
		assertEquals(await (await world.peer(bare)).ask("x"), "bare x");
	},
);

everywhere("T-UD-03 S1-12 a client knows both addresses, and its backend", async (world) => {
	let client: Client | undefined;
	const server = await world.serve(async function* (given) {
		client = given;
		yield* echo(given);
	});
	const peer = await world.peer(server);
	await peer.ask("x");
	assertEquals(client?.remoteAddress.toString(), peer.socket.localAddress.toString());
	assertEquals(String(client), peer.socket.localAddress.toString());
	assertEquals(client?.localAddress.toString(), server.getAddresses()[0]?.toString());
	assertStrictEquals(client?.backend, world.backend);
});

everywhere(
	"T-UD-04 T-UD-05 one peer is one client object while the server remembers it; other peers are others",
	async (world) => {
		const clients: Client[] = [];
		const server = await world.serve(async function* (client) {
			clients.push(client);
			yield* echo(client);
		});
		const [one, two] = await world.peers(server, 2);
		await one?.ask("a");
		await two?.ask("b");
		await one?.ask("c");
		const [first, second, third] = clients as [Client, Client, Client];
		assertStrictEquals(first, third);
		assert(first.equals(third) && !first.equals(second));
		assertEquals(String(first), String(third));
		assert(String(first) !== String(second));
		assertFalse(first.equals({} as Client), "something else is no peer");
	},
);

simulated(
	"T-UD-05 T-UD-27 a peer without a handler is remembered for a second, then nothing of it is left",
	async (world) => {
		const clients = new Set<Client>();
		const server = await world.serve(async function* (client) {
			clients.add(client);
			yield* echo(client);
		});
		const peer = await world.peer(server);
		await peer.ask("a");
		await world.backend.sleep(900);
		await peer.ask("b");
		assertEquals([clients.size, server.stats().peers], [1, 1]);
		await world.backend.sleep(1_100);
		assertEquals(server.stats().peers, 0);
		assertEquals(world.backend.liveResources().timers, 0, "an idle server has no timer");
		await peer.ask("c");
		assertEquals(clients.size, 2);
		const [first, second] = [...clients] as [Client, Client];
		assert(first.equals(second));
	},
);

everywhere("T-UD-06 S1-09 a generator with two yields gets two datagrams that come apart", async (world) => {
	const server = await world.serve(async function* (client) {
		const first = yield;
		await client.sendPacket(`got ${first}`);
		const second = yield;
		await client.sendPacket(`${first}+${second}`);
	});
	const peer = await world.peer(server);
	assertEquals([await peer.ask("a"), await peer.ask("b"), await peer.ask("c")], ["got a", "a+b", "got c"]);
	assertEquals(world.started, 2);
});

everywhere(
	"T-UD-07 T-UD-19 S1-03 what comes meanwhile is queued in order; what a generator leaves is for a new one",
	async (world) => {
		let run = 0;
		const server = await world.serve(async function* (client) {
			const id = ++run;
			const first = yield;
			if (first === "slow") {
				await world.until("two more are queued", () => server.stats().queued === 2);
				await client.sendPacket(`${id}: ${first} ${yield}`);
			} else {
				await client.sendPacket(`${id}: ${first}`);
			}
		});
		const peer = await world.peer(server);
		await peer.send("slow", "q1", "q2");
		assertEquals([await peer.receive(), await peer.receive()], ["1: slow q1", "2: q2"]);
	},
);

everywhere(
	"T-UD-21 a hundred queued datagrams are handled in order, by fresh generators or one that loops",
	async (world) => {
		for (const loops of [false, true]) {
			const seen: string[] = [];
			let release: () => void = () => undefined;
			const released = new Promise<void>((resolve) => {
				release = resolve;
			});
			const server = await world.serve(
				async function* () {
					do {
						seen.push(yield);
						if (seen.length === 1) await released;
					} while (loops);
				},
				{ limits: { datagramsPerPeer: 200 } },
			);
			const peer = await world.peer(server);
			const expected = Array.from({ length: 101 }, (_, n) => `n${n}`);
			await peer.send(...expected);
			await world.until("all arrived", () => server.stats().received === 101);
			assertEquals([seen.length, server.stats().queued], [1, 100]);
			release();
			await world.until("all are handled", () => seen.length === 101);
			assertEquals(seen, expected);
			checkStats(server.stats());
		}
	},
);

everywhere("T-UD-22 while the handler of one peer sleeps, others are served", async (world) => {
	let wake: () => void = () => undefined;
	const awake = new Promise<void>((resolve) => {
		wake = resolve;
	});
	const server = await world.serve(async function* (client) {
		const request = yield;
		if (request === "sleep") await awake;
		await client.sendPacket(request);
	});
	const [one, two] = await world.peers(server, 2);
	await one?.send("sleep");
	assertEquals(await two?.ask("quick"), "quick");
	wake();
	assertEquals(await one?.receive(), "sleep");
});

everywhere(
	"T-UD-18 S1-04 S1-06 to return before the first yield refuses the datagram, unparsed; the next may be accepted",
	async (world) => {
		let parsed = 0;
		class Spy extends StringLineSerializer {
			override deserialize(data: Uint8Array): string {
				parsed++;
				return super.deserialize(data);
			}
		}
		let refuse = true;
		const server = await world.serve(
			async function* (client) {
				if (refuse) return;
				yield* echo(client);
			},
			{ protocol: new DatagramProtocol(new Spy()) },
		);
		const peer = await world.peer(server);
		await peer.send("a");
		await world.until("it is refused", () => server.stats().dropped.refused === 1);
		assertEquals([parsed, server.stats().handled], [0, 0]);
		refuse = false;
		assertEquals(await peer.ask("b"), "b");
		assertEquals([parsed, server.stats().handled], [1, 1]);
		assertEquals(world.logger.of("ERROR"), []);
	},
);

everywhere("T-UD-17 a crash before the first yield loses that datagram only", async (world) => {
	let crash = true;
	const server = await world.serve(async function* (client) {
		if (crash) {
			crash = false;
			throw new Error("early");
		}
		yield* echo(client);
	});
	const peer = await world.peer(server);
	await peer.send("lost");
	assertEquals(await peer.ask("kept"), "kept");
	const { dropped, handled, handlerErrors } = server.stats();
	assertEquals([dropped.failed, handled, handlerErrors], [1, 1, 1]);
});

everywhere("T-UD-23 D14 an empty datagram is an empty packet", async (world) => {
	const server = await world.serve(async function* (client) {
		await client.sendPacket(`<${yield}>`);
	});
	assertEquals(await (await world.peer(server)).ask(""), "<>");
});

everywhere(
	"T-UD-12 an answer that cannot be serialized rejects in sendPacket, and is logged when it escapes",
	async (world) => {
		const server = await world.serve(async function* (client) {
			const request = yield;
			const send = () => client.sendPacket(42 as unknown as string);
			if (request === "catch") {
				await assertRejects(send, ProtocolCrashError);
				await client.sendPacket("caught");
			} else {
				await send();
			}
		});
		const peer = await world.peer(server);
		assertEquals(await peer.ask("catch"), "caught");
		await peer.send("escape");
		await world.until("it is logged", () => world.logger.of("ERROR").length === 1);
		assertMatch(
			world.logger.of("ERROR")[0] as string,
			/^Exception occurred during processing of request from 127\.0\.0\.1:\d+$/,
		);
	},
);

everywhere("T-UD-24 D12 an answer that is too large rejects in sendPacket; the socket stays sound", async (world) => {
	const server = await world.serve(async function* (client) {
		yield;
		const error = await assertRejects(() => client.sendPacket("x".repeat(65_508)), MessageTooLargeError);
		await client.sendPacket(`${error.code} ${error.limit}`);
	});
	const peer = await world.peer(server);
	assertEquals([await peer.ask("a"), await peer.ask("b")], ["EMSGSIZE 65507", "EMSGSIZE 65507"]);
});

everywhere("T-UD-25 datagrams that come between activation and serving are handled then", async (world) => {
	const server = world.server(echo);
	await server.activate();
	const peer = await world.peer(server);
	await peer.send("early");
	await world.until("it is queued", () => server.stats().queued === 1);
	await server.start();
	assertEquals(await peer.receive(), "early");
});

everywhere("T-UD-28 T-UD-14 a client of a stopped server is closing, and sending fails", async (world) => {
	let client: Client | undefined;
	const server = await world.serve(async function* (given) {
		client = given;
		yield* echo(given);
	});
	await (await world.peer(server)).ask("x");
	assertFalse(client?.isClosing());
	await server.shutdown();
	assert(client?.isClosing());
	await assertRejects(async () => client?.sendPacket("late"), ClientClosedError);
	await server.start();
	assert(client?.isClosing(), "a client of an earlier run stays closed");
});

everywhere("T-UD-14 an escaped error about a closed client is one warning", async (world) => {
	const server = await world.serve(async function* (client) {
		const request = yield;
		if (request === "alone") throw new ClientClosedError();
		if (request === "several") throw new AggregateError([new ClientClosedError(), new ClientClosedError()]);
		if (request === "mixed") throw new AggregateError([new ClientClosedError(), new RangeError("other")]);
		await client.sendPacket(request);
	});
	const peer = await world.peer(server);
	await peer.send("alone", "several", "mixed");
	await peer.ask("done");
	const warning = `There have been attempts to do operation on closed client ${peer.socket.localAddress}`;
	assertEquals(world.logger.of("WARN"), [warning, warning, warning]);
	assertEquals(world.logger.of("ERROR").length, 1);
	assertMatch(world.logger.records.find((record) => record.startsWith("ERROR")) as string, /RangeError: other/);
});

everywhere("T-UD-29 S1-14 each run starts with what serviceInit set, and sees nothing of the others", async (world) => {
	const service = new ContextVar<string>("service");
	const request = new ContextVar<string>("request", "none");
	const describe = () => `${service.get()} ${request.get()}`;
	const server = await world.serve({
		serviceInit: () => service.set("initialised"),
		async *handle(client) {
			const before = describe();
			const packet = yield;
			request.set(packet);
			await client.backend.sleep(0);
			const after = describe();
			yield;
			await client.sendPacket(`${before}, ${after}, ${describe()}`);
		},
	});
	const [one, two] = await world.peers(server, 2);
	await one?.send("a");
	await two?.send("b");
	await world.until("both are parked", () => server.stats().handled === 2);
	assertEquals(await one?.ask("go"), "initialised none, initialised a, initialised a");
	assertEquals(await two?.ask("go"), "initialised none, initialised b, initialised b");
	await one?.send("c");
	assertEquals(await one?.ask("go"), "initialised none, initialised c, initialised c");
});

everywhere("S1-15 each run is a task of its own", async (world) => {
	const tasks: (string | undefined)[] = [];
	const server = await world.serve(async function* (client) {
		tasks.push(client.backend.currentTask()?.name);
		yield* echo(client);
		tasks.push(client.backend.currentTask()?.name);
	});
	const peer = await world.peer(server);
	await peer.ask("a");
	await peer.ask("b");
	await world.until("both have ended", () => tasks.length === 4);
	assertMatch(String(tasks[0]), /^Task-\d+$/);
	assertEquals([tasks[0], tasks[2]], [tasks[1], tasks[3]]);
	assert(tasks[0] !== tasks[2]);
});

everywhere(
	"T-UD-02 T-UD-08 a generator that runs or waits is cancelled when the server stops, without a record",
	async (world) => {
		const seen: string[] = [];
		const server = await world.serve(async function* (client) {
			const request = yield;
			try {
				if (request === "sleep") await client.backend.sleepForever();
				yield;
			} catch (error) {
				seen.push(`${request} ${(error as Error).name}`);
				throw error;
			}
		});
		const [one, two] = await world.peers(server, 2);
		await one?.send("sleep");
		await two?.send("wait");
		await world.until("both run", () => server.stats().handled === 2);
		await server.shutdown();
		assertEquals(seen.sort(), ["sleep CancelledError", "wait CancelledError"]);
		assertEquals([world.logger.of("ERROR"), world.logger.of("WARN")], [[], []]);
		assertEquals(world.finalised, 2);
	},
);

everywhere("S1-16 server.stats() is a copy", async (world) => {
	const server = await world.serve(echo);
	const stats = server.stats();
	await (await world.peer(server)).ask("x");
	assertEquals([stats.received, server.stats().received], [0, 1]);
	assertInstanceOf(server.stats().dropped, Object);
});
