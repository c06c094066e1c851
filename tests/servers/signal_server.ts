/** A server in a process of its own, for tests of signals: `signal_server.ts <mode> [drain]`. Prints what happens, a line each. */

import process from "node:process";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import type { DatagramClient } from "../../src/servers/datagram_client.ts";
import type { HandlerGenerator } from "../../src/servers/handlers.ts";
import { runUntilSignal } from "../../src/servers/run_until_signal.ts";
import { UdpServer } from "../../src/servers/udp_server.ts";
import { testBackend } from "../support/backend.ts";

const [mode, drain = "10000"] = process.argv.slice(2);
const say = (line: string): void => console.log(line);

async function* slow(client: DatagramClient<string>): HandlerGenerator<string> {
	const request: string = yield;
	await client.sendPacket("begun");
	try {
		if (request === "stuck") await new Promise<never>(() => undefined);
		await client.backend.sleep(Number(request));
		await client.sendPacket("done");
	} catch (error) {
		say(`cancelled ${request}`);
		if (request === "70000") await new Promise<never>(() => undefined);
		throw error;
	}
}

const server = new UdpServer({
	host: "127.0.0.1",
	port: 0,
	protocol: new DatagramProtocol(new StringLineSerializer()),
	backend: await testBackend(),
	handler: {
		handle: slow,
		serviceInit: (_, { backend }) =>
			void backend.sleep(1).then(() => say(`listening ${server.getAddresses()[0]?.port}`)),
	},
	logger: {
		debug() {},
		info: (message) => say(`info ${message}`),
		warn: (message) => say(`warn ${message}`),
		error: say,
	},
});

// Whatever the server does, the process does not end by itself.
const alive = setInterval(() => undefined, 1_000);

if (mode === "start") {
	await server.start();
} else {
	await runUntilSignal(server, { drain: Number(drain) });
	say("ended");
	if (mode === "end") clearInterval(alive);
}
