import { SocketError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "../support/assert.ts";
import { bytes, capabilities, next, type Sockets, socketTest } from "./socket_test.ts";

for (const [host, peerHost] of [
	["127.0.0.1", "127.0.0.1"],
	["127.0.0.1", "0.0.0.0"],
	["::1", "::1"],
	["::1", "0:0:0::0001"],
	["::1", "::"],
] as const) {
	socketTest(`connected to ${peerHost}: round trip, and nothing from others`, async ({ bind, connect }) => {
		const [server, stranger] = [await bind({ host }), await bind({ host })];
		const client = await connect({ host: peerHost, port: server.localAddress.port });
		assert(client.remoteAddress?.equals(server.localAddress));
		await client.send(bytes("question"));
		const { address } = await server.receive({ timeout: 5_000 });
		assertEquals(String(address), String(client.localAddress));
		await stranger.send(bytes("forged answer"), client.localAddress);
		await server.send(bytes("answer"), address);
		assertEquals(await next(client), "answer");
	});
}

socketTest("strangers' datagrams are dropped, by the system or counted here", async ({ backend, bind, connect }) => {
	const [server, stranger] = [await bind(), await bind()];
	const client = await connect({ host: "127.0.0.1", port: server.localAddress.port });
	for (let i = 0; i < 3; i++) await stranger.send(bytes("forged"), client.localAddress);
	await server.send(bytes("real"), client.localAddress);
	assertEquals(await next(client), "real");
	assertEquals(client.dropped, backend.capabilities.udpConnected ? 0 : 3);
});

socketTest("the local address can be chosen", async ({ bind, connect, deadPort }) => {
	const server = await bind();
	const port = await deadPort();
	const client = await connect({
		host: "127.0.0.1",
		port: server.localAddress.port,
		localAddress: { host: "127.0.0.1", port },
	});
	assertEquals(String(client.localAddress), `127.0.0.1:${port}`);
	const wrong = { host: "127.0.0.1", port: 9, localAddress: { host: "::1" } };
	const error = await assertRejects(() => connect(wrong), SocketError, '"localAddress" is of the other family');
	assertEquals(error.code, "EAFNOSUPPORT");
	const inUse = { host: "127.0.0.1", port: 9, localAddress: server.localAddress };
	assertEquals((await assertRejects(() => connect(inUse), SocketError)).code, "EADDRINUSE");
});

async function refusal({ bind, connect, deadPort }: Sockets): Promise<void> {
	const port = await deadPort();
	const client = await connect({ host: "127.0.0.1", port });
	await client.send(bytes("anybody there?"));
	const error = await assertRejects(() => client.receive({ timeout: 5_000 }), SocketError, "nobody listens");
	assertEquals(error.code, "ECONNREFUSED");
	// Once: the socket goes on, and reaches a server that appears.
	const server = await bind({ port });
	await client.send(bytes("and now?"));
	assertEquals(await next(server), "and now?");
	await server.send(bytes("yes"), client.localAddress);
	assertEquals(await next(client), "yes");
}

socketTest("a dead peer is reported once, and the socket stays usable", refusal, { needs: ["udpConnected"] });

socketTest(
	"a dead peer is reported to the next send when nobody receives",
	async ({ connect, deadPort }) => {
		const client = await connect({ host: "127.0.0.1", port: await deadPort() });
		await client.send(bytes("1"));
		let refused: unknown;
		for (let i = 0; i < 100 && refused === undefined; i++) {
			await client.backend.sleep(1);
			await client.send(bytes("2")).catch((error: unknown) => {
				refused = error;
			});
		}
		assertInstanceOf(refused, SocketError);
		assertEquals(refused.code, "ECONNREFUSED");
	},
	{ needs: ["udpConnected"] },
);

socketTest(
	"without the capability, a dead peer goes unnoticed and the socket waits",
	async ({ bind, connect, deadPort }) => {
		const port = await deadPort();
		const client = await connect({ host: "127.0.0.1", port });
		await client.send(bytes("anybody there?"));
		await assertRejects(() => client.receive({ timeout: 50 }), TimeoutError);
		const server = await bind({ port });
		await client.send(bytes("and now?"));
		assertEquals(await next(server), "and now?");
		await server.send(bytes("yes"), client.localAddress);
		assertEquals(await next(client), "yes");
	},
	{ skip: capabilities.udpConnected && "this backend has it" },
);

socketTest(
	"many sends to a dead peer neither end the process nor the socket",
	async ({ backend, bind, connect, deadPort }) => {
		const port = await deadPort();
		const client = await connect({ host: "127.0.0.1", port });
		for (let i = 0; i < 3_000; i++) {
			await client.send(bytes("x")).catch((error: unknown) => assertInstanceOf(error, SocketError));
			if (i % 100 === 0) await backend.checkpoint();
		}
		assert(!client.closed);
		const server = await bind({ port });
		for (;;) {
			const sent = await client.send(bytes("now")).then(
				() => true,
				() => false,
			);
			if (sent && (await backend.moveOnAfter(50, () => next(server))) === "now") break;
		}
	},
);
