import { test } from "node:test";
import { UdpClient, type UdpClientOptions } from "../../src/clients/udp_client.ts";
import {
	ClientClosedError,
	DatagramProtocolParseError,
	MessageTooLargeError,
	ProtocolCrashError,
	SendQueueFullError,
	SocketError,
	TimeoutError,
} from "../../src/errors.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { BytesSerializer } from "../../src/serializers/bytes_serializer.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "../support/assert.ts";
import { bytes, capabilities, deadPort, netTest, text, withPeer } from "./client_test.ts";

const lines = new DatagramProtocol(new StringLineSerializer());
const raw = new DatagramProtocol(new BytesSerializer());
const json = new DatagramProtocol(new JsonSerializer<unknown>());
const soon = { timeout: 5_000 };

netTest("packets keep their boundaries, in both directions", (backend) =>
	withPeer(backend, async (peer) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: lines });
		await client.sendPacket("one");
		await client.sendPacket("two");
		const first = await peer.receive(soon);
		assertEquals([text(first.data), text((await peer.receive(soon)).data)], ["one", "two"]);
		for (const answer of ["drei", "", "fünf 🎉"]) await peer.send(bytes(answer), first.address);
		assertEquals(
			[await client.receivePacket(soon), await client.receivePacket(soon), await client.receivePacket(soon)],
			["drei", "", "fünf 🎉"],
		);
		await client.close();
	}),
);

netTest("an empty datagram and a large one make the round trip", (backend) =>
	withPeer(backend, async (peer) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: raw });
		for (const size of [0, 1, 1_024, 60_000]) {
			const packet = new Uint8Array(size).map((_, i) => i % 251);
			await client.sendPacket(packet);
			const { data, address } = await peer.receive(soon);
			await peer.send(data, address);
			// Drivers may deliver subclasses of Uint8Array.
			assertEquals(Uint8Array.from(await client.receivePacket(soon)), packet);
		}
		await client.close();
	}),
);

netTest("datagrams of others are never seen", (backend) =>
	withPeer(backend, async (peer) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: lines });
		await client.waitConnected();
		const stranger = await UdpSocket.bind({ backend, host: "127.0.0.1" });
		await stranger.send(bytes("false"), client.localAddress);
		await peer.send(bytes("true"), client.localAddress);
		assertEquals(await client.receivePacket(soon), "true");
		await stranger.send(bytes("false"), client.localAddress);
		await assertRejects(() => client.receivePacket({ timeout: 50 }), TimeoutError);
		await stranger.close();
		await client.close();
	}),
);

netTest("a malformed datagram is an error of one receive, the next packet is fine", (backend) =>
	withPeer(backend, async (peer) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: json });
		await client.waitConnected();
		for (const answer of ["{", "[1]"]) await peer.send(bytes(answer), client.localAddress);
		await assertRejects(() => client.receivePacket(soon), DatagramProtocolParseError);
		assertEquals(await client.receivePacket(soon), [1]);
		await client.close();
	}),
);

netTest("a protocol that crashes is told apart from bad input, and the client goes on", (backend) =>
	withPeer(backend, async (peer) => {
		let crash = true;
		const protocol = new DatagramProtocol<string>({
			serialize: bytes,
			deserialize(data) {
				if (crash) throw new RangeError("a bug");
				return text(data);
			},
		});
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol });
		await client.waitConnected();
		for (const answer of ["1", "2"]) await peer.send(bytes(answer), client.localAddress);
		await assertRejects(() => client.receivePacket(soon), ProtocolCrashError, "a bug");
		crash = false;
		assertEquals(await client.receivePacket(soon), "2");
		await client.close();
	}),
);

netTest("a packet that cannot be sent is refused, and the client goes on", (backend) =>
	withPeer(backend, async (peer) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: raw });
		const error = await assertRejects(() => client.sendPacket(new Uint8Array(65_508)), MessageTooLargeError);
		assertEquals([error.code, error.size, error.limit], ["EMSGSIZE", 65_508, 65_507]);
		await assertRejects(() => client.sendPacket("text" as unknown as Uint8Array), ProtocolCrashError);
		await client.sendPacket(bytes("fine"));
		assertEquals(text((await peer.receive(soon)).data), "fine");
		await client.close();
	}),
);

netTest("a packet is serialized when it is sent, not when the client has connected", (backend) =>
	withPeer(backend, async (peer) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: json });
		const packet = { n: 1 };
		const sent = client.sendPacket(packet);
		packet.n = 2;
		await sent;
		assertEquals(text((await peer.receive(soon)).data), '{"n":1}');
		await client.close();
	}),
);

