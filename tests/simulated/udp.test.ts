import { test } from "node:test";
import { Simulation, SimulationDeadlockError } from "../../backends/simulated/mod.ts";
import { SocketError, TimeoutError, UnsupportedOperationError } from "../../src/errors.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

async function assertCode(code: string, call: () => Promise<unknown>): Promise<void> {
	assertEquals((await assertRejects(call, SocketError)).code, code);
}

test("a datagram goes to another host and back", async () => {
	const simulation = new Simulation();
	const alpha = simulation.host("10.0.0.1");
	const beta = simulation.host("10.0.0.2");
	await simulation.run(async () => {
		const server = await UdpSocket.bind({ backend: beta, port: 53 });
		const client = await UdpSocket.bind({ backend: alpha });
		await client.send(bytes("ping"), { host: "10.0.0.2", port: 53 });
		const request = await server.receive();
		assertEquals([text(request.data), request.address.toString()], ["ping", "10.0.0.1:49152"]);
		await server.send(bytes("pong"), request.address);
		const reply = await client.receive();
		assertEquals([text(reply.data), reply.address.toString()], ["pong", "10.0.0.2:53"]);
		await client.close();
		await server.close();
		assertEquals(alpha.liveResources(), { sockets: 0, tasks: 0, waits: 0, timers: 0 });
	});
	assertEquals(simulation.trace, [
		"0.000 open 0.0.0.0:53",
		"0.000 open 0.0.0.0:49152",
		"0.000 send 10.0.0.1:49152 > 10.0.0.2:53 4",
		"0.000 deliver 10.0.0.1:49152 > 10.0.0.2:53 4",
		"0.000 send 10.0.0.2:53 > 10.0.0.1:49152 4",
		"0.000 deliver 10.0.0.2:53 > 10.0.0.1:49152 4",
		"0.000 close 0.0.0.0:49152",
		"0.000 close 0.0.0.0:53",
	]);
});

test("IPv6 hosts and loopback work, however the address is spelled", async () => {
	const simulation = new Simulation();
	const alpha = simulation.host("fd00:0:0::1");
	const beta = simulation.host(["fd00::2", "10.0.0.2"]);
	await simulation.run(async (backend) => {
		const server = await UdpSocket.bind({ backend: beta, host: "FD00:0:0:0::2", port: 7 });
		assertEquals(server.localAddress.toString(), "[fd00::2]:7");
		const client = await UdpSocket.connect({ backend: alpha, host: "fd00:0::2", port: 7 });
		await client.send(bytes("six"));
		assertEquals((await server.receive()).address.toString(), "[fd00::1]:49152");
		const local = await UdpSocket.bind({ backend, host: "::1", port: 9 });
		const peer = await UdpSocket.bind({ backend, host: "::" });
		await peer.send(bytes("here"), { host: "0:0:0:0:0:0:0:1", port: 9 });
		assertEquals((await local.receive()).address.toString(), "[::1]:49152");
	});
});

test("a socket on all addresses receives what is sent to any of them", async () => {
	const simulation = new Simulation();
	const server = simulation.host(["10.0.0.1", "10.0.0.2"]);
	const other = simulation.host("10.0.0.3");
	await simulation.run(async () => {
		const socket = await UdpSocket.bind({ backend: server, port: 5000 });
		for (const [backend, host, source] of [
			[other, "10.0.0.1", "10.0.0.3"],
			[other, "10.0.0.2", "10.0.0.3"],
			[server, "10.0.0.2", "10.0.0.2"],
			[server, "127.0.0.1", "127.0.0.1"],
			[server, "127.1.2.3", "127.0.0.1"],
			[server, "0.0.0.0", "127.0.0.1"],
		] as const) {
			const client = await UdpSocket.bind({ backend });
			await client.send(bytes("x"), { host, port: 5000 });
			assertEquals((await socket.receive({ timeout: 1 })).address.host, source);
			await client.close();
		}
	});
});

