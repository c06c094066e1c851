/** Sending to many peers, and requests, in virtual time. */

import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import type { RawDatagramEvents } from "../../src/backend/driver.ts";
import { DatagramEndpoint } from "../../src/clients/datagram_endpoint.ts";
import { UdpClient } from "../../src/clients/udp_client.ts";
import {
	BrokenResourceError,
	BusyResourceError,
	CancelledError,
	ClientClosedError,
	DatagramProtocolParseError,
	MessageTooLargeError,
	ProtocolCrashError,
	SocketError,
	TimeoutError,
} from "../../src/errors.ts";
import type { Logger } from "../../src/logging.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";
import { assertNothingLeft, bytes, text } from "./client_test.ts";

interface Message {
	readonly id: number;
	readonly text?: string;
}

const protocol = new DatagramProtocol(new JsonSerializer<Message>());
const loopback = { host: "127.0.0.1" };

/** Answers each datagram with what `answer` makes of it, until it is closed. */
async function answering(
	backend: AsyncBackend,
	answer: (request: Message) => Promise<Message | string | undefined>,
	body: (peer: UdpSocket) => Promise<void>,
): Promise<void> {
	const peer = await UdpSocket.bind({ backend, ...loopback });
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			for await (const { data, address } of peer) {
				group.startSoon(async () => {
					const reply = await answer(JSON.parse(text(data)) as Message);
					if (reply !== undefined)
						await peer.send(bytes(typeof reply === "string" ? reply : JSON.stringify(reply)), address);
				});
			}
		});
		await body(peer);
		await peer.close();
	});
}

/** A test with an endpoint. */
function endpointTest(
	name: string,
	body: (backend: AsyncBackend, endpoint: DatagramEndpoint<Message>) => Promise<void>,
): void {
	simTest(name, async (backend) => {
		const endpoint = new DatagramEndpoint({ backend, ...loopback, protocol });
		await body(backend, endpoint);
		await endpoint.close();
	});
}

endpointTest("a request gives the answer, and nothing of it is left for others", async (backend, endpoint) => {
	await answering(
		backend,
		async ({ id }) => ({ id, text: "yes" }),
		async (peer) => {
			assertEquals(await endpoint.request({ id: 1 }, peer.localAddress), { id: 1, text: "yes" });
			assertEquals(await endpoint.request({ id: 2 }, peer.localAddress), { id: 2, text: "yes" });
			await assertRejects(() => endpoint.receive({ timeout: 100 }), TimeoutError);
			// Nor does a timer of it fire later.
			await backend.sleep(10_000);
		},
	);
});

endpointTest("without an answer, a request times out after four seconds, or as told", async (backend, endpoint) => {
	await answering(
		backend,
		async () => undefined,
		async (peer) => {
			await assertRejects(() => endpoint.request({ id: 1 }, peer.localAddress), TimeoutError);
			assertEquals(backend.now(), 4_000);
			await assertRejects(() => endpoint.request({ id: 1 }, peer.localAddress, { timeout: 500 }), TimeoutError);
			assertEquals(backend.now(), 4_500);
			// Who prefers a value to an error:
			assertEquals(await backend.moveOnAfter(100, () => endpoint.request({ id: 1 }, peer.localAddress)), undefined);
			assertMatch(`${endpoint}`, /0 pending/);
		},
	);
});

endpointTest("a late answer disturbs nobody; it is received as any other datagram", async (backend, endpoint) => {
	const slowly = async ({ id }: Message): Promise<Message> => {
		await backend.sleep(1_000);
		return { id };
	};
	await answering(backend, slowly, async (peer) => {
		await assertRejects(() => endpoint.request({ id: 1 }, peer.localAddress, { timeout: 100 }), TimeoutError);
		const { packet, address } = await endpoint.receive();
		assertEquals([packet.id, `${address}`, backend.now()], [1, `${peer.localAddress}`, 1_000]);
		assertEquals(await endpoint.request({ id: 2 }, peer.localAddress), { id: 2 });
	});
});

endpointTest("accept tells a late answer from the awaited one", async (backend, endpoint) => {
	const slowly = async ({ id }: Message): Promise<Message> => {
		await backend.sleep(1_000);
		return { id };
	};
	await answering(backend, slowly, async (peer) => {
		const request = (id: number, timeout: number) =>
			endpoint.request({ id }, peer.localAddress, { timeout, accept: (answer) => answer.id === id });
		await assertRejects(() => request(1, 500), TimeoutError);
		assertEquals(await request(2, 2_000), { id: 2 });
		assertEquals((await endpoint.receive({ timeout: 0 })).packet, { id: 1 });
	});
});