const noRefusals = capabilities.udpConnected ? false : "this backend cannot tell that nobody listens";

netTest(
	"nobody listens: a pending receive is told, once, and the client stays usable",
	async (backend) => {
		const port = await deadPort(backend);
		const client = new UdpClient({ backend, host: "127.0.0.1", port, protocol: lines });
		const receiving = client.receivePacket(soon);
		await client.sendPacket("anybody?");
		const error = await assertRejects(() => receiving, SocketError);
		assertEquals(error.code, "ECONNREFUSED");
		await assertRejects(() => client.receivePacket({ timeout: 50 }), TimeoutError);

		const peer = await UdpSocket.bind({ backend, host: "127.0.0.1", port });
		await client.sendPacket("now?");
		await peer.send((await peer.receive(soon)).data, client.localAddress);
		assertEquals(await client.receivePacket(soon), "now?");

		// Also after a success: the peer goes away again.
		await peer.close();
		const waiting = client.receivePacket(soon);
		await client.sendPacket("still there?");
		assertEquals((await assertRejects(() => waiting, SocketError)).code, "ECONNREFUSED");
		await client.close();
	},
	{ skip: noRefusals },
);

netTest(
	"nobody listens: without a pending receive, a later send is told, once",
	async (backend) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: await deadPort(backend), protocol: lines });
		let refused: unknown;
		await client.sendPacket("one");
		for (let turn = 0; refused === undefined && turn < 1_000; turn++) {
			await backend.checkpoint();
			refused = await client.sendPacket("two").catch((error) => error);
		}
		assertInstanceOf(refused, SocketError);
		assertEquals(refused.code, "ECONNREFUSED");
		await client.close();
	},
	{ skip: noRefusals },
);

netTest("its addresses are known while it is connected", (backend) =>
	withPeer(backend, async (peer) => {
		const { port } = peer.localAddress;
		const client = new UdpClient({ backend, host: "127.0.0.1", port, protocol: lines });
		for (const address of ["localAddress", "remoteAddress"] as const) {
			assertEquals(assertThrows(() => client[address], SocketError, "not open yet").code, "ENOTCONN");
		}
		assertEquals([client.isConnected(), client.isClosing()], [false, false]);
		await client.waitConnected();
		assertEquals([client.isConnected(), client.isClosing()], [true, false]);
		assertEquals(`${client.remoteAddress}`, `127.0.0.1:${port}`);
		await peer.send(bytes("there"), client.localAddress);
		assertEquals(await client.receivePacket(soon), "there");
		await client.close();
		assertEquals([client.isConnected(), client.isClosing()], [false, true]);
		assertThrows(() => client.localAddress, ClientClosedError);
		assertThrows(() => client.remoteAddress, ClientClosedError);
	}),
);

netTest("the peer can be named, and the own address be chosen", (backend) =>
	withPeer(backend, async (peer) => {
		const { port } = peer.localAddress;
		const localAddress = { host: "127.0.0.2", port: await deadPort(backend) };
		const client = new UdpClient({ backend, host: "127.0.0.1", port, protocol: lines, localAddress });
		await client.sendPacket("here");
		assertEquals(`${(await peer.receive(soon)).address}`, `127.0.0.2:${localAddress.port}`);
		assertEquals(`${client.localAddress}`, `127.0.0.2:${localAddress.port}`);
		await client.close();

		const named = new UdpClient({ backend, host: "localhost", port, protocol: lines });
		await named.waitConnected();
		assert(["127.0.0.1", "::1"].includes(named.remoteAddress.host), `${named.remoteAddress}`);
		await named.close();
	}),
);

netTest("the port is free when close() has resolved", async (backend) => {
	const localAddress = { host: "127.0.0.1", port: await deadPort(backend) };
	for (let i = 0; i < 20; i++) {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: 9, protocol: lines, localAddress });
		await client.waitConnected();
		await client.close();
	}
});