test("a socket on one address does not receive what is sent to another", async () => {
	const simulation = new Simulation();
	const backend = simulation.host(["10.0.0.1", "10.0.0.2"]);
	await simulation.run(async () => {
		const first = await UdpSocket.bind({ backend, host: "10.0.0.1", port: 5000 });
		const second = await UdpSocket.bind({ backend, host: "10.0.0.2", port: 5000 });
		const client = await UdpSocket.bind({ backend });
		await client.send(bytes("x"), { host: "10.0.0.2", port: 5000 });
		await second.receive();
		await assertRejects(() => first.receive({ timeout: 10 }), TimeoutError);
	});
});

test("loopback stays within a host", async () => {
	const simulation = new Simulation();
	const alpha = simulation.host("10.0.0.1");
	const beta = simulation.host("10.0.0.2");
	await simulation.run(async (backend) => {
		const sockets = [];
		for (const each of [backend, alpha, beta]) {
			sockets.push(await UdpSocket.bind({ backend: each, host: "127.0.0.1", port: 5000 }));
		}
		const client = await UdpSocket.bind({ backend: beta });
		await client.send(bytes("x"), { host: "127.0.0.1", port: 5000 });
		assertEquals(text((await (sockets[2] as UdpSocket).receive()).data), "x");
		for (const socket of sockets.slice(0, 2)) await assertRejects(() => socket.receive({ timeout: 10 }), TimeoutError);
	});
});

test("empty and largest datagrams arrive whole; a larger one is refused", async () => {
	await new Simulation().run(async (backend) => {
		for (const [host, limit] of [
			["127.0.0.1", 65_507],
			["::1", 65_527],
		] as const) {
			const server = await UdpSocket.bind({ backend, host });
			for (const size of [0, 1, limit]) {
				await server.send(new Uint8Array(size).fill(7), server.localAddress);
				assertEquals((await server.receive()).data, new Uint8Array(size).fill(7));
			}
			const raw = await backend.driver.openUdp?.(
				{ host, port: 0, family: host === "::1" ? 6 : 4 },
				{ message() {}, truncated() {}, error() {}, sendError() {}, drain() {}, close() {} },
			);
			const error = await new Promise((done) => raw?.send(new Uint8Array(limit + 1), 9, host, done));
			assertEquals((error as { code: string }).code, "EMSGSIZE");
		}
	});
});

test("sender and receiver do not share bytes", async () => {
	await new Simulation({ faults: { duplication: 1 } }).run(async (backend) => {
		const socket = await UdpSocket.bind({ backend, host: "127.0.0.1" });
		const data = bytes("before");
		await socket.send(data, socket.localAddress);
		data.fill(0);
		const first = await socket.receive();
		assertEquals(text(first.data), "before");
		first.data.fill(0);
		assertEquals(text((await socket.receive()).data), "before");
	});
});

test("a closed port is reported to a connected socket, once; and it can go on", async () => {
	const simulation = new Simulation({ faults: { delay: { min: 5, max: 5 } } });
	const alpha = simulation.host("10.0.0.1");
	const beta = simulation.host("10.0.0.2");
	await simulation.run(async () => {
		const client = await UdpSocket.connect({ backend: alpha, host: "10.0.0.2", port: 53 });
		await client.send(bytes("anybody?"));
		await assertCode("ECONNREFUSED", () => client.receive());
		assertEquals(alpha.now(), 10);
		const server = await UdpSocket.bind({ backend: beta, port: 53 });
		await client.send(bytes("now?"));
		assertEquals(text((await server.receive()).data), "now?");
		await assertRejects(() => client.receive({ timeout: 100 }), TimeoutError);
	});
});

test("a refusal that was not read yet fails the next send, which is not sent", async () => {
	const simulation = new Simulation();
	await simulation.run(async ({ driver }) => {
		const errors: unknown[] = [];
		const options = { host: "127.0.0.1", port: 0, family: 4, peer: { host: "127.0.0.1", port: 9 } } as const;
		const socket = await driver.openUdp?.(options, {
			message() {},
			truncated() {},
			error: (error) => errors.push(error),
			sendError() {},
			drain() {},
			close() {},
		});
		const send = (): Promise<unknown> => new Promise((done) => socket?.send(bytes("x"), 0, "", done));
		assertEquals(await send(), undefined);
		// Queued behind the refusal's arrival, ahead of its being read.
		const second = await new Promise((done) => driver.defer(() => driver.defer(() => done(send()))));
		const codes = [second, ...errors].map((error) => (error as { code: string } | undefined)?.code);
		assertEquals(codes, ["ECONNREFUSED"]);
	});
	assertEquals(simulation.trace.filter((line) => line.includes(" send ")).length, 1);
});

