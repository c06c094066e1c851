/** A server under measurement: a child process that speaks the language of bench/servers/control.ts. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { ServerStats } from "../servers/control.ts";
import { pinned, projectFolder } from "./runtimes.ts";

const ANSWER_WITHIN = 10_000;

/** A running server. */
export class ServerProcess {
	readonly #child: ChildProcessByStdio<Writable, Readable, null>;
	readonly #lines: AsyncIterator<string>;
	#port = 0;

	private constructor(command: string[]) {
		const [program = "", ...args] = pinned(0, command);
		this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], cwd: projectFolder });
		// A server that died is reported by the line that it does not answer.
		this.#child.on("error", () => {});
		this.#child.stdin.on("error", () => {});
		this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
	}

	/**
	 * Starts a server and waits until it listens.
	 * @throws {Error} when it ends, or says nothing for 10 seconds.
	 */
	static async start(command: string[]): Promise<ServerProcess> {
		const server = new ServerProcess(command);
		try {
			const line = await server.#readLine();
			server.#port = Number(/^LISTENING (\d+)$/.exec(line)?.[1]);
			if (!(server.#port > 0)) throw new Error(`Cannot start a server: it printed "${line}"`);
		} catch (error) {
			server.#child.kill("SIGKILL");
			throw error;
		}
		return server;
	}

	/** Where the server listens, on 127.0.0.1. */
	get port(): number {
		return this.#port;
	}

	/** What the server has cost since its start; `collect` collects its garbage first. */
	async stats(command: "stats" | "collect" = "stats"): Promise<ServerStats> {
		this.#child.stdin.write(`${command}\n`);
		return JSON.parse(await this.#readLine()) as ServerStats;
	}

	/** Ends the server, by force after a second. */
	async stop(): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		const ended = new Promise((resolve) => this.#child.once("exit", resolve));
		this.#child.stdin.end("quit\n");
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), 1_000);
		await ended;
		clearTimeout(timer);
	}

	async #readLine(): Promise<string> {
		const timer = setTimeout(() => this.#child.kill("SIGKILL"), ANSWER_WITHIN);
		const { value, done } = await this.#lines.next();
		clearTimeout(timer);
		if (done) throw new Error(`Cannot read from a server: it ended or was silent for ${ANSWER_WITHIN} ms`);
		return value;
	}
}
