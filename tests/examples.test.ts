/** Each example runs on the runtime under test, and prints what its comments promise. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { MainJobResult } from "../examples/main_job/client.ts";
import { UdpSocket } from "../mod.ts";
import { assert, assertEquals, assertMatch } from "./support/assert.ts";
import { runInRuntime, runtimeName, spawnRuntime } from "./support/runtime.ts";

/** Every example, and every program of one, ends within so many milliseconds. */
const LIMIT = 20_000;

/** The output of an example that ends by itself, and well. */
async function outputOf(example: string, ...args: string[]): Promise<string> {
	const { code, signal, stdout, stderr, timedOut } = await runInRuntime(`examples/${example}`, args, {
		timeout: LIMIT,
	});
	assert(!timedOut, `${example} did not end in ${LIMIT} ms; it printed:\n${stdout}${stderr}`);
	assertEquals([signal ?? code, stderr], [0, ""], `${example} printed:\n${stdout}`);
	return stdout;
}

/** Runs `body` with a server example and the first line that it prints, then interrupts it as Ctrl-C does. Gives what else it printed. */
async function withServer(example: string, body: (firstLine: string) => Promise<void>): Promise<string> {
	const child: ChildProcess = spawnRuntime(`examples/${example}`, ["--port", "0"], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT);
	const ended = once(child, "close") as Promise<[number | null, string | null]>;
	try {
		assert(child.stdout !== null);
		const lines: string[] = [];
		const reader = createInterface({ input: child.stdout });
		reader.on("line", (line) => lines.push(line));
		await Promise.race([once(reader, "line"), ended]);
		await body(lines.shift() ?? "");
		child.kill("SIGINT");
		const [code, signal] = await ended;
		// Deno says of every child that was sent a signal that the signal ended it.
		if (runtimeName !== "deno") assertEquals(signal ?? code, 0, `${example}, after SIGINT`);
		return lines.join("\n");
	} finally {
		clearTimeout(timer);
		child.kill("SIGKILL");
	}
}

function portOf(line: string): string {
	assertMatch(line, /^Listening on 127\.0\.0\.1:\d+$/);
	return line.slice(line.lastIndexOf(":") + 1);
}

/** A port at which nobody listens. */
async function deadPort(): Promise<string> {
	const socket = await UdpSocket.bind({ host: "127.0.0.1" });
	await socket.close();
	return `${socket.localAddress.port}`;
}

test("echo_server and echo_client", async () => {
	const rest = await withServer("echo_server.ts", async (line) => {
		const port = portOf(line);
		assertEquals(
			await outputOf("echo_client.ts", "--port", port, "hello", "good morning 🌅", ""),
			"hello\ngood morning 🌅\n\n",
		);
		assertEquals(await outputOf("echo_client.ts", "--port", port), "hello\n");
	});
	assertEquals(rest, "Stopped");
});

test("echo_client without a server says so", async () => {
	const { code, stdout, stderr } = await runInRuntime("examples/echo_client.ts", ["--port", await deadPort()], {
		timeout: LIMIT,
	});
	assertEquals([code, stdout], [1, ""]);
	assertMatch(stderr, /^(No answer|SocketError: .*ECONNREFUSED.*)\n$/);
});

test("json_server and json_client", async () => {
	await withServer("json_server.ts", async (line) => {
		const [one, two, three, ...more] = (await outputOf("json_client.ts", "--port", portOf(line))).split("\n");
		assertEquals([one, two, more], ['{"id":1,"add":[1,2,3]} -> 6', '{"id":2,"add":[0.5,-0.5]} -> 0', [""]]);
		assertMatch(three ?? "", /^\{"id":3,"add":"everything"\} -> refused: Cannot parse the packet: .*add/);
	});
});

test("discovery finds every peer once, then silence", async () => {
	const lines = (await outputOf("discovery.ts", "--port", await deadPort())).trimEnd().split("\n");
	assertEquals(lines.map((line) => line.replace(/127\.0\.0\.1:\d+/, "there")).sort(), [
		"Found anna at there",
		"Found bert at there",
		"Found carla at there",
		"Silence",
		"Still here: anna, bert, carla",
	]);
	assertEquals(lines.at(-1), "Silence");
});

test("background_server answers each client, each request in a task of its own, and stops", async () => {
	const lines = (await outputOf("background_server.ts")).trimEnd().split("\n");
	assertEquals([lines[0], lines.at(-1), lines.length], ['The task "server" serves', "The server has stopped", 8]);
	const tasks = new Set<string>();
	for (const text of ["one", "two", "three"]) {
		assert(lines.includes(`"${text}" was answered with "${text.toUpperCase()}"`), text);
		const handled = lines.find((line) => line.startsWith(`"${text}" is handled in Task-`));
		tasks.add(handled?.slice(handled.lastIndexOf(" ")) ?? "");
	}
	assertEquals(tasks.size, 3);
});

test("periodic_service counts while it serves, and cleans up", async () => {
	const lines = (await outputOf("periodic_service.ts", "--demo")).trimEnd().split("\n");
	assertMatch(lines[0] ?? "", /^The service begins at 127\.0\.0\.1:\d+$/);
	assertEquals(lines.slice(1, 4), ["Answer 1: one", "Answer 2: two", "Answer 3: three"]);
	const counts = lines.slice(4, -1).map((line) => Number(/^(\d+) requests in 200 ms$/.exec(line)?.[1]));
	assert(counts.length >= 1, `${lines}`);
	assertEquals(
		counts.reduce((sum, count) => sum + count, 0),
		3,
	);
	assertEquals(lines.at(-1), "The service ends after 3 requests");
});

test("the server and the client of the main job", async () => {
	await withServer("main_job/server.ts", async (line) => {
		const { runtime, port } = JSON.parse(line) as { runtime: string; port: number };
		const result = JSON.parse(await outputOf("main_job/client.ts", "--port", `${port}`)) as MainJobResult;
		assertEquals([result.runtime, result.roundTrips, result.errors], [runtime, 513, []]);
		assert(result.median > 0 && result.median < 1_000, `${result.median}`);
	});
});

test("the client of the main job notices wrong answers", async () => {
	const liar = await UdpSocket.bind({ host: "127.0.0.1" });
	const lying = (async () => {
		for await (const { address } of liar) await liar.send(new TextEncoder().encode('{"id":1}'), address);
	})();
	const { port } = liar.localAddress;
	const { code, stdout } = await runInRuntime("examples/main_job/client.ts", ["--port", `${port}`], { timeout: LIMIT });
	await liar.close();
	await lying;
	const { roundTrips, errors } = JSON.parse(stdout) as MainJobResult;
	assertEquals([code, roundTrips, errors.length], [1, 0, 5]);
	assertMatch(errors[0] ?? "", /wrong answer \{"id":1\}$/);
});