test("a closed port is not reported to an unconnected socket", async () => {
	const simulation = new Simulation();
	await simulation.run(async (backend) => {
		const client = await UdpSocket.bind({ backend, host: "127.0.0.1" });
		await client.send(bytes("x"), { host: "127.0.0.1", port: 9 });
		await assertRejects(() => client.receive({ timeout: 100 }), TimeoutError);
		assertEquals(client.core.stats.errors, 0);
	});
	assert(simulation.trace.includes("0.000 icmp-send 127.0.0.1:9 > 127.0.0.1:49152 1"), simulation.trace.join("\n"));
});

test("a connected socket receives from its peer only, and before others on its address", async () => {
	const simulation = new Simulation();
	await simulation.run(async (backend) => {
		const peer = await UdpSocket.bind({ backend, host: "127.0.0.1" });
		const stranger = await UdpSocket.bind({ backend, host: "127.0.0.1" });
		const options = { backend, reuseAddress: true };
		const connected = await UdpSocket.connect({
			...options,
			...{ host: "127.0.0.1", port: peer.localAddress.port },
			localAddress: { host: "127.0.0.1", port: 5000 },
		});
		const open = await UdpSocket.bind({ ...options, host: "127.0.0.1", port: 5000 });
		await stranger.send(bytes("stranger"), connected.localAddress);
		await peer.send(bytes("peer"), connected.localAddress);
		assertEquals(text((await connected.receive()).data), "peer");
		assertEquals(text((await open.receive()).data), "stranger");
		assertEquals(open.core.queuedDatagrams, 0);
	});
});

test("connecting settles the local address", async () => {
	const simulation = new Simulation();
	const backend = simulation.host(["10.0.0.1", "10.0.0.2"]);
	simulation.host("10.0.0.3");
	await simulation.run(async () => {
		const outside = await UdpSocket.connect({ backend, host: "10.0.0.3", port: 1 });
		assertEquals(outside.localAddress.host, "10.0.0.1");
		const inside = await UdpSocket.connect({ backend, host: "10.0.0.2", port: 1 });
		assertEquals(inside.localAddress.host, "10.0.0.2");
	});
});

test("what Linux refuses is refused with its code", async () => {
	const simulation = new Simulation();
	const alpha = simulation.host("10.0.0.1");
	const to = { host: "10.0.0.1", port: 9 };
	await simulation.run(async (backend) => {
		await assertCode("EADDRNOTAVAIL", () => UdpSocket.bind({ backend: alpha, host: "10.0.0.2" }));
		await assertCode("ENETUNREACH", () => UdpSocket.connect({ backend, ...to }));
		const wildcard = await UdpSocket.bind({ backend });
		await assertCode("ENETUNREACH", () => wildcard.send(bytes("x"), to));
		await assertCode("EAFNOSUPPORT", () => wildcard.send(bytes("x"), { host: "::1", port: 9 }));
		await assertCode("EACCES", () => wildcard.send(bytes("x"), { host: "255.255.255.255", port: 9 }));
		const loopback = await UdpSocket.bind({ backend: alpha, host: "127.0.0.1" });
		simulation.host("10.0.0.2");
		await assertCode("EINVAL", () => loopback.send(bytes("x"), { host: "10.0.0.2", port: 9 }));
		const localAddress = { host: "127.0.0.1" };
		await assertCode("EINVAL", () => UdpSocket.connect({ backend: alpha, host: "10.0.0.2", port: 9, localAddress }));
		await assertCode("ENOTFOUND", () => UdpSocket.bind({ backend, host: "nowhere.test" }));
	});
});

