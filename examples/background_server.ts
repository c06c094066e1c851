/**
 * A server and its clients in one program: the server runs in a background task, and each request in a task of its own.
 * Ends by itself.
 *
 *     node examples/background_server.ts
 */
import {
	DatagramProtocol,
	detectBackend,
	type InetAddress,
	StringLineSerializer,
	UdpClient,
	UdpServer,
} from "../mod.ts";

const backend = await detectBackend();
const protocol = new DatagramProtocol(new StringLineSerializer());

const server = new UdpServer({
	host: "127.0.0.1",
	port: 0,
	protocol,
	handler: async function* (client) {
		const request = yield;
		console.log(`"${request}" is handled in ${backend.currentTask()?.name}`);
		await client.sendPacket(request.toUpperCase());
	},
});

async function ask(address: InetAddress, text: string): Promise<void> {
	const client = new UdpClient({ host: address.host, port: address.port, protocol });
	try {
		await client.sendPacket(text);
		console.log(`"${text}" was answered with "${await client.receivePacket({ timeout: 1_000 })}"`);
	} finally {
		await client.close();
	}
}

// A task group ends when all of its tasks have: nothing is left behind, whatever fails.
await backend.taskGroup(async (group) => {
	const listening = backend.createEvent();
	const serving = group.startSoon(() => server.serveForever({ onListening: () => listening.set() }), {
		name: "server",
	});
	await listening.wait();

	const [address] = server.getAddresses();
	console.log(`The task "${serving.name}" serves`);
	if (address !== undefined) await backend.gather(["one", "two", "three"].map((text) => () => ask(address, text)));

	await server.shutdown();
	await serving.wait();
	console.log("The server has stopped");
});
await server.close();
