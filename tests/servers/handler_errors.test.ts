import { DatagramProtocolParseError, ProtocolCrashError } from "../../src/errors.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import type { HandlerGenerator } from "../../src/servers/handlers.ts";
import {
	assert,
	assertEquals,
	assertGreaterOrEqual,
	assertInstanceOf,
	assertLessOrEqual,
	assertMatch,
} from "../support/assert.ts";
import { type Client, checkStats, echo, everywhere, type Handler, onSockets, simulated } from "./harness.ts";

const RECORD = /^ERROR Exception occurred during processing of request from 127\.0\.0\.1:\d+\n/;

everywhere(
	"T-UD-09 S1-07 a malformed datagram is thrown in; the handler may answer, and the next one is normal",
	async (world) => {
		const json = new DatagramProtocol(new JsonSerializer<string>());
		const server = await world.serve(
			async function* (client) {
				let request: string;
				try {
					request = yield;
				} catch (error) {
					assertInstanceOf(error, DatagramProtocolParseError);
					return await client.sendPacket("wrong format");
				}
				await client.sendPacket(request);
			},
			{ protocol: json },
		);
		const peer = await world.peer(server);
		assertEquals(await peer.ask("{"), '"wrong format"');
		assertEquals(await peer.ask('"right"'), '"right"');
		assertEquals([server.stats().handled, server.stats().malformed], [2, 1]);
		assertEquals(world.logger.of("ERROR"), []);
	},
);

everywhere("D6 a malformed datagram that nobody catches is logged, and answered by nobody", async (world) => {
	const server = await world.serve(echo, { protocol: new DatagramProtocol(new JsonSerializer<string>()) });
	const peer = await world.peer(server);
	await peer.send("{");
	assertEquals(await peer.ask('"x"'), '"x"', "the first answer");
	assertEquals(world.logger.of("ERROR").length, 1);
	assertMatch(world.logger.records.at(-1) as string, /DatagramProtocolParseError/);
	assertEquals(server.stats().sent, 1);
});

everywhere(
	"T-UD-10 a protocol that crashes: its error is thrown in with the cause; uncaught, it is logged",
	async (world) => {
		class Crashing extends StringLineSerializer {
			override deserialize(data: Uint8Array): string {
				const packet = super.deserialize(data);
				if (packet.startsWith("crash")) throw new RangeError("bug");
				return packet;
			}
		}
		const server = await world.serve(
			async function* (client) {
				for (;;) {
					try {
						await client.sendPacket(yield);
					} catch (error) {
						assertInstanceOf(error, ProtocolCrashError);
						assertInstanceOf(error.cause, RangeError);
						if (world.logger.records.length > 100) return;
						await client.sendPacket("crashed");
						throw error;
					}
				}
			},
			{ protocol: new DatagramProtocol(new Crashing()) },
		);
		const peer = await world.peer(server);
		assertEquals(await peer.ask("crash"), "crashed");
		assertEquals(await peer.ask("fine"), "fine");
		const record = world.logger.records.find((record) => record.startsWith("ERROR")) as string;
		assertMatch(record, RECORD);
		assertMatch(
			record,
			/ProtocolCrashError: Cannot parse a datagram: the protocol crashed: bug[\s\S]*Caused by: RangeError: bug/,
		);
	},
);

everywhere(
	"T-UD-11 T-UD-13 H1 a handler that throws is logged once, with its stack; what is queued goes to a new one",
	async (world) => {
		const server = await world.serve(async function* (client) {
			const request = yield;
			if (request === "throw") {
				await world.until("one more is queued", () => server.stats().queued === 1);
				throw Object.assign(new Error("connection reset"), { code: "ECONNRESET" });
			}
			await client.sendPacket(request);
		});
		const peer = await world.peer(server);
		await peer.send("throw", "queued");
		assertEquals(await peer.receive(), "queued");
		const errors = world.logger.records.filter((record) => record.startsWith("ERROR"));
		assertEquals(errors.length, 1);
		assertMatch(errors[0] as string, RECORD);
		assertMatch(errors[0] as string, /Error: connection reset\n[\s\S]*handler_errors\.test/);
		assertEquals(server.stats().handlerErrors, 1);
	},
);

