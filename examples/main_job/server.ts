/**
 * The server of the main job: answers with checksums, and holds conversations of several packets. The same file runs on
 * every runtime. Prints one JSON line when it listens; ends by SIGINT or SIGTERM, or after a minute.
 *
 *     node examples/main_job/server.ts --port 5004
 */
import { parseArgs } from "node:util";
import {
	type AsyncExitStack,
	type DatagramClient,
	type DatagramRequestHandler,
	type HandlerGenerator,
	type NetworkServer,
	runUntilSignal,
	TimeoutError,
	UdpServer,
} from "../../mod.ts";
import { checksum, PATIENCE, protocol, type Request, type Response, runtimeName } from "./protocol.ts";

/** Whoever started this program may be gone: it does not stay behind for ever. */
const LIFETIME = 60_000;

class MainJobHandler implements DatagramRequestHandler<Response, Request> {
	serviceInit(exitStack: AsyncExitStack, server: NetworkServer): void {
		exitStack.use(server.backend.openTaskGroup()).startSoon(async () => {
			await server.backend.sleep(LIFETIME);
			await server.shutdown();
		});
	}

	async *handle(client: DatagramClient<Response>): HandlerGenerator<Request> {
		const request = yield;
		if ("text" in request) {
			const { id, text } = request;
			await client.sendPacket({ id, checksum: checksum(text), length: text.length });
		} else if ("begin" in request) {
			await client.sendPacket({ hello: request.begin });
			yield* this.#conversation(client);
		}
	}

	/** Further packets of the same client come to the same generator, wherever it yields. */
	async *#conversation(client: DatagramClient<Response>): HandlerGenerator<Request> {
		const said: string[] = [];
		try {
			for (;;) {
				const request = yield { timeout: PATIENCE };
				if (!("say" in request)) break;
				said.push(request.say);
				await client.sendPacket({ heard: said.length });
			}
			await client.sendPacket({ all: said.join(" ") });
		} catch (error) {
			if (!(error instanceof TimeoutError)) throw error;
			await client.sendPacket({ timeout: PATIENCE });
		}
	}
}

const { values } = parseArgs({ options: { port: { type: "string", default: "0" } } });
const server = new UdpServer({
	host: "127.0.0.1",
	port: Number(values.port),
	protocol: protocol.server,
	handler: new MainJobHandler(),
});
await server.activate();
console.log(JSON.stringify({ runtime: runtimeName(), port: server.getAddresses()[0]?.port }));
await runUntilSignal(server, { drain: 0 });