endpointTest("requests to many addresses are pending at once", async (backend, endpoint) => {
	const peers = await backend.gather(Array.from({ length: 20 }, () => () => UdpSocket.bind({ backend, ...loopback })));
	const requests = peers.map((peer, id) => endpoint.request({ id }, peer.localAddress));
	const received = await backend.gather(peers.map((peer) => () => peer.receive()));
	assertMatch(`${endpoint}`, /^DatagramEndpoint\(127\.0\.0\.1:\d+, 20 pending\)$/);
	for (const [id, peer] of [...peers.entries()].reverse()) {
		await peer.send(bytes(JSON.stringify({ id, text: "mine" })), received[id]?.address);
	}
	assertEquals(
		await backend.gather(requests),
		peers.map((_, id) => ({ id, text: "mine" })),
	);
	for (const peer of peers) await peer.close();
});

endpointTest("two requests to one address need a way to tell their answers apart", async (backend, endpoint) => {
	const slowestFirst = async ({ id }: Message): Promise<Message> => {
		await backend.sleep(1_000 - id);
		return { id };
	};
	await answering(backend, slowestFirst, async ({ localAddress }) => {
		const accept = (id: number) => ({ accept: (answer: Message) => answer.id === id });
		const first = endpoint.request({ id: 1 }, localAddress);
		await assertRejects(() => endpoint.request({ id: 2 }, localAddress), BusyResourceError, `${localAddress}`);
		await assertRejects(() => endpoint.request({ id: 2 }, localAddress, accept(2)), BusyResourceError);
		assertEquals(await first, { id: 1 });

		const both = await Promise.all([1, 2].map((id) => endpoint.request({ id }, localAddress, accept(id))));
		assertEquals(both, [{ id: 1 }, { id: 2 }]);
		const selective = endpoint.request({ id: 3 }, localAddress, accept(3));
		await assertRejects(() => endpoint.request({ id: 4 }, localAddress), BusyResourceError);
		assertEquals(await selective, { id: 3 });
	});
});

endpointTest("only the address that was asked can answer", async (backend, endpoint) => {
	const stranger = await UdpSocket.bind({ backend, ...loopback });
	await answering(
		backend,
		async ({ id }) => {
			await backend.sleep(100);
			return { id, text: "real" };
		},
		async (peer) => {
			await endpoint.bind();
			const answer = endpoint.request({ id: 1 }, peer.localAddress);
			await stranger.send(bytes('{"id":1,"text":"forged"}'), endpoint.localAddress);
			assertEquals((await answer).text, "real");
			assertEquals((await endpoint.receive()).packet.text, "forged");
		},
	);
	await stranger.close();
});

simTest("the address of a request may be spelled in any way", async (backend) => {
	const endpoint = new DatagramEndpoint({ backend, host: "::1" });
	const peer = await UdpSocket.bind({ backend, host: "::1" });
	const answer = endpoint.request(bytes("?"), { host: "0:0:0:0:0:0:0:1", port: peer.localAddress.port });
	await peer.send(bytes("!"), (await peer.receive()).address);
	assertEquals(text(await answer), "!");
	await endpoint.close();
	await peer.close();
});

endpointTest(
	"a malformed answer ends the request with an error; with accept, it is no answer",
	async (backend, endpoint) => {
		await answering(
			backend,
			async ({ id }) => (id === 1 ? "{" : { id }),
			async (peer) => {
				await assertRejects(() => endpoint.request({ id: 1 }, peer.localAddress), DatagramProtocolParseError);
				assertEquals(await endpoint.request({ id: 2 }, peer.localAddress), { id: 2 });
				const accept = () => true;
				await assertRejects(
					() => endpoint.request({ id: 1 }, peer.localAddress, { accept, timeout: 10 }),
					TimeoutError,
				);
				await assertRejects(() => endpoint.receive(), DatagramProtocolParseError);
			},
		);
	},
);

