import { SocketError } from "../errors.ts";
import { check, checkEqual, checkRejects } from "./assertions.ts";
import type { CaseDefinition } from "./conformance_case.ts";
import { bytes, next } from "./udp_cases.ts";

/** @internal Sockets with one peer. Backends without `udpConnected` get them by the core's filter. */
export const udpConnectCases: readonly CaseDefinition[] = [
	{
		id: "connected.round-trip",
		title: "A connected socket talks to its peer, and hears nobody else",
		needs: ["udp"],
		body: async ({ bind, connect }) => {
			const [server, stranger] = [await bind(), await bind()];
			const client = await connect({ host: "127.0.0.1", port: server.localAddress.port });
			checkEqual(client.remoteAddress?.toString(), server.localAddress.toString(), "the peer");
			checkEqual(client.localAddress.host, "127.0.0.1", "the own address");
			await client.send(bytes("question"));
			const { address } = await server.receive({ timeout: 5_000 });
			checkEqual(address.toString(), client.localAddress.toString(), "the sender");
			await stranger.send(bytes("forged"), client.localAddress);
			await server.send(bytes("answer"), address);
			checkEqual(await next(client), "answer", "the answer");
			await checkRejects(client.send(bytes("x"), stranger.localAddress), TypeError, "sending to somebody else");
		},
	},
	{
		id: "connected.ipv6",
		title: "The peer's address may be spelled in any way",
		needs: ["udp"],
		ipv6: true,
		body: async ({ bind, connect }) => {
			const server = await bind({ host: "::1" });
			const client = await connect({ host: "0:0:0:0::0001", port: server.localAddress.port });
			await client.send(bytes("question"));
			await server.send(bytes("answer"), (await server.receive({ timeout: 5_000 })).address);
			checkEqual(await next(client), "answer", "the answer");
		},
	},
	{
		id: "connected.local",
		title: "The local address of a connected socket can be chosen",
		needs: ["udp"],
		body: async ({ bind, connect, deadPort }) => {
			const { port } = (await bind()).localAddress;
			const own = await deadPort();
			const client = await connect({ host: "127.0.0.1", port, localAddress: { host: "127.0.0.1", port: own } });
			checkEqual(client.localAddress.port, own, "the port");
		},
	},
	{
		id: "connected.refused",
		title: "A peer that is not there is reported once, and the socket goes on",
		needs: ["udp", "udpConnected"],
		body: async ({ bind, connect, deadPort }) => {
			const port = await deadPort();
			const client = await connect({ host: "127.0.0.1", port });
			await client.send(bytes("anybody?"));
			await checkRejects(client.receive({ timeout: 5_000 }), SocketError, "receiving from nobody", "ECONNREFUSED");
			const server = await bind({ port });
			await client.send(bytes("now"));
			checkEqual(await next(server), "now", "the datagram");
			await server.send(bytes("yes"), client.localAddress);
			checkEqual(await next(client), "yes", "the answer");
			check(!client.closed, "the socket to be open");
		},
	},
];
