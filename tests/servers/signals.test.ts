import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { TimeoutError, UnsupportedOperationError } from "../../src/errors.ts";
import { runUntilSignal } from "../../src/servers/run_until_signal.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import {
	assert,
	assertEquals,
	assertGreaterOrEqual,
	assertLessOrEqual,
	assertMatch,
	assertRejects,
} from "../support/assert.ts";
import { testBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { spawnRuntime } from "../support/runtime.ts";
import { bytes, echo, simulated, text } from "./harness.ts";
import { type OwnDriver, onOwnDriver } from "./own_driver.ts";

const noSignals: string | false = process.platform === "win32" ? "Windows has no such signals" : false;

/** A server process, and peers of it. */
class ServerProcess {
	readonly child: ChildProcess;
	output = "";
	errors = "";
	ended: { code: number | null; signal: string | null; at: number } | undefined;
	readonly #sockets: UdpSocket[] = [];

	constructor(...args: string[]) {
		this.child = spawnRuntime("tests/servers/signal_server.ts", args, { stdio: ["ignore", "pipe", "pipe"] });
		this.child.stdout?.on("data", (data) => {
			this.output += String(data);
		});
		this.child.stderr?.on("data", (data) => {
			this.errors += String(data);
		});
		this.child.on("close", (code, signal) => {
			this.ended = { code, signal, at: performance.now() };
		});
	}

	async says(line: RegExp): Promise<RegExpExecArray> {
		return await eventually(`${line} in ${this.output}${this.errors}`, () => line.exec(this.output), 20_000);
	}

	/** A peer whose handler has begun with the request. */
	async request(packet: string): Promise<UdpSocket> {
		const port = Number((await this.says(/listening (\d+)/))[1]);
		const socket = await UdpSocket.connect({ backend: await testBackend(), host: "127.0.0.1", port });
		this.#sockets.push(socket);
		await socket.send(bytes(packet));
		assertEquals(text((await socket.receive({ timeout: 10_000 })).data), "begun");
		return socket;
	}

	/** Sends the signal; gives the time. */
	signal(signal: NodeJS.Signals): number {
		// On Deno, child.kill() makes the child's end look as if the signal had caused it.
		process.kill(this.child.pid as number, signal);
		return performance.now();
	}

	async end(): Promise<{ code: number | null; signal: string | null; at: number }> {
		return await eventually("the end of the process", () => this.ended, 20_000);
	}

	async close(): Promise<void> {
		for (const socket of this.#sockets) await socket.close();
		if (this.ended === undefined) this.signal("SIGKILL");
		await this.end();
	}
}

function processTest(name: string, args: string[], body: (server: ServerProcess) => Promise<void>): void {
	test(name, { skip: noSignals }, async () => {
		const server = new ServerProcess(...args);
		try {
			await body(server);
		} finally {
			await server.close();
		}
	});
}

processTest(
	"L1 SIGTERM under load: fifty busy handlers finish, none is lost, and the exit code is 0",
	["end"],
	async (server) => {
		const sockets = await Promise.all(Array.from({ length: 50 }, () => server.request("400")));
		const at = server.signal("SIGTERM");
		const answers = await Promise.all(sockets.map((socket) => socket.receive({ timeout: 5_000 })));
		assertEquals(new Set(answers.map(({ data }) => text(data))), new Set(["done"]));
		const { code, signal, at: end } = await server.end();
		assertEquals([code, signal], [0, null]);
		assertLessOrEqual(end - at, 3_000);
		assertMatch(server.output, /ended\n$/);
	},
);

processTest("L2 a second signal, of either kind, ends the drain at once", ["end", "60000"], async (server) => {
	await server.request("60000");
	server.signal("SIGTERM");
	await server.says(/Server loop break/);
	const at = server.signal("SIGINT");
	const { code, at: end } = await server.end();
	assertEquals(code, 0);
	assertLessOrEqual(end - at, 1_500);
	assertMatch(server.output, /cancelled 60000/);
});

processTest("L2 a third signal takes its default action", ["end", "60000"], async (server) => {
	await server.request("70000");
	server.signal("SIGTERM");
	await server.says(/Server loop break/);
	server.signal("SIGTERM");
	await server.says(/cancelled 70000/);
	const at = server.signal("SIGTERM");
	const { signal, at: end } = await server.end();
	assertEquals(signal, "SIGTERM");
	assertLessOrEqual(end - at, 1_000);
});

processTest(
	"L3 a handler that never ends: the process ends a second after the drain, names it, and fails",
	["end", "300"],
	async (server) => {
		await server.request("stuck");
		const at = server.signal("SIGTERM");
		const { code, at: end } = await server.end();
		assert(code !== 0 && code !== null, `exit code ${code}`);
		assertGreaterOrEqual(end - at, 1_250);
		assertLessOrEqual(end - at, 3_500);
		assertMatch(
			server.errors,
			/TimeoutError: Timed out: these did not end when the server stopped: the handler "slow" for 127\.0\.0\.1:\d+/,
		);
		assertMatch(server.output, /warn Abandoned the handler "slow" for 127\.0\.0\.1:\d+/);
	},
);

processTest("L8 a server that is started in any other way leaves signals alone", ["start"], async (server) => {
	await server.request("60000");
	server.signal("SIGTERM");
	const { signal } = await server.end();
	assertEquals(signal, "SIGTERM");
	assert(!server.output.includes("Server loop break"));
});

processTest("L8 when runUntilSignal is over, signals are left alone again", ["stay"], async (server) => {
	await server.says(/listening/);
	server.signal("SIGINT");
	await server.says(/ended/);
	server.signal("SIGINT");
	const { signal } = await server.end();
	assertEquals(signal, "SIGINT");
});

/** The signals of the driver, and how to send one. */
function withSignals(driver: OwnDriver): { listeners: Map<string, Set<() => void>>; send(signal: string): void } {
	const listeners = new Map<string, Set<() => void>>();
	Object.assign(driver, {
		onSignal(signal: string, callback: () => void) {
			const set = listeners.get(signal) ?? new Set();
			listeners.set(signal, set.add(callback));
			return () => set.delete(callback);
		},
	});
	const send = (signal: string): void => {
		for (const callback of [...(listeners.get(signal) ?? [])]) callback();
	};
	return { listeners, send };
}

onOwnDriver(
	"runUntilSignal listens to the signals asked for, and closes the server in the end",
	async (world, driver) => {
		Object.assign(driver.capabilities, { signals: true });
		const { listeners, send } = withSignals(driver);
		const { createBackend } = await import("../../src/backend/async_backend.ts");
		const backend = createBackend(driver);
		const server = world.server(echo, { backend });
		const running = runUntilSignal(server, { signals: ["SIGINT"], drain: 0 });
		await world.until("it serves", () => server.isServing());
		assertEquals([...listeners.keys()], ["SIGINT"]);
		send("SIGINT");
		await running;
		assertEquals(listeners.get("SIGINT")?.size, 0);
		assertEquals([server.isListening(), backend.liveResources().sockets], [false, 0]);
		const failing = world.server(
			{ serviceInit: () => Promise.reject(new RangeError("init")), handle: echo },
			{ backend },
		);
		await assertRejects(() => runUntilSignal(failing), RangeError, "init");
		assertEquals(
			[...listeners.values()].map(({ size }) => size),
			[0, 0],
		);
	},
);

onOwnDriver("L7 a signal while serviceInit runs ends the start", async (world, driver) => {
	Object.assign(driver.capabilities, { signals: true });
	const { send } = withSignals(driver);
	const { createBackend } = await import("../../src/backend/async_backend.ts");
	const backend = createBackend(driver);
	let begun = false;
	const server = world.server(
		{
			async serviceInit() {
				begun = true;
				await backend.sleepForever();
			},
			handle: echo,
		},
		{ backend },
	);
	const running = runUntilSignal(server);
	await world.until("it sets up", () => begun);
	send("SIGTERM");
	await running;
	assertEquals(backend.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 });
});

simulated(
	"runUntilSignal refuses a backend without signals, and wrong options, before it opens anything",
	async (world) => {
		await assertRejects(() => runUntilSignal(world.server(echo)), UnsupportedOperationError, "signals");
		for (const [options, error] of [
			[{ signals: ["SIGHUP"] }, TypeError],
			[{ signals: [] }, RangeError],
			[{ drain: -1 }, RangeError],
			[{ drain: "1" }, TypeError],
		] as const) {
			await assertRejects(() => runUntilSignal(world.server(echo), options as never), error);
		}
		assertEquals(world.backend.liveResources().sockets, 0);
		assert(TimeoutError.name.length > 0);
	},
);
