/**
 * The client of the main job: asks the server, checks every answer, and prints one JSON line with the result. The same
 * file runs on every runtime.
 *
 *     node examples/main_job/client.ts --port 5004
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { UdpClient } from "../../mod.ts";
import { checksum, PATIENCE, protocol, type Request, type Response, runtimeName } from "./protocol.ts";

/** The result of one client with one server. */
export interface MainJobResult {
	/** The client's runtime and its version. */
	readonly runtime: string;
	/** Answers that came and were right. */
	readonly roundTrips: number;
	/** What went wrong, the first few. */
	readonly errors: readonly string[];
	/** Median time of a short round trip, in milliseconds. */
	readonly median: number;
}

/** A datagram that is lost on one computer is a defect. */
const ANSWER_TIMEOUT = 2_000;
const SHORT_ROUND_TRIPS = 500;
/** Near what a datagram can carry; macOS takes 9,216 bytes unless told otherwise. */
const LARGE = process.platform === "darwin" ? 8_000 : 60_000;

const { values } = parseArgs({ options: { port: { type: "string" } } });
const client = new UdpClient({ host: "127.0.0.1", port: Number(values.port), protocol: protocol.client });
const errors: string[] = [];
const times: number[] = [];
let roundTrips = 0;

/** Sends a request, if there is one, and compares the answer with the right one. */
async function expect(request: Request | undefined, right: Response, timeout: number = ANSWER_TIMEOUT): Promise<void> {
	const name = JSON.stringify(request ?? "silence").slice(0, 60);
	try {
		if (request !== undefined) await client.sendPacket(request);
		const answer = await client.receivePacket({ timeout });
		if (JSON.stringify(answer) === JSON.stringify(right)) roundTrips++;
		else errors.push(`${name}: wrong answer ${JSON.stringify(answer).slice(0, 60)}`);
	} catch (error) {
		errors.push(`${name}: ${error}`);
	}
}

async function expectChecksum(id: number, text: string): Promise<void> {
	await expect({ id, text }, { id, checksum: checksum(text), length: text.length });
}

async function expectConversation(words: readonly string[]): Promise<void> {
	await expect({ begin: "quay" }, { hello: "quay" });
	for (const [index, say] of words.entries()) await expect({ say }, { heard: index + 1 });
}

for (const [index, text] of ["", "grüße 👋 \u0000 日本語", "x".repeat(LARGE)].entries())
	await expectChecksum(-index, text);

for (let id = 1; id <= SHORT_ROUND_TRIPS && errors.length < 10; id++) {
	const start = performance.now();
	await expectChecksum(id, `request ${id} of ${runtimeName()}`);
	times.push(performance.now() - start);
}

await expectConversation(["to", "be", "continued"]);
await expect({ end: true }, { all: "to be continued" });

// The server loses its patience, no sooner than it should; then it is ready for the next request.
await expectConversation(["and", "then"]);
const silent = performance.now();
await expect(undefined, { timeout: PATIENCE });
if (performance.now() - silent < PATIENCE * 0.9) errors.push("The server timed out too early");
await expectChecksum(0, "still there?");

await client.close();
const median = times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
const result: MainJobResult = { runtime: runtimeName(), roundTrips, errors: errors.slice(0, 5), median };
console.log(JSON.stringify(result));
process.exitCode = errors.length === 0 ? 0 : 1;