endpointTest("what accept throws ends the request, and runs in the requester's context", async (backend, endpoint) => {
	await answering(
		backend,
		async ({ id }) => ({ id }),
		async (peer) => {
			const accept = (): boolean => {
				throw new RangeError(backend.currentTask()?.name);
			};
			await backend.taskGroup((group) => {
				group.startSoon(
					async () =>
						void (await assertRejects(
							() => endpoint.request({ id: 1 }, peer.localAddress, { accept }),
							RangeError,
							"asker",
						)),
					{ name: "asker" },
				);
			});
			assertMatch(`${endpoint}`, /0 pending/);
		},
	);
});

endpointTest("a request that cannot be sent fails at once and leaves nothing", async (backend, endpoint) => {
	const peer = { host: "127.0.0.1", port: 9 };
	const big = { id: 1, text: "x".repeat(70_000) };
	await assertRejects(() => endpoint.request(big, peer), MessageTooLargeError);
	await assertRejects(() => endpoint.send(big, peer), MessageTooLargeError);
	await assertRejects(() => endpoint.request(undefined as unknown as Message, peer), ProtocolCrashError);
	await assertRejects(() => endpoint.request({ id: 1 }, { host: "127.0.0.1", port: 0 }), RangeError);
	await assertRejects(() => endpoint.request({ id: 1 }, { host: "localhost", port: 9 }), TypeError, "localhost");
	for (const host of ["255.255.255.255", "239.1.2.3", "0.0.0.0", "ff02::1", "::"]) {
		await assertRejects(() => endpoint.request({ id: 1 }, { host, port: 9 }), TypeError, host);
	}
	await assertRejects(() => endpoint.request({ id: 1 }, peer, { timeout: -1 }), RangeError, '"timeout"');
	assertEquals([`${endpoint}`.endsWith("0 pending)"), backend.now()], [true, 0]);
});

endpointTest("cancellation, a signal and close() end requests and receives", async (backend, endpoint) => {
	await answering(
		backend,
		async () => undefined,
		async ({ localAddress }) => {
			await backend.moveOnAfter(10, () =>
				assertRejects(() => endpoint.request({ id: 1 }, localAddress), CancelledError),
			);
			const controller = new AbortController();
			const aborted = endpoint.request({ id: 1 }, localAddress, { signal: controller.signal });
			await backend.sleep(10);
			controller.abort(new RangeError("enough"));
			await assertRejects(() => aborted, RangeError, "enough");

			const pending = [endpoint.request({ id: 1 }, localAddress), endpoint.receive(), endpoint.receive()];
			await backend.sleep(10);
			const closed = endpoint.close();
			for (const call of pending) await assertRejects(() => call, ClientClosedError);
			await closed;
			await assertRejects(() => endpoint.request({ id: 1 }, localAddress), ClientClosedError);
			await assertRejects(() => endpoint.send({ id: 1 }, localAddress), ClientClosedError);
			await assertRejects(() => endpoint.receive({ timeout: 0 }), ClientClosedError);
			assertEquals([`${endpoint}`, endpoint.isClosing()], ["DatagramEndpoint(closed, 0 pending)", true]);
			assertThrows(() => endpoint.localAddress, ClientClosedError);
			await endpoint.close();
		},
	);
});

endpointTest("its text and its address, before it is bound", async (_backend, endpoint) => {
	assertEquals(`${endpoint}`, "DatagramEndpoint(not open, 0 pending)");
	assertEquals(assertThrows(() => endpoint.localAddress, SocketError).code, "ENOTCONN");
	await endpoint.bind();
	assertEquals(`${endpoint}`, `DatagramEndpoint(${endpoint.localAddress}, 0 pending)`);
});

endpointTest("receivers are served in turn, from a queue that survives a timeout", async (backend, endpoint) => {
	await endpoint.bind();
	const peer = new UdpClient({ backend, ...loopback, port: endpoint.localAddress.port, protocol });
	await assertRejects(() => endpoint.receive({ timeout: 10 }), TimeoutError);
	const waiting = [endpoint.receive(), endpoint.receive()];
	for (const id of [1, 2, 3, 4]) await peer.sendPacket({ id });
	const ids = [await Promise.all(waiting), await endpoint.receive(), await endpoint.receive()].flat();
	assertEquals(
		ids.map(({ packet }) => packet.id),
		[1, 2, 3, 4],
	);
	assertEquals(text(ids[0]?.data ?? bytes("")), '{"id":1}');
	await peer.close();
});

