/** netquay's echo server that parses and serializes each datagram as JSON. */
import { DatagramProtocol, JsonSerializer, UdpServer } from "../../mod.ts";
import { serve } from "./serve.ts";

const protocol = new DatagramProtocol(new JsonSerializer());
await serve(
	new UdpServer({
		host: "127.0.0.1",
		port: 0,
		protocol,
		handler: async function* (client) {
			while (true) {
				const packet = yield;
				await client.sendPacket(packet);
			}
		},
	}),
);
