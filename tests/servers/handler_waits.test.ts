import { CancelledError, TimeoutError } from "../../src/errors.ts";
import type { HandlerGenerator } from "../../src/servers/handlers.ts";
import type { ReceiveParams } from "../../src/servers/receive_params.ts";
import { assert, assertEquals, assertInstanceOf, assertMatch } from "../support/assert.ts";
import { type Client, checkStats, everywhere, type Handler, simulated } from "./harness.ts";

const nameOf = (error: unknown): string => (error as Error).name;

/** Answers what the second `yield` gave or threw. */
function second(wait: (client: Client) => AsyncGenerator<ReceiveParams | undefined, string, string>): Handler {
	return async function* (client): HandlerGenerator<string> {
		yield;
		let outcome: string;
		try {
			outcome = `got ${yield* wait(client)}`;
		} catch (error) {
			outcome = nameOf(error);
		}
		await client.sendPacket(outcome);
	};
}

everywhere("T-UD-15 S1-10 a yielded timeout ends the wait for later datagrams, never for the first", async (world) => {
	let first = 0;
	const server = await world.serve(async function* (client) {
		for (let timeout: number | undefined = 0; ; timeout = 20) {
			try {
				await client.sendPacket(`got ${yield { timeout }}`);
				first++;
			} catch (error) {
				await client.sendPacket(nameOf(error));
				return;
			}
		}
	});
	const peer = await world.peer(server);
	assertEquals(await peer.ask("a"), "got a");
	assertEquals(await peer.receive(), "TimeoutError");
	assertEquals(first, 1);
});

simulated("T-UD-15 the timeout is exact, counts from the yield, and each yield has its own", async (world) => {
	const times: number[] = [];
	const { backend } = world;
	const server = await world.serve(async function* () {
		yield;
		for (const timeout of [100, 50, 0, 1_000_000]) {
			const start = backend.now();
			try {
				yield { timeout };
			} catch {
				// Timed out.
			}
			times.push(backend.now() - start);
		}
	});
	await (await world.peer(server)).send("x");
	await backend.sleep(2_000_000);
	assertEquals(times, [100, 50, 0, 1_000_000]);
	assertEquals(server.stats().idleTimeouts, 0, "the handler's own timeouts are its own business");
});

everywhere("T-UD-15 a timeout of 0 still gives what is queued already", async (world) => {
	const server = await world.serve(async function* (client) {
		yield;
		await world.until("one is queued", () => server.stats().queued === 1);
		await client.sendPacket(yield { timeout: 0 });
		try {
			yield { timeout: 0 };
		} catch (error) {
			await client.sendPacket(nameOf(error));
		}
	});
	const peer = await world.peer(server);
	await peer.send("a", "b");
	assertEquals([await peer.receive(), await peer.receive()], ["b", "TimeoutError"]);
});

everywhere("T-UD-16 S1-11 a backend scope around the yield: time runs out, or the datagram comes", async (world) => {
	const server = await world.serve(
		second((client) =>
			client.backend.timeout(30, async function* (): AsyncGenerator<undefined, string, string> {
				return yield;
			}),
		),
	);
	const peer = await world.peer(server);
	assertEquals(await peer.ask("a"), "TimeoutError");
	await peer.send("b", "c");
	assertEquals(await peer.receive(), "got c");
});

everywhere("T-UD-16 moveOnAfter around a yield goes on; the handler is then as free as before", async (world) => {
	const server = await world.serve(async function* (client) {
		yield;
		const none = yield* client.backend.moveOnAfter(10, async function* () {
			const packet: string = yield;
			return packet;
		});
		await client.sendPacket(`none ${none}`);
		const some = yield* client.backend.moveOnAfter(60_000, async function* () {
			const packet: string = yield;
			return packet;
		});
		await client.sendPacket(`some ${some}`);
		await client.backend.sleep(1);
		await client.sendPacket(`after ${yield}`);
	});
	const peer = await world.peer(server);
	assertEquals(await peer.ask("a"), "none undefined");
	assertEquals(await peer.ask("b"), "some b");
	assertEquals(await peer.ask("c"), "after c");
});

