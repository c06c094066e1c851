import { networkInterfaces } from "node:os";
import { MessageTooLargeError, SocketError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { backendName, bytes, next, socketTest, text } from "./socket_test.ts";

for (const host of ["127.0.0.1", "::1"]) {
	const limit = host === "::1" ? 65_527 : 65_507;

	socketTest(`${host}: a datagram arrives whole, with the address it was sent from`, async ({ bind }) => {
		const [a, b] = [await bind({ host }), await bind({ host })];
		assertEquals(a.localAddress.host, host);
		assert(a.localAddress.port > 0);
		assert(a.localAddress.port !== b.localAddress.port);
		await a.send(bytes("there"), b.localAddress);
		const { data, address } = await b.receive({ timeout: 5_000 });
		assertEquals(text(data), "there");
		assertEquals(String(address), String(a.localAddress));
		await b.send(bytes("and back"), address);
		assertEquals(await next(a), "and back");
	});

	socketTest(`${host}: from 0 bytes to the largest, every size arrives untruncated`, async ({ bind }) => {
		const [a, b] = [await bind({ host }), await bind({ host })];
		for (const size of [0, 1, 1_024, 1_025, 8_192, 65_507, limit]) {
			const sent = Uint8Array.from({ length: size }, (_, index) => index * 7);
			await a.send(sent, b.localAddress);
			const { data } = await b.receive({ timeout: 5_000 });
			assertEquals(data.length, size);
			assert(
				data.every((byte, index) => byte === sent[index]),
				`${size} bytes differ`,
			);
		}
		assertEquals(b.dropped, 0);
	});

	socketTest(`${host}: a datagram that is too large is refused before the system is asked`, async ({ bind }) => {
		const [a, b] = [await bind({ host }), await bind({ host })];
		const error = await assertRejects(() => a.send(new Uint8Array(limit + 1), b.localAddress), MessageTooLargeError);
		assertEquals([error.size, error.limit, error.code], [limit + 1, limit, "EMSGSIZE"]);
		assertEquals(error.cause, undefined);
		await a.send(bytes("still works"), b.localAddress);
		assertEquals(await next(b), "still works");
	});
}

socketTest("what was received is the receiver's own: the next datagram does not overwrite it", async ({ bind }) => {
	const [a, b] = [await bind(), await bind()];
	const received: Uint8Array[] = [];
	for (let i = 0; i < 10; i++) {
		await a.send(bytes(`number ${i}`), b.localAddress);
		received.push((await b.receive({ timeout: 5_000 })).data);
	}
	assertEquals(
		received.map(text),
		Array.from({ length: 10 }, (_, i) => `number ${i}`),
	);
});

socketTest("a view of a larger buffer is sent as what it shows", async ({ bind }) => {
	const [a, b] = [await bind(), await bind()];
	await a.send(bytes("abcdefgh").subarray(2, 5), b.localAddress);
	assertEquals(await next(b), "cde");
});

socketTest("a sender may use its buffer again once send() has resolved", async ({ bind }) => {
	const [a, b] = [await bind(), await bind()];
	const buffer = new Uint8Array(1);
	for (let i = 0; i < 20; i++) {
		buffer[0] = i;
		await a.send(buffer, b.localAddress);
	}
	for (let i = 0; i < 20; i++) assertEquals((await b.receive({ timeout: 5_000 })).data[0], i);
});

socketTest("datagrams keep their order, also the first ones of a socket, awaited or not", async ({ bind }) => {
	for (const awaited of [true, false]) {
		const [a, b] = [await bind(), await bind()];
		const sending: Promise<void>[] = [];
		for (let i = 0; i < 100; i++) {
			sending.push(a.send(Uint8Array.of(i), b.localAddress));
			if (awaited) await sending[i];
		}
		await Promise.all(sending);
		const received: (number | undefined)[] = [];
		for (let i = 0; i < 100; i++) received.push((await b.receive({ timeout: 5_000 })).data[0]);
		assertEquals(
			received,
			Array.from({ length: 100 }, (_, i) => i),
		);
	}
});

socketTest("a name is resolved once, when the socket is opened", async ({ bind, connect }) => {
	const server = await bind({ host: "localhost" });
	const client = await connect({ host: "localhost", port: server.localAddress.port });
	assertEquals(server.localAddress.host, client.remoteAddress?.host);
	await client.send(bytes("x"));
	assertEquals(await next(server), "x");
	const error = await assertRejects(() => bind({ host: "no-such-name.invalid" }), SocketError, "no-such-name.invalid");
	assert(["ENOTFOUND", "EAI_AGAIN"].includes(error.code), error.code);
});

const linkLocal = Object.entries(networkInterfaces())
	.flatMap(([name, list]) => (list ?? []).map((entry) => ({ name, ...entry })))
	.find(({ family, address, internal }) => family === "IPv6" && address.startsWith("fe80:") && !internal);

socketTest(
	"a link-local address keeps its zone",
	async ({ bind }) => {
		const host = `${linkLocal?.address.replace(/%.*/, "")}%${linkLocal?.name}`;
		const [a, b] = [await bind({ host }), await bind({ host })];
		assertEquals(a.localAddress.host, host);
		await a.send(bytes("there"), b.localAddress);
		const { data, address } = await b.receive({ timeout: 5_000 });
		assertEquals(text(data), "there");
		// Deno leaves the zone out of the sender's address.
		assert(address.equals(a.localAddress));
		await b.send(bytes("back"), address);
		assertEquals(await next(a), "back");
	},
	{ skip: linkLocal === undefined && "this machine has no link-local address" },
);

socketTest("an address in use, and one of another host, are refused alike everywhere", async ({ bind }) => {
	const { port } = (await bind()).localAddress;
	const inUse = await assertRejects(
		() => bind({ port }),
		SocketError,
		`Cannot bind 127.0.0.1:${port}: the address is already`,
	);
	assertEquals(inUse.code, "EADDRINUSE");
	assert(inUse.cause instanceof Error);
	const foreign = await assertRejects(() => bind({ host: "203.0.113.7" }), SocketError, "Cannot bind 203.0.113.7:0");
	assertEquals(foreign.code, "EADDRNOTAVAIL");
});

socketTest(
	'"::" leaves IPv4 alone',
	async ({ bind }) => {
		const six = await bind({ host: "::" });
		const four = await bind({ host: "0.0.0.0", port: six.localAddress.port });
		const sender = await bind();
		await sender.send(bytes("four"), { host: "127.0.0.1", port: six.localAddress.port });
		assertEquals(await next(four), "four");
		const error = await assertRejects(
			() => six.send(bytes("x"), { host: "127.0.0.1", port: 9 }),
			SocketError,
			"an IPv6 one",
		);
		assertEquals(error.code, "EAFNOSUPPORT");
	},
	{ needs: ["ipv6Only"] },
);

socketTest(
	'without "ipv6Only", "::" serves IPv4 as well, by plain addresses',
	async ({ bind }) => {
		const both = await bind({ host: "::" });
		const sender = await bind();
		await sender.send(bytes("four"), { host: "127.0.0.1", port: both.localAddress.port });
		const { data, address } = await both.receive({ timeout: 5_000 });
		assertEquals([text(data), String(address)], ["four", String(sender.localAddress)]);
		await both.send(bytes("answer"), address);
		assertEquals(await next(sender), "answer");
	},
	{ skip: backendName !== "deno" && `the ${backendName} backend keeps the families apart` },
);

socketTest("an IPv4-mapped host is the IPv4 host", async ({ bind, connect }) => {
	const server = await bind({ host: "::ffff:127.0.0.1" });
	assertEquals(server.localAddress.host, "127.0.0.1");
	const client = await connect({ host: "::ffff:127.0.0.1", port: server.localAddress.port });
	await client.send(bytes("x"));
	const { address } = await server.receive({ timeout: 5_000 });
	await server.send(bytes("y"), address);
	assertEquals(await next(client), "y");
});

socketTest("an IPv4 socket does not send to IPv6", async ({ bind }) => {
	const socket = await bind();
	const error = await assertRejects(
		() => socket.send(bytes("x"), { host: "::1", port: 9 }),
		SocketError,
		"an IPv4 one",
	);
	assertEquals(error.code, "EAFNOSUPPORT");
});

socketTest("wrong arguments are refused by name, and do no harm", async ({ bind, connect }) => {
	const [socket, peer] = [await bind(), await bind()];
	const to = peer.localAddress;
	await assertRejects(() => socket.send("text" as unknown as Uint8Array, to), TypeError, "not a Uint8Array");
	await assertRejects(() => socket.send(bytes("x")), TypeError, "no address");
	await assertRejects(() => socket.send(bytes("x"), { host: "localhost", port: 9 }), TypeError, '"localhost"');
	await assertRejects(() => socket.send(bytes("x"), { host: "127.0.0.1", port: 0 }), RangeError, "port 0");
	await assertRejects(() => socket.send(bytes("x"), { host: "127.0.0.1", port: 65_536 }), RangeError, "65536");
	await assertRejects(() => socket.receive({ timeout: -1 }), RangeError, '"timeout"');
	await assertRejects(() => socket.receive({ timeout: Number.NaN }), TypeError, '"timeout"');
	await assertRejects(() => bind({ port: -1 }), RangeError, '"port"');
	await assertRejects(() => bind({ broadcast: 1 as unknown as boolean }), TypeError, '"broadcast"');
	await assertRejects(() => bind({ limits: { queuedBytes: 0 } }), RangeError, '"queuedBytes"');
	await assertRejects(() => connect({ host: "127.0.0.1", port: 0 }), RangeError, '"port"');
	const connected = await connect({ host: to.host, port: to.port });
	await assertRejects(() => connected.send(bytes("x"), to), TypeError, "connected");
	await connected.send(bytes("fine"));
	assertEquals(await next(peer), "fine");
});
