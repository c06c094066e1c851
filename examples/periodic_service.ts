/**
 * A server with a life of its own: `serviceInit` starts a background task that counts the requests of each interval, and
 * says what to do when the service ends. Until Ctrl-C, or for some time:
 *
 *     node examples/periodic_service.ts --port 5003 --interval 1000
 *     node examples/periodic_service.ts --demo
 */
import { parseArgs } from "node:util";
import {
	type AsyncExitStack,
	type DatagramClient,
	DatagramProtocol,
	type DatagramRequestHandler,
	type HandlerGenerator,
	type NetworkServer,
	runUntilSignal,
	StringLineSerializer,
	UdpClient,
	UdpServer,
} from "../mod.ts";

const { values } = parseArgs({
	options: {
		host: { type: "string", default: "127.0.0.1" },
		port: { type: "string", default: "5003" },
		interval: { type: "string", default: "1000" },
		demo: { type: "boolean", default: false },
	},
});
const interval = values.demo ? 200 : Number(values.interval);
const protocol = new DatagramProtocol(new StringLineSerializer());

/** One instance serves all clients. */
class CountingHandler implements DatagramRequestHandler<string, string> {
	#requests = 0;
	#total = 0;

	/** Runs each time the server begins to serve, with its sockets open. */
	serviceInit(exitStack: AsyncExitStack, server: NetworkServer): void {
		console.log(`The service begins at ${server.getAddresses()[0]}`);
		// What is put on the stack is undone in reverse order when the server stops: first the tasks end, then this is printed.
		exitStack.defer(() => console.log(`The service ends after ${this.#total} requests`));
		const tasks = exitStack.use(server.backend.openTaskGroup());
		tasks.startSoon(() => this.#report(server));
	}

	async *handle(client: DatagramClient<string>): HandlerGenerator<string> {
		const request = yield;
		this.#requests++;
		this.#total++;
		await client.sendPacket(`${this.#total}: ${request}`);
	}

	/** Ends by cancellation when the server stops: the `sleep` throws. */
	async #report(server: NetworkServer): Promise<void> {
		for (;;) {
			await server.backend.sleep(interval);
			console.log(`${this.#requests} requests in ${interval} ms`);
			this.#requests = 0;
		}
	}
}

const port = values.demo ? 0 : Number(values.port);
const server = new UdpServer({ host: values.host, port, protocol, handler: new CountingHandler() });

if (values.demo) {
	await server.start();
	const client = new UdpClient({ host: values.host, port: server.getAddresses()[0]?.port ?? 0, protocol });
	for (const text of ["one", "two", "three"]) {
		await client.sendPacket(text);
		console.log(`Answer ${await client.receivePacket({ timeout: 1_000 })}`);
	}
	await client.close();
	await server.backend.sleep(2.5 * interval);
	await server.close();
} else {
	await runUntilSignal(server);
}
