import { test } from "node:test";
import {
	BytesSerializer,
	type DatagramClient,
	DatagramProtocol,
	type DatagramRequestHandler,
	type HandlerGenerator,
	JsonSerializer,
	StringLineSerializer,
	UdpServer,
} from "../mod.ts";
import { assert } from "./support/assert.ts";

// The type checker is the test: each handler form knows its packets without a type of its own.
test("the packet types of a handler follow from the protocol", () => {
	const lines = new DatagramProtocol(new StringLineSerializer());
	const numbers = new DatagramProtocol(new JsonSerializer<{ n: number }>());

	class Upper implements DatagramRequestHandler<string, string> {
		async *handle(client: DatagramClient<string>): HandlerGenerator<string> {
			const line = yield;
			await client.sendPacket(line.toUpperCase());
		}
	}

	const servers = [
		new UdpServer({
			port: 0,
			protocol: lines,
			handler: async function* (client) {
				const line = yield;
				await client.sendPacket(line.toUpperCase());
			},
		}),
		new UdpServer({
			port: 0,
			protocol: numbers,
			handler: async function* (client) {
				while (true) {
					const { n } = yield { timeout: 1_000 };
					const next = yield* client.backend.timeout(10, async function* () {
						return yield;
					});
					await client.sendPacket({ n: n + next.n });
				}
			},
		}),
		new UdpServer({
			port: 0,
			protocol: new DatagramProtocol(new BytesSerializer()),
			handler: {
				async *handle(client) {
					const bytes = yield;
					await client.sendPacket(bytes.subarray(1));
				},
			},
		}),
		new UdpServer({ port: 0, protocol: lines, handler: new Upper() }),
		new UdpServer({
			port: 0,
			protocol: lines,
			handler: async function* () {
				const line = yield;
				line.toUpperCase();
			},
		}),
		// @ts-expect-error: a handler of numbers does not fit a protocol of lines
		new UdpServer({ port: 0, protocol: numbers, handler: new Upper() }),
	];
	assert(servers.length === 6);
});