test("an address is in use until it is closed; all addresses clash with each", async () => {
	const simulation = new Simulation();
	const backend = simulation.host(["10.0.0.1", "10.0.0.2", "fd00::1"]);
	await simulation.run(async () => {
		const bind = (host: string): Promise<UdpSocket> => UdpSocket.bind({ backend, host, port: 5000 });
		const one = await bind("10.0.0.1");
		await assertCode("EADDRINUSE", () => bind("10.0.0.1"));
		await assertCode("EADDRINUSE", () => bind("0.0.0.0"));
		const two = await bind("10.0.0.2");
		// The families are apart.
		const six = await bind("::");
		await assertCode("EADDRINUSE", () => bind("fd00::1"));
		await Promise.all([one.close(), two.close(), six.close()]);
		const all = await bind("0.0.0.0");
		await assertCode("EADDRINUSE", () => bind("10.0.0.2"));
		await all.close();
		await (await bind("10.0.0.1")).close();
	});
});

test("reuseAddress and reusePort share an address when both sockets ask for it", async () => {
	await new Simulation().run(async (backend) => {
		const address = { backend, host: "127.0.0.1", port: 5000 };
		for (const option of ["reuseAddress", "reusePort"] as const) {
			const alone = await UdpSocket.bind(address);
			await assertCode("EADDRINUSE", () => UdpSocket.bind({ ...address, [option]: true }));
			await alone.close();
			const first = await UdpSocket.bind({ ...address, [option]: true });
			await assertCode("EADDRINUSE", () => UdpSocket.bind(address));
			const other = option === "reusePort" ? "reuseAddress" : "reusePort";
			await assertCode("EADDRINUSE", () => UdpSocket.bind({ ...address, [other]: true }));
			const second = await UdpSocket.bind({ ...address, [option]: true });
			await Promise.all([first.close(), second.close()]);
		}
	});
});

test("a socket on the exact address goes before one on all addresses, however old", async () => {
	await new Simulation().run(async (backend) => {
		const exact = await UdpSocket.bind({ backend, host: "127.0.0.1", port: 5000, reuseAddress: true });
		const all = await UdpSocket.bind({ backend, host: "0.0.0.0", port: 5000, reuseAddress: true });
		await all.send(bytes("exact"), { host: "127.0.0.1", port: 5000 });
		assertEquals(text((await exact.receive()).data), "exact");
		await all.send(bytes("other"), { host: "127.0.0.2", port: 5000 });
		assertEquals(text((await all.receive()).data), "other");
	});
});

test("of sockets with reuseAddress, the latest receives", async () => {
	await new Simulation().run(async (backend) => {
		const address = { backend, host: "127.0.0.1", port: 5000, reuseAddress: true };
		const first = await UdpSocket.bind(address);
		const second = await UdpSocket.bind(address);
		await first.send(bytes("1"), first.localAddress);
		assertEquals(text((await second.receive()).data), "1");
		await second.close();
		await first.send(bytes("2"), first.localAddress);
		assertEquals(text((await first.receive()).data), "2");
	});
});

test("sockets with reusePort share the peers; a peer stays with its socket", async () => {
	await new Simulation().run(async (backend) => {
		const address = { backend, host: "127.0.0.1", port: 5000, reusePort: true };
		const servers = [];
		for (let i = 0; i < 4; i++) servers.push(await UdpSocket.bind(address));
		for (let i = 0; i < 64; i++) {
			const client = await UdpSocket.bind({ backend, host: "127.0.0.1" });
			for (let n = 0; n < 2; n++) await client.send(bytes("x"), { host: "127.0.0.1", port: 5000 });
		}
		await backend.sleep(1);
		const counts = servers.map((server) => server.core.queuedDatagrams);
		assertEquals(
			counts.reduce((sum, count) => sum + count, 0),
			128,
		);
		for (const count of counts) assert(count % 2 === 0 && count >= 10, `${counts}`);
	});
});

test("free ports are given out in order, and again only after all others", async () => {
	await new Simulation().run(async (backend) => {
		const ports: number[] = [];
		for (let i = 0; i < 3; i++) {
			const socket = await UdpSocket.bind({ backend });
			ports.push(socket.localAddress.port);
			await socket.close();
		}
		assertEquals(ports, [49_152, 49_153, 49_154]);
		await UdpSocket.bind({ backend, port: 49_155 });
		assertEquals((await UdpSocket.bind({ backend })).localAddress.port, 49_156);
		for (let i = 0; i < 16_382; i++) await UdpSocket.bind({ backend });
		await assertCode("EADDRINUSE", () => UdpSocket.bind({ backend }));
	});
});