/** Things to throw, none of which may do harm. */
const thrown: [name: string, value: () => unknown][] = [
	["a string", () => "just text"],
	["undefined", () => undefined],
	["null", () => null],
	["a number", () => 42],
	["a symbol", () => Symbol("s")],
	["an object without a prototype", () => Object.create(null)],
	["a frozen error", () => Object.freeze(new Error("frozen"))],
	[
		"an error whose stack throws",
		() =>
			Object.defineProperty(new Error("stack"), "stack", {
				get() {
					throw new Error("no stack");
				},
			}),
	],
	[
		"an error whose name and message throw",
		() =>
			Object.defineProperties(new Error("x"), {
				name: {
					get() {
						throw new Error("no name");
					},
				},
				message: {
					get() {
						throw new Error("no message");
					},
				},
			}),
	],
	["an error without a stack", () => Object.assign(new Error("no stack"), { stack: undefined })],
	[
		"an aggregate whose errors throw",
		() =>
			Object.defineProperty(new AggregateError([]), "errors", {
				get() {
					throw new Error("no errors");
				},
			}),
	],
	["an aggregate of no array", () => Object.assign(new AggregateError([]), { errors: 5 })],
	[
		"an error that is its own cause",
		() => {
			const error = new Error("circle");
			error.cause = error;
			return error;
		},
	],
	[
		"a revoked proxy",
		() => {
			const { proxy, revoke } = Proxy.revocable({}, {});
			revoke();
			return proxy;
		},
	],
	[
		"a proxy that throws",
		() =>
			new Proxy(
				{},
				{
					get() {
						throw new Error("get");
					},
					getPrototypeOf() {
						throw new Error("prototype");
					},
				},
			),
	],
];

for (const [when, make] of [
	[
		"before its first yield",
		(value: unknown): Handler =>
			async function* (): HandlerGenerator<string> {
				throw value;
			},
	],
	[
		"after it",
		(value: unknown): Handler =>
			async function* (): HandlerGenerator<string> {
				yield;
				throw value;
			},
	],
	[
		"in a finally block",
		(value: unknown): Handler =>
			async function* (): HandlerGenerator<string> {
				try {
					yield;
				} finally {
					// biome-ignore lint/correctness/noUnsafeFinally: this is what is tested
					throw value;
				}
			},
	],
	[
		"before there is a generator",
		(value: unknown): Handler =>
			() => {
				throw value;
			},
	],
] as const) {
	everywhere(`H1 whatever a handler throws ${when} is logged, and the server goes on`, async (world) => {
		let current: Handler = echo;
		const server = await world.serve({
			handle: (client) => (current as (client: Client) => HandlerGenerator<string>)(client),
		});
		const peer = await world.peer(server);
		for (const [index, [name, value]] of thrown.entries()) {
			current = make(value());
			await peer.send("bad");
			await world.until(name, () => server.stats().handlerErrors === index + 1);
			current = echo;
			assertEquals(await peer.ask("good"), "good", name);
		}
		assertEquals(server.stats().handlerErrors, thrown.length);
		checkStats(server.stats());
	});
}

everywhere("H1 a handle() that returns no async generator is an error of the handler", async (world) => {
	const results: [name: string, result: () => unknown][] = [
		["nothing", () => undefined],
		["a number", () => 42],
		["a promise", () => Promise.resolve()],
		["a rejected promise", () => Promise.reject(new Error("must not be unhandled"))],
		[
			"a generator that is not async",
			function* () {
				yield;
			},
		],
		["an array", () => []],
		[
			"an object with a next that gives nothing",
			() => ({ next: () => undefined, [Symbol.asyncIterator]: () => undefined }),
		],
		[
			"an object without throw",
			() => ({ next: async () => ({ done: false }), [Symbol.asyncIterator]: () => undefined }),
		],
	];
	let current: (client: Client) => unknown = echo;
	const server = await world.serve({ handle: (client) => current(client) as HandlerGenerator<string> });
	const peer = await world.peer(server);
	for (const [index, [name, result]] of results.entries()) {
		current = result;
		await peer.send("\xff is no text for the last of these");
		if (index === results.length - 1) await world.backend.sleep(5);
		else await world.until(name, () => server.stats().handlerErrors === index + 1);
		if (index < results.length - 1) {
			current = echo;
			assertEquals(await peer.ask("good"), "good", name);
		}
	}
	assertEquals(server.stats().dropped.failed, results.length - 1);
	world.started = world.finalised;
});

everywhere("H5 a logger that throws changes nothing", async (world) => {
	const fail = (): never => {
		throw new Error("the logger is broken");
	};
	const logger = { debug: fail, info: fail, warn: fail, error: fail };
	const server = await world.serve(
		async function* (client) {
			const request = yield;
			if (request === "throw") throw new Error("x");
			await client.sendPacket(request);
		},
		{ logger },
	);
	const peer = await world.peer(server);
	for (let i = 0; i < 20; i++) await peer.send("throw");
	assertEquals(await peer.ask("good"), "good");
	await server.shutdown();
	assertEquals([server.stats().handlerErrors, world.finalised], [20, 21]);
});

