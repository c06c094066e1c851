import type { AsyncBackend } from "../backend/async_backend.ts";
import { UdpClient } from "../clients/udp_client.ts";
import { DatagramProtocol } from "../protocols/datagram_protocol.ts";
import { StringLineSerializer } from "../serializers/string_line_serializer.ts";
import type { DatagramClient } from "../servers/datagram_client.ts";
import type { HandlerGenerator } from "../servers/handlers.ts";
import { UdpServer } from "../servers/udp_server.ts";
import { check, checkEqual } from "./assertions.ts";
import type { CaseDefinition } from "./conformance_case.ts";

const protocol = new DatagramProtocol(new StringLineSerializer());
const HOST = "127.0.0.1";

/** Runs `body` beside a server, with its port. */
async function serving(
	backend: AsyncBackend,
	handler: (client: DatagramClient<string>) => HandlerGenerator<string>,
	body: (port: number, server: UdpServer<typeof protocol>) => Promise<void>,
): Promise<void> {
	const server = new UdpServer({ backend, host: HOST, port: 0, protocol, handler });
	await server.start();
	try {
		const [address] = server.getAddresses();
		check(address !== undefined && address.port > 0, "a server to tell its address");
		await body(address.port, server);
	} finally {
		await server.close();
	}
}

async function withClient(
	backend: AsyncBackend,
	port: number,
	body: (client: UdpClient<string>) => Promise<void>,
): Promise<void> {
	const client = new UdpClient({ backend, host: HOST, port, protocol });
	try {
		await body(client);
	} finally {
		await client.close();
	}
}

async function* upperCase(client: DatagramClient<string>): HandlerGenerator<string> {
	const request = yield;
	await client.sendPacket(request.toUpperCase());
}

/** @internal Servers and clients on the backend. */
export const serverCases: readonly CaseDefinition[] = [
	{
		id: "server.answer",
		title: "A server answers its clients, each for itself",
		needs: ["udp"],
		body: async ({ backend }) => {
			await serving(backend, upperCase, async (port, server) => {
				await backend.gather(
					["one", "two", "three"].map((word) =>
						withClient(backend, port, async (client) => {
							for (const request of [word, `${word} again`]) {
								await client.sendPacket(request);
								const answer = await client.receivePacket({ timeout: 5_000 });
								checkEqual(answer, request.toUpperCase(), "the answer");
							}
						}),
					),
				);
				checkEqual(server.stats().handled, 6, "the datagrams that were handled");
			});
		},
	},
	{
		id: "server.conversation",
		title: "A handler receives the later packets of its client at its next yield, and a time limit around it works",
		needs: ["udp"],
		body: async ({ backend }) => {
			async function* handler(client: DatagramClient<string>): HandlerGenerator<string> {
				const first = yield;
				try {
					const second = yield { timeout: first === "wait" ? 20 : 5_000 };
					await client.sendPacket(`${first}, ${second}`);
				} catch (error) {
					await client.sendPacket((error as Error).name);
				}
			}
			await serving(backend, handler, (port) =>
				withClient(backend, port, async (client) => {
					await client.sendPacket("first");
					await client.sendPacket("second");
					checkEqual(await client.receivePacket({ timeout: 5_000 }), "first, second", "the answer");
					await client.sendPacket("wait");
					checkEqual(await client.receivePacket({ timeout: 5_000 }), "TimeoutError", "the answer");
				}),
			);
		},
	},
	{
		id: "server.close",
		title: "Closing a server ends its handlers, runs their clean-up, and frees the port",
		needs: ["udp"],
		body: async ({ backend, bind }) => {
			const log: string[] = [];
			async function* handler(client: DatagramClient<string>): HandlerGenerator<string> {
				try {
					yield;
					await client.sendPacket("started");
					yield;
				} finally {
					log.push("cleaned up");
				}
			}
			let used = 0;
			await serving(backend, handler, (port) =>
				withClient(backend, port, async (client) => {
					used = port;
					await client.sendPacket("x");
					await client.receivePacket({ timeout: 5_000 });
				}),
			);
			checkEqual(log, ["cleaned up"], "what the handler did");
			await bind({ port: used });
		},
	},
];
