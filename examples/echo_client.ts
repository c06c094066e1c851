/**
 * Sends its arguments to examples/echo_server.ts, and prints what comes back:
 *
 *     node examples/echo_client.ts --port 5000 hello "good morning"
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { DatagramProtocol, StringLineSerializer, TimeoutError, UdpClient } from "../mod.ts";

const { values, positionals } = parseArgs({
	options: {
		host: { type: "string", default: "127.0.0.1" },
		port: { type: "string", default: "5000" },
	},
	allowPositionals: true,
});

const client = new UdpClient({
	host: values.host,
	port: Number(values.port),
	protocol: new DatagramProtocol(new StringLineSerializer()),
});

try {
	for (const text of positionals.length > 0 ? positionals : ["hello"]) {
		await client.sendPacket(text);
		// Datagrams get lost: never wait for one without a time limit.
		console.log(await client.receivePacket({ timeout: 1_000 }));
	}
} catch (error) {
	// On Node and Bun, the system says ECONNREFUSED when nobody listens; Deno cannot tell, so the time passes.
	console.error(error instanceof TimeoutError ? "No answer" : String(error));
	process.exitCode = 1;
} finally {
	await client.close();
}
