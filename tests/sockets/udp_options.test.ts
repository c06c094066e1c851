import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createBackend } from "../../src/backend/async_backend.ts";
import { SocketError, UnsupportedOperationError } from "../../src/errors.ts";
import { checkUdpOptions, type UdpSocketOptions } from "../../src/sockets/udp_options.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { currentRuntime, projectRoot } from "../support/runtime.ts";
import { backendName, bytes, capabilities, next, socketTest } from "./socket_test.ts";

const BROADCAST = "127.255.255.255";

socketTest(
	"a broadcast reaches every receiver on the wildcard address that shares the port, and so does unicast one of them",
	async ({ bind }) => {
		const first = await bind({ host: "0.0.0.0", reuseAddress: true });
		const { port } = first.localAddress;
		const second = await bind({ host: "0.0.0.0", port, reuseAddress: true });
		const sender = await bind({ host: "0.0.0.0", broadcast: true });
		await sender.send(bytes("to all"), { host: BROADCAST, port });
		assertEquals([await next(first), await next(second)], ["to all", "to all"]);
		await sender.send(bytes("to one"), { host: "127.0.0.1", port });
		await eventually("one of them has it", () => first.core.queuedDatagrams + second.core.queuedDatagrams === 1);
	},
	{ needs: ["udpBroadcast", "udpReuseAddress"] },
);

socketTest(
	"without the option, a broadcast is refused",
	async ({ bind }) => {
		const socket = await bind();
		const error = await assertRejects(() => socket.send(bytes("x"), { host: BROADCAST, port: 9 }), SocketError);
		assert(["EACCES", "UNKNOWN"].includes(error.code), error.message);
	},
	{ skip: backendName === "deno" && "Deno allows every socket to broadcast" },
);

socketTest("without reuseAddress, a port belongs to one socket", async ({ bind }) => {
	const first = await bind({ host: "0.0.0.0", reuseAddress: false });
	const again = { host: "0.0.0.0", port: first.localAddress.port };
	assertEquals((await assertRejects(() => bind(again), SocketError)).code, "EADDRINUSE");
	if (capabilities.udpReuseAddress) {
		// Both have to ask for it.
		const other = { ...again, reuseAddress: true };
		assertEquals((await assertRejects(() => bind(other), SocketError)).code, "EADDRINUSE");
	}
});

socketTest(
	"with reusePort, the kernel spreads the peers among the sockets, and keeps each at its socket",
	async ({ bind }) => {
		const first = await bind({ reusePort: true });
		const second = await bind({ port: first.localAddress.port, reusePort: true });
		const peers = await Promise.all(Array.from({ length: 40 }, () => bind()));
		for (let i = 0; i < 3; i++) await Promise.all(peers.map((peer) => peer.send(bytes("x"), first.localAddress)));
		const count = (): number => first.core.queuedDatagrams + second.core.queuedDatagrams;
		await eventually("all have arrived", () => count() === 120);
		assert(first.core.queuedDatagrams > 0 && second.core.queuedDatagrams > 0, "one of them got all");
		assertEquals(first.core.queuedDatagrams % 3, 0, "a peer changed its socket");
	},
	{ needs: ["udpReusePort"] },
);

socketTest(
	"a larger receive buffer holds more of a burst, and the kernel counts what it drops",
	async ({ bind }) => {
		const results: number[] = [];
		for (const receiveBufferSize of [4_096, 200_000]) {
			const socket = await bind({ receiveBufferSize });
			const { sent, received } = await burst(socket, 100);
			results.push(received);
			assertEquals(socket.kernelDrops, sent - received, "the kernel's count");
		}
		const [small = 0, large = 0] = results;
		assert(small < 20, `${small} of a burst fitted into 4 KiB`);
		assert(large > 60, `${large} of a burst fitted into 200 kB`);
	},
	{ needs: ["udpBufferSize", "kernelDrops"] },
);

socketTest(
	"kernelDrops says what did not fit into the system's buffer",
	async ({ bind }) => {
		const socket = await bind();
		assertEquals(socket.kernelDrops, 0);
		const { sent, received } = await burst(socket, 400);
		assert(received < sent, "nothing was dropped");
		assertEquals(socket.kernelDrops, sent - received);
		const column = readFileSync("/proc/net/udp", "latin1")
			.split("\n")
			.filter((line) => line.includes(`:${socket.localAddress.port.toString(16).toUpperCase().padStart(4, "0")} `))
			.map((line) => Number(line.trim().split(/\s+/).at(-1)));
		assertEquals(column, [socket.kernelDrops]);
	},
	{ needs: ["kernelDrops"] },
);

