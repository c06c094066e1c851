/**
 * Answers requests in JSON that a schema has checked, until Ctrl-C. Start it, then examples/json_client.ts:
 *
 *     node examples/json_server.ts --port 5001
 */
import { parseArgs } from "node:util";
import { DatagramProtocolParseError, runUntilSignal, UdpServer } from "../mod.ts";
import { type Request, serverProtocol } from "./json_protocol.ts";

const { values } = parseArgs({
	options: {
		host: { type: "string", default: "127.0.0.1" },
		port: { type: "string", default: "5001" },
	},
});

const server = new UdpServer({
	host: values.host,
	port: Number(values.port),
	protocol: serverProtocol,
	handler: async function* (client) {
		let request: Request;
		try {
			request = yield;
		} catch (error) {
			// A malformed datagram is thrown in at the `yield`. Everything else, such as the end of the server, is not ours.
			if (!(error instanceof DatagramProtocolParseError)) throw error;
			return await client.sendPacket({ error: error.message });
		}
		await client.sendPacket({ id: request.id, sum: request.add.reduce((sum, n) => sum + n, 0) });
	},
});

await server.activate();
console.log(`Listening on ${server.getAddresses()[0]}`);
await runUntilSignal(server);
