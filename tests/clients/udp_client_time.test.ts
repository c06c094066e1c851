/** What a UdpClient does over time, in virtual time. */

import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import { UdpClient } from "../../src/clients/udp_client.ts";
import { CancelledError, DatagramProtocolParseError, TimeoutError } from "../../src/errors.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";
import { bytes } from "./client_test.ts";

const protocol = new DatagramProtocol(new StringLineSerializer());

interface Pair {
	readonly client: UdpClient<string>;
	/** Sends to the client. */
	send(text: string): Promise<void>;
}

/** A test with a connected client and its peer. */
function pairTest(name: string, body: (backend: AsyncBackend, pair: Pair) => Promise<void>): void {
	simTest(name, async (backend) => {
		const peer = await UdpSocket.bind({ backend, host: "127.0.0.1" });
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol });
		await client.waitConnected();
		await body(backend, { client, send: (text) => peer.send(bytes(text), client.localAddress) });
		await client.close();
		await peer.close();
	});
}

pairTest("a receive that timed out has lost nothing", async (backend, { client, send }) => {
	for (let n = 0; n < 5; n++) {
		await assertRejects(() => client.receivePacket({ timeout: 100 }), TimeoutError);
		assertEquals(backend.now(), (n + 1) * 100);
	}
	await send("1");
	await send("2");
	assertEquals([await client.receivePacket(), await client.receivePacket()], ["1", "2"]);
});

pairTest(
	"a packet and the timeout at one moment: the packet arrives, now or with the next call",
	async (backend, { client, send }) => {
		for (let n = 0; n < 20; n++) {
			const received: string[] = [];
			await backend.gather([
				async () => {
					await backend.sleep(10);
					await send(`${n}`);
				},
				async () => {
					for (let tries = 0; received.length === 0 && tries < 2; tries++) {
						received.push(
							...(await client.receivePacket({ timeout: 10 }).then(
								(packet) => [packet],
								() => [],
							)),
						);
					}
				},
			]);
			assertEquals(received, [`${n}`]);
		}
	},
);

pairTest("a cancelled receive has lost nothing", async (backend, { client, send }) => {
	assertEquals(await backend.moveOnAfter(50, () => client.receivePacket()), undefined);
	await send("kept");
	assertEquals(await client.receivePacket(), "kept");
	await backend.moveOnAfter(0, () => assertRejects(() => client.receivePacket(), CancelledError));
});

pairTest("timeout 0 gives what has arrived", async (backend, { client, send }) => {
	await assertRejects(() => client.receivePacket({ timeout: 0 }), TimeoutError);
	await send("here");
	await backend.sleep(1);
	assertEquals(await client.receivePacket({ timeout: 0 }), "here");
	await assertRejects(() => client.receivePacket({ timeout: 0 }), TimeoutError);
	assertEquals(backend.now(), 1);
});

pairTest("receivers are served in turn", async (backend, { client, send }) => {
	const order: string[] = [];
	const receive = (name: string) => async () => void order.push(`${name} got ${await client.receivePacket()}`);
	await backend.gather([
		receive("a"),
		receive("b"),
		receive("c"),
		async () => {
			for (const packet of ["1", "2", "3"]) {
				await backend.sleep(10);
				await send(packet);
			}
		},
	]);
	assertEquals(order, ["a got 1", "b got 2", "c got 3"]);
});

pairTest("while another receives, the time limit holds", async (backend, { client, send }) => {
	await backend.gather([
		async () => assertEquals(await client.receivePacket(), "late"),
		async () => {
			await assertRejects(() => client.receivePacket({ timeout: 1_000 }), TimeoutError);
			assertEquals(backend.now(), 1_000);
			await send("late");
		},
	]);
});

pairTest("the time in the queue counts", async (backend, { client }) => {
	await backend.gather([
		async () => {
			await assertRejects(() => client.receivePacket({ timeout: 1_000 }), TimeoutError);
			assertEquals(backend.now(), 1_000);
		},
		async () => {
			await assertRejects(() => client.receivePacket({ timeout: 3_000 }), TimeoutError);
			assertEquals(backend.now(), 3_000);
		},
	]);
});

pairTest("a receiver that gives up in the queue lets the others go on", async (backend, { client, send }) => {
	await backend.gather([
		async () => assertEquals(await client.receivePacket(), "1"),
		async () => void (await assertRejects(() => client.receivePacket({ timeout: 10 }), TimeoutError)),
		async () => assertEquals(await client.receivePacket(), "2"),
		async () => {
			await backend.sleep(50);
			await send("1");
			await send("2");
		},
	]);
});

pairTest("receiving and sending do not wait for each other", async (backend, { client, send }) => {
	await backend.gather([
		async () => assertEquals(await client.receivePacket(), "done"),
		async () => {
			for (let n = 0; n < 100; n++) await client.sendPacket(`${n}`);
			assertEquals(backend.now(), 0);
			await send("done");
		},
	]);
});

pairTest("an iteration ends after silence, which counts anew for each packet", async (backend, { client, send }) => {
	const received: string[] = [];
	await backend.gather([
		async () => {
			for (let n = 0; n < 5; n++) {
				await backend.sleep(600);
				await send(`${n}`);
			}
		},
		async () => {
			for await (const packet of client.packets({ timeout: 1_000 })) received.push(packet);
		},
	]);
	assertEquals(received, ["0", "1", "2", "3", "4"]);
	assertEquals(backend.now(), 5 * 600 + 1_000);
});

pairTest("an iteration that was left goes on with the next one", async (backend, { client, send }) => {
	for (const packet of ["1", "2", "3"]) await send(packet);
	for await (const packet of client.packets({ timeout: 10 })) {
		assertEquals(packet, "1");
		break;
	}
	const rest: string[] = [];
	for await (const packet of client.packets({ timeout: 10 })) rest.push(packet);
	assertEquals(rest, ["2", "3"]);
});

pairTest("an iteration ends when another task closes the client", async (backend, { client, send }) => {
	const received: string[] = [];
	await backend.gather([
		async () => {
			for await (const packet of client.packets()) received.push(packet);
		},
		async () => {
			await send("1");
			await backend.sleep(10);
			await client.close();
		},
	]);
	assertEquals(received, ["1"]);
});

pairTest("an iteration lets cancellation pass", async (backend, { client }) => {
	let ended = false;
	await backend.moveOnAfter(10, async () => {
		for await (const _ of client.packets({ timeout: 1_000 }));
		ended = true;
	});
	assertEquals([ended, backend.now()], [false, 10]);
});

simTest("an iteration throws malformed packets, and a new one goes on", async (backend) => {
	const peer = await UdpSocket.bind({ backend, host: "127.0.0.1" });
	const json = new DatagramProtocol(new JsonSerializer<number>());
	const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: json });
	await client.waitConnected();
	for (const packet of ["1", "oops", "2"]) await peer.send(bytes(packet), client.localAddress);
	const received: number[] = [];
	const collect = async (): Promise<void> => {
		for await (const packet of client.packets({ timeout: 10 })) received.push(packet);
	};
	await assertRejects(collect, DatagramProtocolParseError);
	await collect();
	assertEquals(received, [1, 2]);
	await client.close();
	await peer.close();
});
