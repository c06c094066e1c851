/**
 * Sends every datagram back to whoever sent it, until Ctrl-C. Start it, then examples/echo_client.ts:
 *
 *     node examples/echo_server.ts --port 5000
 *     bun examples/echo_server.ts --port 5000
 *     deno run -A --unstable-net examples/echo_server.ts --port 5000
 *
 * In a project of your own, import from "netquay" where the examples import from "../mod.ts".
 */
import { parseArgs } from "node:util";
import { BytesSerializer, DatagramProtocol, runUntilSignal, UdpServer } from "../mod.ts";

const { values } = parseArgs({
	options: {
		host: { type: "string", default: "127.0.0.1" },
		port: { type: "string", default: "5000" },
	},
});

const server = new UdpServer({
	host: values.host,
	port: Number(values.port),
	// How datagrams become packets: here a packet is the bytes themselves.
	protocol: new DatagramProtocol(new BytesSerializer()),
	// Runs once for each datagram: `yield` receives it, and the server waits for the next one when the function ends.
	handler: async function* (client) {
		const packet = yield;
		await client.sendPacket(packet);
	},
});

// Opens the socket, so that its address is known; with port 0, the system chose the port.
await server.activate();
console.log(`Listening on ${server.getAddresses()[0]}`);
await runUntilSignal(server);
console.log("Stopped");
