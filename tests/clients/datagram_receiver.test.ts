/** The receiver as an iterator, in virtual time. */

import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import type { RawDatagramEvents } from "../../src/backend/driver.ts";
import { DatagramEndpoint } from "../../src/clients/datagram_endpoint.ts";
import { DatagramReceiver, type DatagramReceiverOptions } from "../../src/clients/datagram_receiver.ts";
import { CancelledError, SocketError } from "../../src/errors.ts";
import type { Logger } from "../../src/logging.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";
import { assertNothingLeft, bytes, text } from "./client_test.ts";

/** A logger that keeps everything. */
function keepingLogger(): Logger & { records: string[] } {
	const records: string[] = [];
	const keep = (level: string) => (message: string) => void records.push(`${level}: ${message}`);
	return { records, debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
}

interface World {
	readonly receiver: DatagramReceiver;
	readonly records: string[];
	/** Sends to the receiver. */
	send(text: string | Uint8Array): Promise<void>;
	/** The texts of one iteration, up to `count`. */
	collect(count?: number): Promise<string[]>;
}

/** A test with a bound receiver and somebody who sends to it. */
function receiverTest(
	name: string,
	options: Omit<DatagramReceiverOptions<Uint8Array, Uint8Array>, "port">,
	body: (backend: AsyncBackend, world: World) => Promise<void>,
): void {
	simTest(name, async (backend) => {
		const logger = keepingLogger();
		const receiver = new DatagramReceiver({ backend, port: 5_000, logger, ...options });
		const sender = new DatagramEndpoint({ backend });
		await receiver.bind();
		await body(backend, {
			receiver,
			records: logger.records,
			send: (data) => sender.send(typeof data === "string" ? bytes(data) : data, { host: "127.0.0.1", port: 5_000 }),
			async collect(count = Infinity) {
				const texts: string[] = [];
				for await (const { data } of receiver) if (texts.push(text(data)) >= count) break;
				return texts;
			},
		});
		await receiver.close();
		await sender.close();
	});
}

receiverTest("an item is the payload and the sender's address", {}, async (backend, { receiver, records }) => {
	const sender = await UdpSocket.bind({ backend, host: "127.0.0.1" });
	await sender.send(bytes("hello"), { host: "127.0.0.1", port: 5_000 });
	const { done, value } = await receiver.next();
	assertEquals([done, value?.truncated, text(value?.data ?? bytes(""))], [false, false, "hello"]);
	assertEquals(`${value?.address}`, `${sender.localAddress}`);
	assert(value?.packet === value?.data);
	assert(receiver[Symbol.asyncIterator]() === receiver);
	assertEquals(records, []);
	await sender.close();
});

receiverTest("silence of 15 seconds ends an iteration, by default", {}, async (backend, { collect, records, send }) => {
	await send("one");
	assertEquals(await collect(), ["one"]);
	assertEquals(backend.now(), 15_000);
	assertEquals(records.length, 1);
	assertMatch(
		records[0] ?? "",
		/^debug: DatagramReceiver\(0\.0\.0\.0:5000, 0 pending\): iteration ended: nothing came for 15000 ms$/,
	);
});

receiverTest("silence counts anew for each item", { timeout: 1_000 }, async (backend, { collect, send }) => {
	const sending = backend.gather([
		async () => {
			for (let n = 0; n < 10; n++) {
				await backend.sleep(600);
				await send(`${n}`);
			}
		},
	]);
	assertEquals((await collect()).length, 10);
	assertEquals(backend.now(), 7_000);
	await sending;
});

receiverTest("without a limit it waits for ever", { timeout: Infinity }, async (backend, { collect, send }) => {
	const collecting = collect(1);
	await backend.sleep(1e9);
	await send("at last");
	assertEquals(await collecting, ["at last"]);
});

receiverTest("a longer datagram is cut and flagged", {}, async (_backend, { receiver, send }) => {
	for (const size of [8_192, 8_193, 10_000]) await send(new Uint8Array(size).fill(7));
	for (const truncated of [false, true, true]) {
		const { value } = await receiver.next();
		assertEquals([value?.data.length, value?.packet.length, value?.truncated], [8_192, 8_192, truncated]);
	}
});

receiverTest(
	"to leave a loop keeps the receiver usable, and loses nothing",
	{ timeout: 100 },
	async (backend, { collect, send }) => {
		for (const packet of ["1", "2", "3"]) await send(packet);
		assertEquals(await collect(2), ["1", "2"]);
		for (const packet of ["4", "5"]) await send(packet);
		await backend.sleep(1_000);
		assertEquals(await collect(), ["3", "4", "5"]);
		await send("6");
		assertEquals(await collect(), ["6"]);
	},
);

receiverTest(
	"a thousand datagrams between two loops are all there",
	{ timeout: 100 },
	async (backend, { collect, send, receiver }) => {
		assertEquals(await collect(), []);
		for (let n = 0; n < 1_000; n++) {
			await send(`${n}`);
			// The simulated kernel holds some hundred at once, as the real one does.
			if (n % 100 === 0) await backend.sleep(1);
		}
		assertEquals(
			await collect(),
			Array.from({ length: 1_000 }, (_, n) => `${n}`),
		);
		assertEquals(receiver.dropped, 0);
	},
);

receiverTest("explicit calls of next() see the end as done", { timeout: 100 }, async (_backend, { receiver, send }) => {
	await send("1");
	const items: (string | undefined)[] = [];
	for (let n = 0; n < 20; n++) {
		const { done, value } = await receiver.next();
		items.push(value && text(value.data));
		if (done) break;
	}
	assertEquals(items, ["1", undefined]);
});

receiverTest("a task can iterate in the background and lose nothing", {}, async (backend, { receiver, send }) => {
	const seen: number[] = [];
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			for await (const { data } of receiver) seen.push(Number(text(data)));
		});
		for (let n = 0; n < 1_000; n++) {
			await send(`${n}`);
			if (n % 10 === 0) await backend.sleep(1);
		}
		await backend.sleep(10);
		await receiver.close();
	});
	assertEquals(
		seen,
		Array.from({ length: 1_000 }, (_, n) => n),
	);
});