onSockets(
	"H1 H2 a storm of handlers that throw: honest peers are served, and at most ten alike records a second are written",
	async (world) => {
		const server = await world.serve(
			async function* (client) {
				const request = yield;
				if (request.startsWith("bad")) throw new Error(request);
				await client.sendPacket(request);
			},
			{ limits: { datagramsPerPeer: 1_000 } },
		);
		const [bad, good] = await world.peers(server, 2);
		const start = world.backend.now();
		let answered = 0;
		let asked = 0;
		for (let i = 0; i < 60; i++) {
			const storm = Array.from({ length: 100 }, (_, n) => `bad ${n}`);
			const sending = bad?.send(...storm);
			asked++;
			await good?.send(`good ${i}`);
			if ((await good?.receive(1_000).catch(() => "")) === `good ${i}`) answered++;
			await sending;
		}
		await world.until("the queue is empty", () => server.stats().queued === 0);
		const seconds = Math.ceil((world.backend.now() - start) / 1_000);
		await server.shutdown();
		const { handlerErrors, received } = server.stats();
		assertGreaterOrEqual(answered / asked, 0.95);
		assertGreaterOrEqual(handlerErrors, 3_000, `of ${received} received`);
		assertLessOrEqual(world.logger.of("ERROR").length, 10 * (seconds + 1));
		const suppressed = world.logger.of("WARN").filter((record) => record.startsWith("Suppressed"));
		assertGreaterOrEqual(suppressed.length, 1);
		const held = suppressed.reduce((sum, record) => sum + Number(/Suppressed (\d+)/.exec(record)?.[1]), 0);
		assertEquals(held + world.logger.of("ERROR").length, handlerErrors, "each error is a record, or counted in one");
	},
);

simulated("H2 alike records are held back for a second, others are not", async (world) => {
	const server = await world.serve(async function* () {
		const request = yield;
		throw request === "type" ? new TypeError(request) : new RangeError(request);
	});
	const peer = await world.peer(server);
	for (let i = 0; i < 15; i++) await peer.send("range");
	await peer.send("type");
	await world.backend.sleep(10);
	assertEquals(world.logger.of("ERROR").length, 11);
	await world.backend.sleep(1_000);
	await peer.send("range");
	await world.backend.sleep(10);
	assertEquals(world.logger.of("WARN"), ["Suppressed 5 more records: exception in a handler: RangeError"]);
	assertEquals(world.logger.of("ERROR").length, 12);
});

onSockets(
	"H4 a handler that blocks the event loop is named, and others do not time out because of it",
	async (world) => {
		const timeouts: unknown[] = [];
		async function* Blocking(client: Client): HandlerGenerator<string> {
			const request = yield;
			if (request === "block") {
				const end = performance.now() + 500;
				while (performance.now() < end);
				return;
			}
			try {
				await client.sendPacket(request);
				await client.sendPacket(yield { timeout: 400 });
			} catch (error) {
				timeouts.push(error);
			}
		}
		const server = await world.serve(Blocking);
		const [blocker, ...others] = await world.peers(server, 51);
		await Promise.all(others.map((peer, n) => peer.ask(`first ${n}`)));
		// These wait in the kernel when the loop is blocked: on every runtime a send reaches it within a turn or two.
		const sent = Promise.all(others.map((peer, n) => peer.send(`second ${n}`)));
		await blocker?.send("block");
		await sent;
		const answers = await Promise.all(others.map((peer) => peer.receive()));
		assertEquals(
			answers,
			others.map((_, n) => `second ${n}`),
		);
		assertEquals(timeouts, []);
		await world.until("the warning", () => world.logger.of("WARN").length > 0);
		const [warning] = world.logger.of("WARN");
		assertMatch(
			warning as string,
			/^The event loop was blocked for \d{3,} ms or more while the handler "Blocking" ran$/,
		);
		assert(Number(/for (\d+) ms/.exec(warning as string)?.[1]) >= 350);
	},
);

onSockets("H4 a handler that lives long and blocks at last is noticed as well", async (world) => {
	const server = await world.serve(async function* (client) {
		for (;;) {
			const request = yield;
			if (request === "block") {
				const end = performance.now() + 300;
				while (performance.now() < end);
			}
			await client.sendPacket(request);
		}
	});
	const peer = await world.peer(server);
	await peer.ask("x");
	await world.backend.sleep(350);
	assertEquals(world.backend.liveResources().timers, 1, "only the idle timeout: the watch costs nothing at rest");
	await peer.ask("block");
	await world.until("the warning", () => world.logger.of("WARN").length > 0);
});
