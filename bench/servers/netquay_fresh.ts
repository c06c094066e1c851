/** netquay's echo server in its plainest form: one datagram in, one out, a new generator for each. */
import { BytesSerializer, DatagramProtocol, UdpServer } from "../../mod.ts";
import { serve } from "./serve.ts";

const protocol = new DatagramProtocol(new BytesSerializer());
const server = new UdpServer({
	host: "127.0.0.1",
	port: 0,
	protocol,
	handler: async function* (client) {
		const packet = yield;
		await client.sendPacket(packet);
	},
});
await serve(server);