receiverTest(
	"closed by another task, the iteration ends with one record",
	{},
	async (backend, { receiver, collect, records, send }) => {
		await send("1");
		const collecting = collect();
		await backend.sleep(10);
		await receiver.close();
		assertEquals(await collecting, ["1"]);
		assertEquals(records, ["info: DatagramReceiver(closed, 0 pending): iteration ended: closed"]);
		assertEquals(await receiver.next(), { done: true, value: undefined });
		assertEquals(records.length, 1);
	},
);

receiverTest("cancellation passes through", {}, async (backend, { receiver, collect, send }) => {
	await backend.moveOnAfter(10, () => assertRejects(() => receiver.next(), CancelledError));
	assertEquals(backend.now(), 10);
	await send("kept");
	assertEquals(await collect(1), ["kept"]);
});

simTest("a receive error ends the iteration, with one record; the next one goes on", async (backend) => {
	let events: RawDatagramEvents | undefined;
	const faulty = createBackend({
		...backend.driver,
		async openUdp(options, own) {
			events = own;
			const socket = await backend.driver.openUdp?.(options, own);
			if (socket === undefined) throw new Error("no UDP");
			return socket;
		},
	});
	const logger = keepingLogger();
	const receiver = new DatagramReceiver({ backend: faulty, port: 5_000, logger });
	await receiver.bind();
	const ended = receiver.next();
	await backend.sleep(10);
	events?.error(Object.assign(new Error("no memory"), { code: "ENOMEM" }));
	assertEquals(await ended, { done: true, value: undefined });
	assertEquals(logger.records.length, 1);
	assertMatch(
		logger.records[0] ?? "",
		/^error: DatagramReceiver\(0\.0\.0\.0:5000, 0 pending\): iteration ended: .*ENOMEM/,
	);

	const sender = new DatagramEndpoint({ backend });
	await sender.send(bytes("again"), { host: "127.0.0.1", port: 5_000 });
	assertEquals((await receiver.next()).done, false);

	events?.close(Object.assign(new Error("gone"), { code: "EIO" }));
	assertEquals((await receiver.next()).done, true);
	assertMatch(
		logger.records[1] ?? "",
		/^error: DatagramReceiver\(lost, 0 pending\): iteration ended: .*the system closed it/,
	);
	await receiver.close();
	await sender.close();
	assertNothingLeft(faulty);
});

simTest("a port that cannot be bound is an error, not an end", async (backend) => {
	const other = await UdpSocket.bind({ backend, port: 5_000 });
	const receiver = new DatagramReceiver({ backend, port: 5_000 });
	assertEquals((await assertRejects(() => receiver.next(), SocketError)).code, "EADDRINUSE");
	await other.close();
	const next = receiver.next();
	await backend.sleep(1);
	await receiver.close();
	assertEquals((await next).done, true);
});

