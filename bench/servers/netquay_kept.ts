/** netquay's echo server whose handler keeps its generator: one for each client, for as long as it sends. */
import { BytesSerializer, DatagramProtocol, UdpServer } from "../../mod.ts";
import { serve } from "./serve.ts";

const protocol = new DatagramProtocol(new BytesSerializer());
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
