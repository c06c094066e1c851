import { test } from "node:test";
import { Simulation } from "../../backends/simulated/mod.ts";
import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import { SocketError, TimeoutError } from "../../src/errors.ts";
import { type UdpBindOptions, UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";

const DATA = new Uint8Array([1]);

/** Three hosts of both families; opens a socket on port 5000 of each, and tells which have received something. */
async function world(
	main: (world: {
		backends: readonly AsyncBackend[];
		bind: (index: number, options?: UdpBindOptions) => Promise<UdpSocket>;
		receivers: () => Promise<number[]>;
	}) => Promise<void>,
): Promise<void> {
	const simulation = new Simulation();
	const backends = [1, 2, 3].map((n) => simulation.host([`10.0.0.${n}`, `fd00::${n}`]));
	await simulation.run(async (backend) => {
		const sockets: [number, UdpSocket][] = [];
		await main({
			backends,
			bind: async (index, options = {}) => {
				const on = backends[index] as AsyncBackend;
				const socket = await UdpSocket.bind({ backend: on, port: 5000, reuseAddress: true, ...options });
				sockets.push([index, socket]);
				return socket;
			},
			receivers: async () => {
				await backend.sleep(1);
				const found: number[] = [];
				for (const [index, socket] of sockets) {
					for (; socket.core.queuedDatagrams > 0; await socket.receive()) found.push(index);
				}
				return found;
			},
		});
	});
}

async function assertCode(code: string, call: () => Promise<unknown>): Promise<void> {
	assertEquals((await assertRejects(call, SocketError)).code, code);
}

test("a broadcast reaches every host, the sender's too, where a socket listens on all addresses", () =>
	world(async ({ bind, receivers }) => {
		const sender = await bind(0, { broadcast: true });
		await bind(1);
		await bind(1);
		await bind(2, { host: "10.0.0.3" });
		await bind(2, { port: 5001 });
		await sender.send(DATA, { host: "255.255.255.255", port: 5000 });
		assertEquals(await receivers(), [0, 1, 1]);
	}));

test("nobody is told that nobody listens to a group", async () => {
	const simulation = new Simulation();
	simulation.host("10.0.0.2");
	await simulation.run(async () => {
		const backend = simulation.host("10.0.0.1");
		for (const host of ["255.255.255.255", "239.1.2.3"]) {
			const socket = await UdpSocket.connect({ backend, host, port: 9, broadcast: true });
			await socket.send(DATA);
			await assertRejects(() => socket.receive({ timeout: 10 }), TimeoutError);
		}
	});
	assertEquals(
		simulation.trace.filter((line) => line.includes("icmp")),
		[],
	);
});

test("the default host is on no network: its broadcasts stay on it", async () => {
	const simulation = new Simulation();
	const other = simulation.host("10.0.0.1");
	await simulation.run(async (backend) => {
		const socket = await UdpSocket.bind({ backend, port: 5000, broadcast: true });
		const outside = await UdpSocket.bind({ backend: other, port: 5000, broadcast: true });
		await socket.send(DATA, { host: "255.255.255.255", port: 5000 });
		assertEquals((await socket.receive()).address.toString(), "127.0.0.1:5000");
		assertEquals(outside.core.queuedDatagrams, 0);
		await outside.send(DATA, { host: "255.255.255.255", port: 5000 });
		await outside.receive();
		assertEquals(socket.core.queuedDatagrams, 0);
	});
});

for (const [group, host] of [
	["239.1.2.3", "0.0.0.0"],
	["ff02::1234", "::"],
] as const) {
	test(`a datagram to ${group} reaches the sockets that joined it, until they leave`, () =>
		world(async ({ bind, receivers }) => {
			const sender = await bind(0, { host });
			const [first, second] = [await bind(1, { host }), await bind(2, { host })];
			await bind(2, { host });
			const send = (): Promise<void> => sender.send(DATA, { host: group, port: 5000 });
			await send();
			assertEquals(await receivers(), []);
			await first.joinGroup(group);
			await second.joinGroup(group);
			await send();
			assertEquals(await receivers(), [1, 2]);
			await first.leaveGroup(group);
			await send();
			assertEquals(await receivers(), [2]);
			await second.close();
			await send();
			assertEquals(await receivers(), []);
		}));

	test(`a source-specific member of ${group} receives from its sources only`, () =>
		world(async ({ backends, bind, receivers }) => {
			const senders = [await bind(0, { host }), await bind(1, { host })];
			const member = await bind(2, { host });
			const sources = [0, 1].map((index) =>
				backends[index]?.driver.localAddresses?.().find((own) => own.startsWith(host === "::" ? "fd" : "10")),
			);
			const sendAll = async (): Promise<number> => {
				for (const sender of senders) await sender.send(DATA, { host: group, port: 5000 });
				return (await receivers()).length;
			};
			await member.joinGroup(group, { source: sources[1] });
			assertEquals(await sendAll(), 1);
			await member.joinGroup(group, { source: sources[0] });
			assertEquals(await sendAll(), 2);
			await assertCode("EADDRINUSE", () => member.joinGroup(group));
			await assertCode("EADDRNOTAVAIL", () => member.joinGroup(group, { source: sources[0] }));
			await member.leaveGroup(group, { source: sources[1] });
			assertEquals(await sendAll(), 1);
			await member.leaveGroup(group, { source: sources[0] });
			assertEquals(await sendAll(), 0);
			await member.joinGroup(group);
			assertEquals(await sendAll(), 2);
			await member.joinGroup(group, { source: sources[0] });
			assertEquals(await sendAll(), 1);
		}));
}

test("loopback and time to live say who receives a multicast: the own host, the others", () =>
	world(async ({ bind, receivers }) => {
		for (const [multicastLoopback, multicastTtl, expected] of [
			[true, 1, [0, 1]],
			[false, 1, [1]],
			[true, 0, [0]],
			[false, 0, []],
		] as const) {
			const sender = await bind(0, { multicastLoopback, multicastTtl });
			const other = await bind(1);
			await sender.joinGroup("239.1.2.3");
			await other.joinGroup("239.1.2.3");
			await sender.send(DATA, { host: "239.1.2.3", port: 5000 });
			assertEquals(await receivers(), [...expected]);
			await sender.close();
			await other.close();
		}
	}));

test("a socket bound to the group receives nothing else", () =>
	world(async ({ bind, receivers }) => {
		const member = await bind(1, { host: "239.1.2.3" });
		await member.joinGroup("239.1.2.3");
		await member.joinGroup("239.9.9.9");
		const sender = await bind(0);
		for (const host of ["239.9.9.9", "10.0.0.2", "239.1.2.3"]) await sender.send(DATA, { host, port: 5000 });
		assertEquals(await receivers(), [1]);
	}));

test("wrong memberships are refused as by Linux", () =>
	world(async ({ bind }) => {
		const socket = await bind(0);
		await assertCode("EINVAL", () => socket.joinGroup("10.0.0.2"));
		await assertCode("EAFNOSUPPORT", () => socket.joinGroup("ff02::1"));
		await assertCode("ENODEV", () => socket.joinGroup("239.1.2.3", { interface: "10.0.0.9" }));
		await assertCode("EADDRNOTAVAIL", () => socket.leaveGroup("239.1.2.3"));
		await socket.joinGroup("239.1.2.3", { interface: "10.0.0.1" });
		await assertCode("EADDRINUSE", () => socket.joinGroup("239.1.2.3"));
	}));