simTest("closed while it binds, the iteration ends", async (backend) => {
	const receiver = new DatagramReceiver({ backend, port: 5_000, logger: keepingLogger() });
	const next = receiver.next();
	await receiver.close();
	assertEquals(await next, { done: true, value: undefined });
});

receiverTest(
	"with closeOnEnd, silence closes, to leave the loop does not",
	{ timeout: 100, closeOnEnd: true },
	async (backend, { receiver, collect, send }) => {
		await send("1");
		await send("2");
		assertEquals(await collect(1), ["1"]);
		assertEquals(receiver.isClosing(), false);
		assertEquals(await collect(), ["2"]);
		assertEquals(receiver.isClosing(), true);
		// The port is free: nobody else needs to allow sharing it.
		await (await UdpSocket.bind({ backend, port: 5_000 })).close();
		assertEquals(await collect(), []);
	},
);

simTest("a receiver for each run never finds the port in use", async (backend) => {
	const sender = new DatagramEndpoint({ backend });
	for (let run = 0; run < 50; run++) {
		const receiver = new DatagramReceiver({ backend, port: 5_000, timeout: 10, reuseAddress: false });
		await receiver.bind();
		await sender.send(bytes(`${run}`), { host: "127.0.0.1", port: 5_000 });
		const texts: string[] = [];
		for await (const { data } of receiver) texts.push(text(data));
		assertEquals(texts, [`${run}`]);
		await receiver[Symbol.asyncDispose]();
	}
	await sender.close();
});

simTest("with a protocol, strangers can neither end the loop nor prolong it", async (backend) => {
	const logger = keepingLogger();
	let crash = false;
	const json = new JsonSerializer<{ name: string }>();
	const protocol = new DatagramProtocol<{ name: string }>({
		serialize: (packet) => json.serialize(packet),
		deserialize(data) {
			if (crash) throw new RangeError("a bug");
			return json.deserialize(data);
		},
	});
	const receiver = new DatagramReceiver({ backend, port: 5_000, timeout: 1_000, maxLength: 100, protocol, logger });
	const sender = new DatagramEndpoint({ backend });
	const to = { host: "127.0.0.1", port: 5_000 };
	await receiver.bind();
	const names: string[] = [];
	await backend.gather([
		async () => {
			await sender.send(bytes('{"name":"a"}'), to);
			for (let n = 0; n < 9; n++) {
				await backend.sleep(200);
				crash = n === 2;
				await sender.send(n === 1 ? new Uint8Array(101) : bytes("garbage"), to);
			}
		},
		async () => {
			for await (const { packet, data } of receiver) names.push(`${packet.name} of ${text(data)}`);
			assertEquals(backend.now(), 1_000);
		},
	]);
	assertEquals(names, ['a of {"name":"a"}']);
	const levels = logger.records.slice(0, 4).map((record) => record.slice(0, record.indexOf(" ")));
	assertEquals(levels, ["warn:", "warn:", "error:", "warn:"]);
	assertMatch(logger.records[1] ?? "", /skipped 101 bytes from 127\.0\.0\.1:\d+: "maxLength" is 100/);
	await receiver.close();
	await sender.close();
});

receiverTest("it can also ask, and gets the answers in its loop", { timeout: 100 }, async (backend, { receiver }) => {
	const peers = await backend.gather([1, 2].map(() => () => UdpSocket.bind({ backend, host: "127.0.0.1" })));
	for (const peer of peers) {
		await receiver.send(bytes("who is there?"), peer.localAddress);
		await peer.send(bytes("me"), (await peer.receive()).address);
	}
	const found = new Set<string>();
	for await (const { address } of receiver) found.add(`${address}`);
	assertEquals([...found].sort(), peers.map((peer) => `${peer.localAddress}`).sort());
	for (const peer of peers) await peer.close();
});

simTest("wrong options are refused at once, by name", (backend) => {
	const make = (options: object) => () => new DatagramReceiver({ backend, port: 5_000, ...options });
	assertThrows(make({ timeout: -1 }), RangeError, '"timeout"');
	assertThrows(make({ maxLength: 0 }), RangeError, '"maxLength"');
	assertThrows(make({ maxLength: 1.5 }), RangeError, '"maxLength"');
	assertThrows(make({ port: 70_000 }), RangeError, '"port"');
});