simTest("the queue is bounded, and what it drops is counted", async (backend) => {
	const endpoint = new DatagramEndpoint({ backend, ...loopback, limits: { queuedBytes: 1_000 } });
	const sender = new DatagramEndpoint({ backend, ...loopback });
	await endpoint.bind();
	for (let n = 0; n < 50; n++) await sender.send(Uint8Array.of(n), endpoint.localAddress);
	await backend.sleep(10);
	let received = 0;
	for (; ; received++) {
		const datagram = await endpoint.receive({ timeout: 0 }).catch(() => undefined);
		if (datagram === undefined) break;
		assertEquals(datagram.data[0], received);
	}
	assert(received > 5 && received < 20, `${received} received`);
	assertEquals(endpoint.dropped, 50 - received);
	await endpoint.close();
	await sender.close();
});

/** A backend whose sockets report what a test tells them to. */
function faultyBackend(backend: AsyncBackend): { faulty: AsyncBackend; events: RawDatagramEvents[] } {
	const events: RawDatagramEvents[] = [];
	const faulty = createBackend({
		...backend.driver,
		async openUdp(options, own) {
			events.push(own);
			const socket = await backend.driver.openUdp?.(options, own);
			if (socket === undefined) throw new Error("no UDP");
			return socket;
		},
	});
	return { faulty, events };
}

simTest("a receive error ends a receive, not a request; without a receive it is logged", async (backend) => {
	const { faulty, events } = faultyBackend(backend);
	const warnings: string[] = [];
	const logger: Logger = { debug() {}, info() {}, warn: (message) => void warnings.push(message), error() {} };
	const endpoint = new DatagramEndpoint({ backend: faulty, ...loopback, protocol, logger });
	await answering(
		backend,
		async ({ id }) => {
			await backend.sleep(100);
			return { id };
		},
		async (peer) => {
			await endpoint.bind();
			const fail = () => events[0]?.error(Object.assign(new Error("no memory"), { code: "ENOMEM" }));
			const receiving = endpoint.receive();
			const request = endpoint.request({ id: 1 }, peer.localAddress);
			await backend.sleep(10);
			fail();
			assertEquals((await assertRejects(() => receiving, SocketError)).code, "ENOMEM");
			assertEquals(warnings, []);
			fail();
			assertEquals(warnings.length, 1);
			assertMatch(warnings[0] ?? "", /^DatagramEndpoint\(.*1 pending\): error on reception: .*ENOMEM/);
			assertEquals(await request, { id: 1 });
		},
	);
	await endpoint.close();
	assertNothingLeft(faulty);
});

simTest("when the system closes the socket, everything ends with its error", async (backend) => {
	const { faulty, events } = faultyBackend(backend);
	const endpoint = new DatagramEndpoint({ backend: faulty, ...loopback, protocol });
	await endpoint.bind();
	const address = { host: "127.0.0.1", port: 9 };
	const pending = [endpoint.receive(), endpoint.request({ id: 1 }, address)];
	await backend.sleep(10);
	events[0]?.close(Object.assign(new Error("gone"), { code: "EIO" }));
	const later = [
		() => endpoint.receive(),
		() => endpoint.request({ id: 1 }, address),
		() => endpoint.send({ id: 1 }, address),
	];
	for (const call of [...pending.map((promise) => () => promise), ...later]) {
		assertEquals(((await assertRejects(call, BrokenResourceError)).cause as SocketError).code, "EIO");
	}
	assertEquals(endpoint.isClosing(), false);
	await endpoint.close();
	assertNothingLeft(faulty);
});

simTest("wrong options are refused at once, by name", (backend) => {
	const make = (options: object) => () => new DatagramEndpoint({ backend, ...options });
	assertThrows(make({ port: -1 }), RangeError, '"port"');
	assertThrows(make({ protocol: {} }), TypeError, '"protocol"');
	assertThrows(make({ groups: ["127.0.0.1"] }), TypeError, "127.0.0.1");
	assertThrows(make({ groups: [{}] }), TypeError, '"groups"');
	assertThrows(make({ logger: {} }), TypeError, '"logger"');
	assertThrows(make({ limits: { nonsense: 1 } }), TypeError, "nonsense");
	assertThrows(make({ broadcast: 1 }), TypeError, '"broadcast"');
});
