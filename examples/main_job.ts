/**
 * One server file and one client file, each under Node, Bun and Deno: every client asks every server, and checks what it
 * answers. Prints a table; the exit code is 0 only if all nine pairs are right.
 *
 *     npm start
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { MainJobResult } from "./main_job/client.ts";

/** As in NETQUAY_RUNTIMES: `command` with `args` and a file runs that file. */
interface Runtime {
	readonly name: string;
	readonly command: string;
	readonly args: readonly string[];
}

interface Server {
	readonly runtime: string;
	readonly port: number;
	readonly process: ChildProcess;
}

/** Milliseconds for one program to begin, or to do its work. */
const STEP_LIMIT = 20_000;
const folder = join(dirname(fileURLToPath(import.meta.url)), "main_job");
const children = new Set<ChildProcess>();

/** Starts a program and gives its first line, which is JSON. What it prints as errors goes into the message when it fails. */
async function start<T>(runtime: Runtime, file: string, ...args: string[]): Promise<{ child: ChildProcess; line: T }> {
	const child = spawn(runtime.command, [...runtime.args, join(folder, file), ...args], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	children.add(child);
	child.once("exit", () => children.delete(child));
	const problems: string[] = [];
	child.stderr.setEncoding("utf8").on("data", (text: string) => problems.push(text));
	const timer = setTimeout(() => child.kill("SIGKILL"), STEP_LIMIT);
	try {
		const failed = new Promise<never>((_, reject) => {
			child.once("error", reject);
			child.once("close", (code, signal) => reject(new Error(`It ended with ${signal ?? code}. ${problems.join("")}`)));
		});
		const lines = createInterface({ input: child.stdout });
		const [line] = (await Promise.race([once(lines, "line"), failed])) as [string];
		return { child, line: JSON.parse(line) as T };
	} catch (error) {
		throw new Error(`${file} failed on ${runtime.name}: ${(error as Error).message}`);
	} finally {
		clearTimeout(timer);
	}
}

async function startServer(runtime: Runtime): Promise<Server> {
	const { child, line } = await start<{ runtime: string; port: number }>(runtime, "server.ts");
	return { ...line, process: child };
}

async function stopServer({ runtime, process: child }: Server): Promise<void> {
	const ended = once(child, "exit");
	child.kill("SIGTERM");
	const [code, signal] = await ended;
	if (code !== 0) throw new Error(`The server on ${runtime} ended with ${signal ?? code}`);
}

function row(...[server, client, trips, errors, median]: (string | number)[]): string {
	return `  ${`${server}`.padEnd(14)}${`${client}`.padEnd(14)}${`${trips}`.padStart(11)}${`${errors}`.padStart(9)}${`${median}`.padStart(12)}`;
}

async function main(runtimes: readonly Runtime[]): Promise<boolean> {
	const begun = performance.now();
	const servers = await Promise.all(runtimes.map(startServer));
	const results: MainJobResult[] = [];
	console.log(`\n${row("server", "client", "round trips", "errors", "median")}`);
	for (const server of servers) {
		for (const runtime of runtimes) {
			const { line } = await start<MainJobResult>(runtime, "client.ts", "--port", `${server.port}`);
			results.push(line);
			console.log(
				row(server.runtime, line.runtime, line.roundTrips, line.errors.length, `${line.median.toFixed(3)} ms`),
			);
			for (const error of line.errors) console.log(`    ${error}`);
		}
	}
	await Promise.all(servers.map(stopServer));
	const right = results.filter(({ errors }) => errors.length === 0).length;
	const trips = results.reduce((sum, { roundTrips }) => sum + roundTrips, 0);
	const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
	console.log(`\n  ${right} of ${results.length} pairs are right: ${trips} round trips checked in ${seconds} s\n`);
	return right === results.length;
}

const wanted = ["node 26", "bun", "deno"];
const all = JSON.parse(process.env["NETQUAY_RUNTIMES"] ?? "[]") as Runtime[];
const runtimes = wanted.flatMap((name) => all.filter((runtime) => runtime.name === name));
if (runtimes.length < wanted.length) {
	console.error('Cannot find all runtimes: start this with "npm start"');
	process.exitCode = 2;
} else {
	try {
		process.exitCode = (await main(runtimes)) ? 0 : 1;
	} catch (error) {
		console.error((error as Error).message);
		process.exitCode = 1;
	} finally {
		for (const child of children) child.kill("SIGKILL");
	}
}