netTest("close() ends what is pending, and what comes later, and can be called again", (backend) =>
	withPeer(backend, async (peer) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: lines });
		await client.waitConnected();
		await peer.send(bytes("queued"), client.localAddress);
		assertEquals(await client.receivePacket(soon), "queued");
		const receiving = [client.receivePacket(), client.receivePacket(soon), client.packets().next()];
		const ended = Promise.allSettled(receiving);
		await backend.checkpoint();
		await Promise.all([client.close(), client.close()]);
		const [first, second, iteration] = await ended;
		for (const outcome of [first, second]) {
			assert(outcome?.status === "rejected");
			assertInstanceOf(outcome.reason, ClientClosedError);
		}
		assertEquals(iteration, { status: "fulfilled", value: { done: true, value: undefined } } as typeof iteration);
		await assertRejects(() => client.receivePacket(), ClientClosedError);
		await assertRejects(() => client.sendPacket("late"), ClientClosedError);
		await assertRejects(() => client.waitConnected(), ClientClosedError);
		assertEquals(await client.packets().next(), { done: true, value: undefined });
		await client[Symbol.asyncDispose]();
	}),
);

netTest("packets that nobody took are gone after close()", (backend) =>
	withPeer(backend, async (peer) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: lines });
		await client.waitConnected();
		for (const packet of ["1", "2"]) await peer.send(bytes(packet), client.localAddress);
		assertEquals(await client.receivePacket(soon), "1");
		await client.close();
		await assertRejects(() => client.receivePacket(soon), ClientClosedError);
	}),
);

netTest("close() while sending settles every send", (backend) =>
	withPeer(backend, async (peer) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: raw });
		await client.waitConnected();
		const sends = Array.from({ length: 200 }, () => client.sendPacket(new Uint8Array(1_000)));
		const [, outcomes] = await Promise.all([client.close(), Promise.allSettled(sends)]);
		for (const outcome of outcomes) {
			if (outcome.status === "rejected") assertInstanceOf(outcome.reason, ClientClosedError);
		}
	}),
);

netTest("sends that nobody awaits are bounded, and each of them settles", (backend) =>
	withPeer(backend, async (peer) => {
		const limits = { sendQueueBytes: 64 * 1024 };
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: raw, limits });
		await client.waitConnected();
		const outcomes = await Promise.allSettled(
			Array.from({ length: 2_000 }, () => client.sendPacket(new Uint8Array(500))),
		);
		const sent = outcomes.filter(({ status }) => status === "fulfilled").length;
		assert(sent >= 64, `Only ${sent} were sent`);
		for (const outcome of outcomes) {
			if (outcome.status === "rejected") assertInstanceOf(outcome.reason, SendQueueFullError);
		}
		await client.sendPacket(bytes("fine"));
		await client.close();
	}),
);

netTest("an aborted signal ends a wait with its reason", (backend) =>
	withPeer(backend, async (peer) => {
		const client = new UdpClient({ backend, host: "127.0.0.1", port: peer.localAddress.port, protocol: lines });
		const controller = new AbortController();
		const receiving = client.receivePacket({ signal: controller.signal });
		const connected = client.waitConnected();
		await connected;
		controller.abort(new RangeError("enough"));
		await assertRejects(() => receiving, RangeError, "enough");
		await assertRejects(() => client.sendPacket("x", { signal: controller.signal }), RangeError, "enough");
		await peer.send(bytes("kept"), client.localAddress);
		assertEquals(await client.receivePacket(soon), "kept");
		await client.close();
	}),
);

test("wrong options are refused at once, by name", () => {
	const good = { host: "127.0.0.1", port: 9, protocol: lines };
	const make = (options: object) => () => new UdpClient({ ...good, ...options } as UdpClientOptions<string, string>);
	assertThrows(make({ port: 0 }), RangeError, '"port"');
	assertThrows(make({ port: 65_536 }), RangeError, '"port"');
	assertThrows(make({ host: "" }), TypeError, '"host"');
	assertThrows(make({ host: undefined }), TypeError, '"host"');
	assertThrows(make({ protocol: new JsonSerializer() }), TypeError, '"protocol"');
	assertThrows(make({ ttl: 0 }), RangeError, '"ttl"');
	assertThrows(make({ limits: { queuedBytes: -1 } }), RangeError, '"queuedBytes"');
	const client = new UdpClient(good);
	assertThrows(() => client.packets({ timeout: -1 }), RangeError, '"timeout"');
});

netTest("wrong durations are refused", async (backend) => {
	const client = new UdpClient({ backend, host: "127.0.0.1", port: 9, protocol: lines });
	await assertRejects(() => client.receivePacket({ timeout: Number.NaN }), TypeError, '"timeout"');
	await assertRejects(() => client.sendPacket("x", { timeout: -1 }), RangeError, '"timeout"');
	await assertRejects(() => client.waitConnected({ timeout: "1" as unknown as number }), TypeError, '"timeout"');
	await client.close();
});
