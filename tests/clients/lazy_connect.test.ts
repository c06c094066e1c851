/** How a client opens its socket: when it is first needed, once for all, again after a failure. */

import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import type { RawDatagramSocket } from "../../src/backend/driver.ts";
import { DatagramEndpoint } from "../../src/clients/datagram_endpoint.ts";
import { UdpClient } from "../../src/clients/udp_client.ts";
import { CancelledError, ClientClosedError, SocketError, TimeoutError } from "../../src/errors.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";
import { assertNothingLeft, bytes } from "./client_test.ts";

const protocol = new DatagramProtocol(new StringLineSerializer());

/** A backend on which opening a socket takes a second of virtual time, and fails as long as it is told to. */
interface SlowBackend {
	readonly slow: AsyncBackend;
	/** How often a socket was asked for. */
	opened: number;
	/** How many sockets are open. */
	open: number;
	/** What opening fails with. */
	failure: Error | undefined;
}

function slowBackend(backend: AsyncBackend): SlowBackend {
	const control: SlowBackend = {
		opened: 0,
		open: 0,
		failure: undefined,
		slow: createBackend({
			...backend.driver,
			async openUdp(options, events): Promise<RawDatagramSocket> {
				control.opened++;
				await backend.shield(() => backend.sleep(1_000));
				if (control.failure !== undefined) throw control.failure;
				const socket = (await backend.driver.openUdp?.(options, events)) as RawDatagramSocket;
				control.open++;
				const close = socket.close.bind(socket);
				return Object.assign(socket, {
					close(): Promise<void> {
						control.open--;
						return close();
					},
				});
			},
		}),
	};
	return control;
}

/** A test with an unconnected client on a slow backend, and a peer. */
function slowTest(
	name: string,
	body: (context: SlowBackend & { client: UdpClient<string>; peer: UdpSocket }, backend: AsyncBackend) => Promise<void>,
): void {
	simTest(name, async (backend) => {
		const control = slowBackend(backend);
		const peer = await UdpSocket.bind({ backend, host: "127.0.0.1" });
		const client = new UdpClient({ backend: control.slow, host: "127.0.0.1", port: peer.localAddress.port, protocol });
		await body(Object.assign(control, { client, peer }), backend);
		await client.close();
		await peer.close();
		assertEquals([client.isConnected(), client.isClosing()], [false, true]);
		// A socket that opens too late is closed then.
		await backend.sleep(2_000);
		assertEquals(control.open, 0);
		assertNothingLeft(control.slow);
	});
}

slowTest("nothing is opened before it is needed", async (context, backend) => {
	await backend.sleep(5_000);
	assertEquals(context.opened, 0);
	await context.client.sendPacket("now");
	assertEquals([context.opened, backend.now()], [1, 6_000]);
});

slowTest("all who come while it connects share one attempt", async (context, backend) => {
	const { client, peer } = context;
	await backend.gather([
		() => client.waitConnected(),
		() => client.sendPacket("1"),
		() => client.sendPacket("2"),
		async () => assertEquals(await client.receivePacket(), "answer"),
		async () => {
			const { address } = await peer.receive();
			await peer.send(bytes("answer"), address);
		},
	]);
	await client.waitConnected();
	assertEquals([context.opened, backend.now()], [1, 1_000]);
});

slowTest("connecting counts in the time limit", async ({ client }, backend) => {
	await assertRejects(() => client.receivePacket({ timeout: 400 }), TimeoutError);
	assertEquals(backend.now(), 400);
	await assertRejects(() => client.receivePacket({ timeout: 1_000 }), TimeoutError);
	assertEquals(backend.now(), 1_400);
	await assertRejects(() => client.receivePacket({ timeout: 0 }), TimeoutError);
});

slowTest("who gives up does not end the attempt", async (context, backend) => {
	const { client } = context;
	const aborted = new AbortController();
	await backend.gather([
		async () => void (await assertRejects(() => client.waitConnected({ timeout: 100 }), TimeoutError)),
		async () =>
			void (await backend.moveOnAfter(200, () => assertRejects(() => client.sendPacket("never"), CancelledError))),
		async () => void (await assertRejects(() => client.waitConnected({ signal: aborted.signal }), RangeError)),
		async () => {
			await backend.sleep(300);
			aborted.abort(new RangeError("enough"));
		},
		async () => {
			await backend.sleep(500);
			await client.waitConnected();
		},
	]);
	assertEquals([context.opened, backend.now(), client.isConnected()], [1, 1_000, true]);
});