simulated("T-UD-16 nested scopes around yields: the innermost deadline first, each its own error", async (world) => {
	const seen: string[] = [];
	const { backend } = world;
	const server = await world.serve(async function* () {
		yield;
		try {
			yield* backend.timeout(100, async function* () {
				const inner = yield* backend.moveOnAfter(30, async function* () {
					yield* backend.timeout(1_000, async function* () {
						yield;
					});
					return "packet";
				});
				seen.push(`${backend.now()} inner ${inner}`);
				try {
					yield { timeout: 20 };
				} catch (error) {
					seen.push(`${backend.now()} ${nameOf(error)}`);
				}
				yield;
			});
		} catch (error) {
			seen.push(`${backend.now()} outer ${nameOf(error)}`);
		}
	});
	await (await world.peer(server)).send("x");
	await backend.sleep(200);
	assertEquals(seen, ["30 inner undefined", "50 TimeoutError", "100 outer TimeoutError"]);
});

simulated("a scope that was cancelled ends each wait in it, also when a datagram is queued", async (world) => {
	const { backend } = world;
	const seen: string[] = [];
	const server = await world.serve(async function* () {
		yield;
		yield* backend.moveOnAfter(10, async function* () {
			await backend.shield(() => backend.sleep(20));
			try {
				yield;
			} catch (error) {
				seen.push(nameOf(error));
				yield;
			}
			seen.push("not reached");
		});
		seen.push(`then ${yield}`);
	});
	const peer = await world.peer(server);
	await peer.send("a", "b");
	await world.until("it has ended", () => server.stats().handlers === 0 && server.stats().handled === 2);
	assertEquals(seen, ["CancelledError", "then b"]);
});

everywhere("T-UD-16 a signal ends the wait with its reason, when it is aborted or was before", async (world) => {
	const controllers: AbortController[] = [];
	const server = await world.serve(
		second(async function* (): AsyncGenerator<ReceiveParams, string, string> {
			const controller = new AbortController();
			controllers.push(controller);
			if (controllers.length === 1) controller.abort(new RangeError("early"));
			return yield { signal: controller.signal, timeout: 60_000 };
		}),
	);
	const peer = await world.peer(server);
	assertEquals(await peer.ask("a"), "RangeError");
	await peer.send("b");
	await world.until("it waits", () => controllers.length === 2);
	controllers[1]?.abort();
	assertEquals(await peer.receive(), "AbortError");
	await peer.send("c");
	await world.until("it waits", () => controllers.length === 3);
	assertEquals(await peer.ask("d"), "got d");
	controllers[2]?.abort();
	await peer.send("e");
	await world.until("it waits", () => controllers.length === 4);
	controllers[3]?.abort(new SyntaxError("mine"));
	assertEquals(await peer.receive(), "SyntaxError");
});

everywhere("H6 what is no way to wait is thrown back in at the yield, and the datagram is not lost", async (world) => {
	const revoked = Proxy.revocable({}, {});
	revoked.revoke();
	const rejection = Promise.reject(new EvalError("yielded rejection"));
	const garbage: [unknown, string][] = [
		[42, "TypeError"],
		["soon", "TypeError"],
		[null, "TypeError"],
		[true, "TypeError"],
		[Symbol("x"), "TypeError"],
		[() => undefined, "TypeError"],
		[[], "TypeError"],
		[{ timeout: -1 }, "RangeError"],
		[{ timeout: Number.NaN }, "TypeError"],
		[{ timeout: "1" }, "TypeError"],
		[{ timeout: 1n }, "TypeError"],
		[{ signal: {} }, "TypeError"],
		[{ signal: Object.create(AbortSignal.prototype) }, "TypeError"],
		[revoked.proxy, "TypeError"],
		[
			{
				get timeout(): number {
					throw new SyntaxError("getter");
				},
			},
			"SyntaxError",
		],
		[rejection, "EvalError"],
	];
	rejection.catch(() => undefined);
	const seen: string[] = [];
	const server = await world.serve(async function* (client) {
		for (const first of [true, false]) {
			if (!first) yield;
			for (const [value] of garbage) {
				try {
					yield value as undefined;
					seen.push("a packet");
				} catch (error) {
					seen.push(nameOf(error));
				}
			}
			if (first) await client.sendPacket(`first ${yield}`);
		}
		await client.sendPacket(`second ${yield}`);
	});
	const peer = await world.peer(server);
	assertEquals(await peer.ask("a"), "first a");
	await peer.send("b");
	assertEquals(await peer.ask("c"), "second c");
	const expected = garbage.map(([, name]) => name);
	assertEquals(seen, [...expected, ...expected]);
});