/** Another process sends, while this one is blocked and nobody reads. */
async function burst(socket: UdpSocket, count: number): Promise<{ sent: number; received: number }> {
	const before = socket.core.stats.received;
	const file = "tests/fixtures/burst.ts";
	const path = currentRuntime.typescript ? file : `build/${file.replace(/\.ts$/, ".js")}`;
	const args = [...currentRuntime.args, path, `${socket.localAddress.port}`, `${count}`];
	const { status, stderr } = spawnSync(currentRuntime.command, args, { cwd: projectRoot, encoding: "utf8" });
	assertEquals([status, stderr], [0, ""]);
	// What the kernel kept is read by and by.
	await eventually("all are read or dropped", () => {
		const read = socket.core.stats.received - before;
		return read > 0 && read + (socket.kernelDrops ?? 0) >= count;
	});
	return { sent: count, received: socket.core.stats.received - before };
}

const EACH: readonly (readonly [UdpSocketOptions, string])[] = [
	[{ reuseAddress: true }, "udpReuseAddress"],
	[{ reusePort: true }, "udpReusePort"],
	[{ broadcast: true }, "udpBroadcast"],
	[{ ttl: 3 }, "udpTtl"],
	[{ multicastTtl: 3 }, "udpMulticastOptions"],
	[{ multicastLoopback: false }, "udpMulticastOptions"],
	[{ multicastInterface: "127.0.0.1" }, "udpMulticastInterface"],
	[{ receiveBufferSize: 65_536 }, "udpBufferSize"],
	[{ sendBufferSize: 65_536 }, "udpBufferSize"],
];

for (const [option, capability] of EACH) {
	const name = Object.keys(option)[0] as string;
	socketTest(
		`"${name}" works where the backend has "${capability}", and is refused elsewhere`,
		async ({ bind, backend }) => {
			const can = backend.capabilities[capability as keyof typeof backend.capabilities];
			if (can) {
				const [socket, peer] = [await bind({ host: "0.0.0.0", ...option }), await bind()];
				await socket.send(bytes("x"), peer.localAddress);
				assertEquals(await next(peer), "x");
				return;
			}
			const error = await assertRejects(() => bind(option), UnsupportedOperationError, `"${name}"`);
			assertEquals([error.capability, error.backend], [capability, backendName]);
		},
	);
}

test("a backend without any capability refuses every option, and needs none for the defaults", async () => {
	const driver = { name: "bare", now: () => 0, createTimer: () => ({ start() {}, stop() {} }), defer() {} };
	const none = createBackend({ ...driver, capabilities: {} });
	const refused = await assertRejects(() => UdpSocket.bind({ backend: none }), UnsupportedOperationError, '"bare"');
	assertEquals(refused.capability, "udp");
	let opened: object | undefined;
	const bare = createBackend({
		...driver,
		capabilities: { udp: true },
		openUdp: async (options) => {
			opened = options;
			return { localAddress: { host: "127.0.0.1", port: 1 }, bufferedAmount: 0, send() {}, close: async () => {} };
		},
	});
	for (const [option, capability] of EACH) {
		const error = await assertRejects(() => UdpSocket.bind({ backend: bare, ...option }), UnsupportedOperationError);
		assertEquals(error.capability, capability);
	}
	// What is off anyway need not be supported.
	const off = { reuseAddress: false, reusePort: false, broadcast: false };
	await UdpSocket.bind({ backend: bare, host: "127.0.0.1", ...off });
	assertEquals(opened, { host: "127.0.0.1", port: 0, family: 4 });
	const socket = await UdpSocket.bind({ backend: bare, host: "127.0.0.1" });
	assertEquals(
		(await assertRejects(() => socket.joinGroup("239.1.1.1"), UnsupportedOperationError)).capability,
		"udpMulticast",
	);
	const name = await assertRejects(
		() => UdpSocket.bind({ backend: bare, host: "localhost" }),
		UnsupportedOperationError,
	);
	assertEquals(name.capability, "resolve");
});

test("option values are checked before anything is opened", () => {
	const wrong: readonly (readonly [object, string])[] = [
		[{ ttl: 0 }, "ttl"],
		[{ ttl: 256 }, "ttl"],
		[{ ttl: 1.5 }, "ttl"],
		[{ multicastTtl: -1 }, "multicastTtl"],
		[{ receiveBufferSize: 0 }, "receiveBufferSize"],
		[{ sendBufferSize: 2 ** 31 }, "sendBufferSize"],
	];
	for (const [options, name] of wrong) assertThrows(() => checkUdpOptions(options), RangeError, `"${name}"`);
	const ofWrongType: readonly (readonly [object, string])[] = [
		[{ ttl: "1" }, "ttl"],
		[{ reusePort: "yes" }, "reusePort"],
		[{ multicastLoopback: 0 }, "multicastLoopback"],
		[{ multicastInterface: "eth0" }, "multicastInterface"],
	];
	for (const [options, name] of ofWrongType) assertThrows(() => checkUdpOptions(options), TypeError, `"${name}"`);
});
