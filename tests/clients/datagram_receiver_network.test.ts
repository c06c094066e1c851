/** What depends on the real network: broadcasts, groups, shared ports. */

import { DatagramEndpoint } from "../../src/clients/datagram_endpoint.ts";
import { DatagramReceiver } from "../../src/clients/datagram_receiver.ts";
import { SocketError, TimeoutError } from "../../src/errors.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "../support/assert.ts";
import { bytes, capabilities, deadPort, netTest, text, withPeer } from "./client_test.ts";

const noBroadcast = capabilities.udpBroadcast && capabilities.udpReuseAddress ? false : "this backend cannot broadcast";

netTest(
	"two receivers on one port both get a broadcast, one of them a unicast",
	async (backend) => {
		const port = await deadPort(backend);
		const receivers = [1, 2].map(() => new DatagramReceiver({ backend, port, timeout: 5_000 }));
		for (const receiver of receivers) await receiver.bind();
		const sender = new DatagramEndpoint({ backend, broadcast: true });
		await sender.send(bytes("all"), { host: "127.255.255.255", port });
		for (const receiver of receivers) {
			const { value } = await receiver.next();
			assertEquals(value && [text(value.data), value.address.port], ["all", sender.localAddress.port]);
		}
		await sender.send(bytes("one"), { host: "127.0.0.1", port });
		const ones = await Promise.race(receivers.map((receiver) => receiver.next()));
		assertEquals(text(ones.value?.data ?? bytes("")), "one");
		for (const receiver of receivers) await receiver.close();
		await sender.close();
	},
	{ skip: noBroadcast },
);

netTest(
	"groups are joined when it binds",
	async (backend) => {
		const port = await deadPort(backend);
		const groups = [{ group: "239.255.77.1", interface: "127.0.0.1" }];
		const receiver = new DatagramReceiver({ backend, port, groups, timeout: 5_000 });
		await receiver.bind();
		const sender = new DatagramEndpoint({
			backend,
			host: "127.0.0.1",
			...(capabilities.udpMulticastInterface && { multicastInterface: "127.0.0.1" }),
		});
		await sender.send(bytes("group"), { host: "239.255.77.1", port });
		assertEquals(text((await receiver.next()).value?.data ?? bytes("")), "group");
		await receiver.close();
		await sender.close();
	},
	{ skip: capabilities.udpMulticast && capabilities.udpReuseAddress ? false : "this backend has no multicast" },
);

netTest(
	"a group that cannot be joined leaves no socket",
	async (backend) => {
		const groups = [{ group: "239.255.77.1", interface: "192.0.2.123" }];
		const receiver = new DatagramReceiver({ backend, port: 0, groups, reuseAddress: false });
		assertInstanceOf(await receiver.next().catch((error) => error), SocketError);
		assertEquals(backend.liveResources().sockets, 0);
		await receiver.close();
	},
	{ skip: capabilities.udpMulticast ? false : "this backend has no multicast" },
);

netTest("real silence ends a real loop", async (backend) => {
	const receiver = new DatagramReceiver({ backend, host: "127.0.0.1", port: 0, timeout: 300, reuseAddress: false });
	await receiver.bind();
	const sender = new DatagramEndpoint({ backend, host: "127.0.0.1" });
	const started = backend.now();
	const sending = (async () => {
		for (let n = 0; n < 5; n++) {
			await sender.send(bytes(`${n}`), receiver.localAddress);
			await backend.sleep(100);
		}
	})();
	const seen: string[] = [];
	for await (const { data } of receiver) seen.push(text(data));
	await sending;
	const took = backend.now() - started;
	assertEquals(seen, ["0", "1", "2", "3", "4"]);
	assert(took >= 690 && took < 5_000, `${took} ms`);
	await receiver.close();
	await sender.close();
});

netTest("the port is free at once, fifty times", async (backend) => {
	const port = await deadPort(backend);
	for (let run = 0; run < 50; run++) {
		const receiver = new DatagramReceiver({ backend, host: "127.0.0.1", port, timeout: 0, reuseAddress: false });
		for await (const _ of receiver) assert(false, "Nobody sends");
		await receiver.close();
	}
});

netTest("requests and answers between endpoints", (backend) =>
	withPeer(backend, async (peer) => {
		const protocol = new DatagramProtocol(new StringLineSerializer());
		const endpoint = new DatagramEndpoint({ backend, host: "127.0.0.1", protocol });
		for (let n = 0; n < 100; n++) {
			const answer = endpoint.request(`${n}`, peer.localAddress, { timeout: 5_000 });
			const { data, address } = await peer.receive({ timeout: 5_000 });
			await peer.send(bytes(`${text(data)}!`), address);
			assertEquals(await answer, `${n}!`);
		}
		await assertRejects(() => endpoint.request("?", peer.localAddress, { timeout: 50 }), TimeoutError);
		await endpoint.close();
	}),
);

netTest("a peer that is not there is silence, and does not disturb the others", (backend) =>
	withPeer(backend, async (peer) => {
		const endpoint = new DatagramEndpoint({ backend, host: "127.0.0.1" });
		const nobody = { host: "127.0.0.1", port: await deadPort(backend) };
		const lost = assertRejects(() => endpoint.request(bytes("?"), nobody, { timeout: 300 }), TimeoutError);
		const answer = endpoint.request(bytes("?"), peer.localAddress, { timeout: 5_000 });
		await peer.send(bytes("!"), (await peer.receive({ timeout: 5_000 })).address);
		assertEquals(text(await answer), "!");
		await lost;
		await endpoint.close();
	}),
);