simulated("H6 what is read of the yielded object is read once", async (world) => {
	let reads = 0;
	const server = await world.serve(async function* () {
		yield;
		try {
			yield {
				get timeout(): number {
					reads++;
					return reads === 1 ? 10 : Number.NaN;
				},
			};
		} catch (error) {
			assertInstanceOf(error, TimeoutError);
		}
	});
	await (await world.peer(server)).send("x");
	await world.backend.sleep(50);
	assertEquals([reads, server.stats().handlerErrors], [1, 0]);
});

simulated(
	"D4 a handler that waits for its peer without a timeout gets one after the idle time, and its finally runs",
	async (world) => {
		const seen: string[] = [];
		const { backend } = world;
		const server = await world.serve(async function* (client) {
			const request = yield;
			try {
				if (request === "validated") client.markValidated();
				if (request === "answered") {
					await client.sendPacket("answer");
					yield;
				}
				yield;
			} catch (error) {
				seen.push(`${backend.now()} ${request} ${nameOf(error)}`);
				if (request === "goes on") yield;
				throw error;
			} finally {
				seen.push(`${backend.now()} ${request} ended`);
			}
		});
		const peers = await world.peers(server, 4);
		await peers[0]?.send("stranger");
		await peers[1]?.send("validated");
		await peers[2]?.send("goes on");
		await backend.sleep(1_000);
		await peers[3]?.ask("answered");
		await peers[3]?.send("again");
		await backend.sleep(100_000);
		assertEquals(seen.sort(), [
			"30000 goes on TimeoutError",
			"30000 stranger TimeoutError",
			"30000 stranger ended",
			"30000 validated TimeoutError",
			"30000 validated ended",
			"31000 answered TimeoutError",
			"31000 answered ended",
			"60000 goes on ended",
		]);
		assertEquals([server.stats().idleTimeouts, server.stats().peers, server.stats().handlerErrors], [5, 0, 0]);
		assertEquals([world.logger.of("ERROR"), world.logger.of("WARN")], [[], []]);
		assertEquals(backend.liveResources().timers, 0);
	},
);

simulated(
	"D4 what was thrown in at one run, thrown again by a later one, is an error like any other",
	async (world) => {
		let kept: unknown;
		const server = await world.serve(async function* () {
			yield;
			if (kept !== undefined) throw kept;
			try {
				yield;
			} catch (error) {
				kept = error;
			}
		});
		const peer = await world.peer(server);
		await peer.send("x");
		await world.until("it timed out", () => kept !== undefined, 40_000);
		await peer.send("y");
		await world.until("it is logged", () => world.logger.of("ERROR").length === 1);
		assertEquals([server.stats().idleTimeouts, server.stats().handlerErrors], [1, 1]);
	},
);

everywhere("D4 the idle time is a limit of the server", async (world) => {
	const seen: string[] = [];
	const server = await world.serve(
		async function* () {
			yield;
			try {
				yield;
			} catch (error) {
				seen.push(nameOf(error));
			}
		},
		{ limits: { peerIdleTimeout: 50 } },
	);
	await (await world.peer(server)).send("x");
	await world.until("it timed out", () => seen.length === 1);
	assertEquals(seen, ["TimeoutError"]);
});