test("hosts are found by name, on every host", async () => {
	const simulation = new Simulation();
	const server = simulation.host(["10.0.0.1", "fd00::1"], "Server.test");
	const client = simulation.host("10.0.0.2");
	await simulation.run(async (backend) => {
		await UdpSocket.bind({ backend: server, host: "server.TEST", port: 53 });
		const socket = await UdpSocket.connect({ backend: client, host: "server.test", port: 53 });
		assertEquals(socket.remoteAddress?.toString(), "10.0.0.1:53");
		assertEquals(await backend.driver.resolve?.("localhost"), ["127.0.0.1", "::1"]);
		assertEquals(server.driver.localAddresses?.(), ["127.0.0.1", "::1", "10.0.0.1", "fd00::1"]);
	});
});

test("a host is known by each of its addresses, and cannot take another's", () => {
	const simulation = new Simulation();
	const host = simulation.host(["10.0.0.1", "10.0.0.2"]);
	assert(simulation.host("10.0.0.2") === host);
	assert(simulation.host("10.0.0.3") !== host);
	for (const wrong of [
		["10.0.0.1", "10.0.0.3"],
		["10.0.0.4", "10.0.0.1"],
		[],
		"127.0.0.1",
		"::",
		"224.0.0.1",
		"name",
	]) {
		try {
			simulation.host(wrong);
		} catch (error) {
			assert(error instanceof RangeError);
			assertStringIncludes(error.message, "Cannot make a host");
			continue;
		}
		throw new Error(`host(${JSON.stringify(wrong)}) was accepted`);
	}
	// A refused host leaves nothing behind.
	simulation.host("10.0.0.4");
});

test("what the simulation cannot do is refused when it is opened", async () => {
	await new Simulation().run(async (backend) => {
		assertEquals(backend.capabilities.signals, false);
		assertEquals(backend.driver.onSignal, undefined);
		const socket = UdpSocket.bind({ backend, multicastInterface: "127.0.0.1" });
		await assertRejects(() => socket, UnsupportedOperationError, "udpMulticastInterface");
	});
});

test("open sockets count as live, and a deadlock names them", async () => {
	const simulation = new Simulation({ seed: 9 });
	const beta = simulation.host("10.0.0.2");
	const run = simulation.run(async (backend) => {
		const socket = await UdpSocket.bind({ backend, host: "127.0.0.1", port: 53 });
		await UdpSocket.bind({ backend: beta, host: "10.0.0.2", port: 7 });
		assertEquals([backend.liveResources().sockets, beta.liveResources().sockets], [1, 1]);
		await socket.receive();
	});
	const error = await assertRejects(() => run, SimulationDeadlockError, "(seed 9, 0 ms)");
	assertEquals(error.sockets, ["127.0.0.1:53", "10.0.0.2:7"]);
	assertEquals(error.waits, ["a datagram on 127.0.0.1:53"]);
});

test("nothing is received after close, also of what the kernel had kept", async () => {
	const simulation = new Simulation();
	await simulation.run(async ({ driver }) => {
		let received = 0;
		const socket = await driver.openUdp?.(
			{ host: "127.0.0.1", port: 5000, family: 4 },
			{
				message: () => {
					received++;
					void socket?.close();
				},
				truncated() {},
				error() {},
				sendError() {},
				drain() {},
				close() {},
			},
		);
		for (let i = 0; i < 3; i++) socket?.send(bytes("x"), 5000, "127.0.0.1");
		await new Promise<void>((resolve) => driver.createTimer(resolve).start(10));
		assertEquals(received, 1);
		const error = await new Promise((done) => socket?.send(bytes("x"), 5000, "127.0.0.1", done));
		assertEquals((error as { code: string }).code, "EBADF");
	});
	assertEquals(simulation.trace.filter((line) => line.includes(" deliver ")).length, 1);
});
