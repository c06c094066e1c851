import { MessageTooLargeError, SocketError } from "../errors.ts";
import type { UdpSocket } from "../sockets/udp_socket.ts";
import { check, checkEqual, checkRejects } from "./assertions.ts";
import type { CaseDefinition, CaseTools } from "./conformance_case.ts";

/** @internal */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** @internal The text of the next datagram. */
export async function next(socket: UdpSocket): Promise<string> {
	return new TextDecoder().decode((await socket.receive({ timeout: 5_000 })).data);
}

function forBothFamilies(
	definition: Omit<CaseDefinition, "needs" | "body"> & {
		readonly body: (tools: CaseTools, host: string, maxPayload: number) => Promise<void>;
	},
): CaseDefinition[] {
	const { id, title, body } = definition;
	return [
		{ id, title: `${title} (IPv4)`, needs: ["udp"], body: (tools) => body(tools, "127.0.0.1", 65_507) },
		{
			id: `${id}-ipv6`,
			title: `${title} (IPv6)`,
			needs: ["udp"],
			ipv6: true,
			body: (tools) => body(tools, "::1", 65_527),
		},
	];
}

/** @internal Addresses and datagrams. */
export const udpCases: readonly CaseDefinition[] = [
	...forBothFamilies({
		id: "udp.addresses",
		title: "A socket knows where it is bound, with a port of its own",
		body: async ({ bind }, host) => {
			const [a, b] = [await bind({ host }), await bind({ host })];
			checkEqual(a.localAddress.host, host, "the host");
			check(a.localAddress.port > 0 && b.localAddress.port > 0, "port 0 to become a real one");
			check(a.localAddress.port !== b.localAddress.port, "two sockets to have two ports");
			checkEqual(a.remoteAddress, undefined, "the peer of an unconnected socket");
			checkEqual(a.closed, false, "whether an open socket is closed");
		},
	}),
	...forBothFamilies({
		id: "udp.round-trip",
		title: "A datagram arrives whole, with the address of its sender, and can be answered",
		body: async ({ bind }, host) => {
			const [a, b] = [await bind({ host }), await bind({ host })];
			await a.send(bytes("there"), b.localAddress);
			const { data, address } = await b.receive({ timeout: 5_000 });
			checkEqual(new TextDecoder().decode(data), "there", "the datagram");
			checkEqual(address.toString(), a.localAddress.toString(), "its sender");
			await b.send(bytes("back"), address);
			checkEqual(await next(a), "back", "the answer");
		},
	}),
	...forBothFamilies({
		id: "udp.sizes",
		title: "Datagrams of every size arrive untruncated, the empty one and the largest included",
		body: async ({ bind }, host, maxPayload) => {
			const [a, b] = [await bind({ host }), await bind({ host })];
			for (const size of [0, 1, 1_024, 1_025, 65_507, maxPayload]) {
				const sent = Uint8Array.from({ length: size }, (_, index) => index * 31);
				await a.send(sent, b.localAddress);
				const { data } = await b.receive({ timeout: 5_000 });
				checkEqual(data.length, size, "the size of a datagram");
				check(
					data.every((byte, index) => byte === sent[index]),
					`${size} bytes to arrive as they were sent`,
				);
			}
		},
	}),
	...forBothFamilies({
		id: "udp.oversize",
		title: "A datagram that is too large is refused, and the socket goes on",
		body: async ({ bind }, host, maxPayload) => {
			const [a, b] = [await bind({ host }), await bind({ host })];
			const sending = a.send(new Uint8Array(maxPayload + 1), b.localAddress);
			await checkRejects(sending, MessageTooLargeError, "an oversized send", "EMSGSIZE");
			await a.send(bytes("fits"), b.localAddress);
			checkEqual(await next(b), "fits", "the next datagram");
		},
	}),
	{
		id: "udp.order",
		title: "On loopback, datagrams keep their order, also when nobody awaits the sends",
		needs: ["udp"],
		body: async ({ bind }) => {
			const [a, b] = [await bind(), await bind()];
			const sends = Array.from({ length: 60 }, (_, index) => a.send(Uint8Array.of(index), b.localAddress));
			await Promise.all(sends);
			const received: number[] = [];
			for (let i = 0; i < 60; i++) received.push((await b.receive({ timeout: 5_000 })).data[0] as number);
			checkEqual(received, [...sends.keys()], "the order");
		},
	},
	{
		id: "udp.own-data",
		title: "What was received stays as it is, and what was sent may be changed once send() has resolved",
		needs: ["udp"],
		body: async ({ bind }) => {
			const [a, b] = [await bind(), await bind()];
			const buffer = new Uint8Array(1);
			for (let i = 0; i < 5; i++) {
				buffer[0] = i;
				await a.send(buffer, b.localAddress);
			}
			const received: Uint8Array[] = [];
			for (let i = 0; i < 5; i++) received.push((await b.receive({ timeout: 5_000 })).data);
			const values = received.map((data) => data[0]);
			checkEqual(values, [0, 1, 2, 3, 4], "the datagrams");
		},
	},
	{
		id: "udp.nobody",
		title: "Sending where nobody listens harms neither the socket nor the datagrams to others",
		needs: ["udp"],
		body: async ({ bind, deadPort }) => {
			const [a, b] = [await bind(), await bind()];
			const port = await deadPort();
			for (let i = 0; i < 20; i++) {
				await a.send(bytes("nobody"), { host: "127.0.0.1", port });
				await a.send(bytes(`${i}`), b.localAddress);
				checkEqual(await next(b), `${i}`, "the datagram to somebody");
			}
			await b.send(bytes("back"), a.localAddress);
			checkEqual(await next(a), "back", "the datagram back");
		},
	},
	{
		id: "udp.busy-loop",
		title: "Datagrams arrive although a task never stops making checkpoints",
		needs: ["udp"],
		body: async ({ backend, bind }) => {
			const [a, b] = [await bind(), await bind()];
			await a.send(bytes("x"), b.localAddress);
			const end = backend.now() + 2_000;
			// In virtual time, no time passes meanwhile.
			for (let i = 0; i < 100_000 && b.core.queuedDatagrams === 0 && backend.now() < end; i++) {
				await backend.checkpoint();
			}
			checkEqual(b.core.queuedDatagrams, 1, "how many datagrams arrived");
		},
	},
	{
		id: "udp.in-use",
		title: "A port that is in use cannot be bound",
		needs: ["udp"],
		body: async ({ bind }) => {
			const { port } = (await bind()).localAddress;
			await checkRejects(bind({ port }), SocketError, "binding a port in use", "EADDRINUSE");
		},
	},
	{
		id: "udp.v6-only",
		title: 'A socket on "::" leaves IPv4 to others',
		needs: ["udp", "ipv6Only"],
		ipv6: true,
		body: async ({ bind }) => {
			const six = await bind({ host: "::" });
			const four = await bind({ host: "0.0.0.0", port: six.localAddress.port });
			const sender = await bind();
			await sender.send(bytes("four"), { host: "127.0.0.1", port: six.localAddress.port });
			checkEqual(await next(four), "four", "the datagram");
		},
	},
	{
		id: "udp.names",
		title: "A host can be given by name",
		needs: ["udp", "resolve"],
		body: async ({ bind }) => {
			const socket = await bind({ host: "localhost" });
			check(["127.0.0.1", "::1"].includes(socket.localAddress.host), "localhost to be a loopback address");
			await checkRejects(bind({ host: "no-such-name.invalid" }), SocketError, "a name that does not exist");
		},
	},
];