slowTest("an attempt that nobody waits for any more may succeed or fail in silence", async (context, backend) => {
	context.failure = new Error("no");
	await assertRejects(() => context.client.waitConnected({ timeout: 100 }), TimeoutError);
	await backend.sleep(2_000);
	context.failure = undefined;
	await assertRejects(() => context.client.waitConnected({ timeout: 100 }), TimeoutError);
	await backend.sleep(2_000);
	assertEquals([context.opened, context.client.isConnected()], [2, true]);
});

slowTest("after a failure, which all get, the next call tries again", async (context) => {
	const { client, peer } = context;
	context.failure = Object.assign(new Error("no"), { code: "ENOBUFS" });
	const outcomes = await Promise.allSettled([client.waitConnected(), client.sendPacket("x"), client.receivePacket()]);
	const codes = outcomes.map((outcome) => outcome.status === "rejected" && (outcome.reason as SocketError).code);
	assertEquals([context.opened, ...codes], [1, "ENOBUFS", "ENOBUFS", "ENOBUFS"]);
	await assertRejects(() => client.waitConnected(), SocketError);
	assertEquals([client.isConnected(), client.isClosing()], [false, false]);
	context.failure = undefined;
	await client.sendPacket("at last");
	assertEquals(new TextDecoder().decode((await peer.receive()).data), "at last");
	assertEquals(context.opened, 3);
});

slowTest("close() while it connects ends the waits at once, and leaves no socket", async (context, backend) => {
	const { client } = context;
	const waits = [client.waitConnected(), client.sendPacket("x"), client.receivePacket()];
	const ended = Promise.all(waits.map((wait) => assertRejects(() => wait, ClientClosedError)));
	await backend.sleep(100);
	const closed = client.close();
	await ended;
	assertEquals([client.isConnected(), client.isClosing()], [false, true]);
	await closed;
	assertEquals(backend.now(), 100);
	await assertRejects(() => client.waitConnected(), ClientClosedError);
	assertEquals(context.opened, 1);
});

slowTest("close() before anything else opens nothing", async (context) => {
	await context.client.close();
	await assertRejects(() => context.client.sendPacket("x"), ClientClosedError);
	assertEquals(context.opened, 0);
});

slowTest("in a cancelled scope nothing is begun", async (context, backend) => {
	const { client, slow } = context;
	await slow.moveOnAfter(0, async () => {
		await assertRejects(() => client.waitConnected(), CancelledError);
	});
	assertEquals([context.opened, backend.now()], [0, 0]);
});

slowTest("the scope of who came first does not cancel the attempt", async (context, backend) => {
	const { client, slow } = context;
	await slow.moveOnAfter(100, () => client.waitConnected());
	assertEquals(backend.now(), 100);
	await client.waitConnected();
	assertEquals([context.opened, backend.now()], [1, 1_000]);
});

simTest("close() does not wait for a name that is not found", async (backend) => {
	const { resolve: _, ...driver } = backend.driver;
	const forever = createBackend({ ...driver, resolve: () => new Promise(() => {}) });
	const client = new UdpClient({ backend: forever, host: "nowhere.test", port: 9, protocol });
	const connecting = assertRejects(() => client.waitConnected(), ClientClosedError);
	await backend.sleep(10);
	await client.close();
	await connecting;
	assertNothingLeft(forever);
});

simTest("a name without an address is an error that can be tried again", async (backend) => {
	const names: string[] = [];
	const backend2 = createBackend({ ...backend.driver, resolve: async () => names });
	const peer = await UdpSocket.bind({ backend, host: "127.0.0.1" });
	const client = new UdpClient({ backend: backend2, host: "late.test", port: peer.localAddress.port, protocol });
	const error = await assertRejects(() => client.waitConnected(), SocketError, "late.test");
	assertEquals(error.code, "ENOTFOUND");
	names.push("127.0.0.1");
	await client.waitConnected();
	assertEquals(client.remoteAddress.host, "127.0.0.1");
	await client.close();
	await peer.close();
	assertNothingLeft(backend2);
});

simTest("an endpoint binds in the same way", async (backend) => {
	const control = slowBackend(backend);
	const endpoint = new DatagramEndpoint({ backend: control.slow, host: "127.0.0.1" });
	control.failure = new Error("no");
	await assertRejects(() => endpoint.bind(), SocketError);
	control.failure = undefined;
	await backend.gather([() => endpoint.bind(), () => endpoint.bind()]);
	assertEquals([control.opened, endpoint.localAddress.host], [2, "127.0.0.1"]);
	await endpoint.close();
	assertNothingLeft(control.slow);
});