simulated("a timeout and a datagram at the same moment: one of the two, and no datagram is lost", async (world) => {
	const { backend } = world;
	for (const [yielded, at] of [
		[{ timeout: 50 }, 50],
		[undefined, 30_000],
	] as const) {
		const seen: string[] = [];
		const server = await world.serve(async function* () {
			seen.push(yield);
			for (;;) {
				try {
					seen.push(yield yielded);
				} catch (error) {
					if (!(error instanceof TimeoutError)) throw error;
					seen.push("timeout");
				}
			}
		});
		const peer = await world.peer(server);
		await peer.send("first");
		await backend.sleep(at - 1);
		const cut = backend.now() + 1;
		await backend.sleepUntil(cut);
		await peer.send("second");
		await backend.sleep(1);
		assertEquals(
			seen.filter((entry) => entry !== "timeout"),
			["first", "second"],
		);
		checkStats(server.stats());
		await server.close();
	}
});

simulated("a wait that was interrupted leaves nothing behind: no timer, no listener, no wait", async (world) => {
	const { backend } = world;
	const controller = new AbortController();
	let listeners = 0;
	const add = controller.signal.addEventListener.bind(controller.signal);
	const remove = controller.signal.removeEventListener.bind(controller.signal);
	controller.signal.addEventListener = (...args: Parameters<typeof add>): void => {
		listeners++;
		add(...args);
	};
	controller.signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
		listeners--;
		remove(...args);
	};
	const server = await world.serve(async function* (client) {
		yield;
		for (let i = 0; i < 3; i++) {
			const packet = yield* client.backend.timeout(60_000, async function* () {
				return (yield { timeout: 60_000, signal: controller.signal }) as string;
			});
			assertEquals(packet, "x");
		}
		await new Promise<void>((resolve) => {
			release = resolve;
		});
	});
	let release: () => void = () => undefined;
	const peer = await world.peer(server);
	await peer.send("x", "x", "x");
	await world.until("three are handled", () => server.stats().handled === 3);
	assertEquals(listeners, 1);
	await peer.send("x");
	await backend.sleep(1_000);
	assertEquals(listeners, 0);
	const { timers, waits } = backend.liveResources();
	assertEquals([timers, waits], [0, 1], "only the server waits for its end");
	release();
});

everywhere("waits other than yields obey the scope of the server", async (world) => {
	let error: unknown;
	const server = await world.serve(async function* (client) {
		yield;
		const lock = client.backend.createLock();
		await lock.acquire();
		try {
			await lock.acquire();
		} catch (caught) {
			error = caught;
		}
	});
	await (await world.peer(server)).send("x");
	await world.until("it is handled", () => server.stats().handled === 1);
	await server.shutdown();
	assertInstanceOf(error, CancelledError);
});

everywhere("a task group in a handler ends with it, and with the server", async (world) => {
	const seen: string[] = [];
	const server = await world.serve(async function* (client) {
		const request = yield;
		await client.backend.taskGroup((group) => {
			group.startSoon(async () => {
				if (request === "forever") await client.backend.sleepForever().finally(() => seen.push("cancelled"));
				await client.sendPacket(`${request} from a task`);
			});
		});
	});
	const peer = await world.peer(server);
	assertEquals(await peer.ask("a"), "a from a task");
	await peer.send("forever");
	await world.until("it is handled", () => server.stats().handled === 2);
	await world.backend.sleep(5);
	await server.shutdown();
	assertEquals(seen, ["cancelled"]);
	assertEquals([world.logger.of("ERROR"), world.logger.of("WARN")], [[], []]);
});

everywhere("a CancelledError that nothing cancelled is an error like any other", async (world) => {
	const server = await world.serve(async function* () {
		yield;
		throw new CancelledError("stray");
	});
	await (await world.peer(server)).send("x");
	await world.until("it is logged", () => world.logger.of("ERROR").length === 1);
	assertMatch(world.logger.records.at(-1) as string, /stray/);
	assert(server.stats().handlerErrors === 1);
});
