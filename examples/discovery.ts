/**
 * Peers that find each other by broadcast. Three announcers tell their names over and over; a listener collects who is
 * there. Announcements may get lost: another one comes soon.
 *
 *     node examples/discovery.ts
 *
 * It runs on this computer alone. For a real network, announce to its broadcast address, such as 192.168.1.255:
 *
 *     node examples/discovery.ts --broadcast 192.168.1.255
 */
import { parseArgs } from "node:util";
import { DatagramEndpoint, DatagramProtocol, DatagramReceiver, detectBackend, JsonSerializer } from "../mod.ts";

const { values } = parseArgs({
	options: {
		broadcast: { type: "string", default: "127.255.255.255" },
		port: { type: "string", default: "5002" },
	},
});
const port = Number(values.port);
const protocol = new DatagramProtocol(new JsonSerializer<{ name: string }>());
const backend = await detectBackend();

/** Announces itself every 100 ms, until it is cancelled. */
async function announce(name: string): Promise<void> {
	const endpoint = new DatagramEndpoint({ protocol, broadcast: true });
	try {
		for (;;) {
			await endpoint.send({ name }, { host: values.broadcast, port });
			await backend.sleep(100);
		}
	} finally {
		await endpoint.close();
	}
}

/** The peers among the next announcements, each once. */
async function listen(
	receiver: DatagramReceiver<{ name: string }>,
	announcements: number,
): Promise<Map<string, string>> {
	const peers = new Map<string, string>();
	let count = 0;
	// The loop also ends by itself, after a second without any announcement.
	for await (const { packet, address } of receiver) {
		peers.set(packet.name, address.toString());
		if (++count === announcements) break;
	}
	return peers;
}

const receiver = new DatagramReceiver({ port, protocol, timeout: 1_000 });
await receiver.bind();

await backend.taskGroup(async (group) => {
	for (const name of ["anna", "bert", "carla"]) group.startSoon(() => announce(name));
	for (const [name, address] of await listen(receiver, 12)) console.log(`Found ${name} at ${address}`);
	// Left by `break`, the receiver is still there: another loop goes on with what has arrived since.
	console.log(`Still here: ${[...(await listen(receiver, 12)).keys()].sort().join(", ")}`);
	group.scope.cancel();
});

// What was announced since then is still received; then there is silence.
await listen(receiver, Infinity);
console.log("Silence");
await receiver.close();
