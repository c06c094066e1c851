/**
 * Asks examples/json_server.ts three questions, the last of which makes no sense:
 *
 *     node examples/json_client.ts --port 5001
 */
import { parseArgs } from "node:util";
import { UdpClient } from "../mod.ts";
import { clientProtocol } from "./json_protocol.ts";

const { values } = parseArgs({
	options: {
		host: { type: "string", default: "127.0.0.1" },
		port: { type: "string", default: "5001" },
	},
});

const client = new UdpClient({ host: values.host, port: Number(values.port), protocol: clientProtocol });
const questions = [
	{ id: 1, add: [1, 2, 3] },
	{ id: 2, add: [0.5, -0.5] },
	{ id: 3, add: "everything" },
];
try {
	for (const question of questions) {
		await client.sendPacket(question);
		const answer = await client.receivePacket({ timeout: 1_000 });
		console.log(JSON.stringify(question), "->", "error" in answer ? `refused: ${answer.error}` : answer.sum);
	}
} finally {
	await client.close();
}
