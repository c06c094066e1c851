import { networkInterfaces } from "node:os";
import { SocketError, TimeoutError, UnsupportedOperationError } from "../../src/errors.ts";
import type { UdpSocketOptions } from "../../src/sockets/udp_options.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { runtimeName } from "../support/runtime.ts";
import { backendName, bytes, capabilities, next, socketTest } from "./socket_test.ts";

const GROUP = "239.255.77.1";
const LOOPBACK = "127.0.0.1";

/** How to send to a group by way of loopback, so that nothing leaves this host. */
const VIA_LOOPBACK: UdpSocketOptions = { multicastInterface: LOOPBACK };
/** A real interface. */
const outer = Object.entries(networkInterfaces())
	.flatMap(([name, list]) => (list ?? []).map((entry) => ({ name, ...entry })))
	.find(({ family, internal }) => family === "IPv4" && !internal);

socketTest(
	"a group is received after joining and no more after leaving",
	async ({ bind }) => {
		const receiver = await bind({ host: "0.0.0.0" });
		const sender = await bind({ host: "0.0.0.0", ...VIA_LOOPBACK });
		const to = { host: GROUP, port: receiver.localAddress.port };
		await sender.send(bytes("before"), to);
		await receiver.joinGroup(GROUP, { interface: LOOPBACK });
		await sender.send(bytes("while"), to);
		assertEquals(await next(receiver), "while");
		await receiver.leaveGroup(GROUP, { interface: LOOPBACK });
		await sender.send(bytes("after"), to);
		await sender.send(bytes("direct"), { host: LOOPBACK, port: to.port });
		assertEquals(await next(receiver), "direct");
	},
	{ needs: ["udpMulticast", "udpMulticastInterface"] },
);

socketTest(
	"every member on the port gets a group's datagram",
	async ({ bind }) => {
		const first = await bind({ host: "0.0.0.0", reuseAddress: true });
		const { port } = first.localAddress;
		const second = await bind({ host: "0.0.0.0", port, reuseAddress: true });
		const sender = await bind({ host: "0.0.0.0", ...VIA_LOOPBACK });
		for (const socket of [first, second]) await socket.joinGroup(GROUP, { interface: LOOPBACK });
		await sender.send(bytes("all"), { host: GROUP, port });
		assertEquals([await next(first), await next(second)], ["all", "all"]);
	},
	{ needs: ["udpMulticast", "udpMulticastInterface", "udpReuseAddress"] },
);

socketTest(
	"with a source, only its datagrams are received",
	async ({ bind }) => {
		const receiver = await bind({ host: "0.0.0.0" });
		const wanted = await bind({ host: "127.0.0.2", ...VIA_LOOPBACK });
		const other = await bind({ host: "127.0.0.3", ...VIA_LOOPBACK });
		const group = "232.1.77.1";
		const to = { host: group, port: receiver.localAddress.port };
		await receiver.joinGroup(group, { interface: LOOPBACK, source: "127.0.0.2" });
		await other.send(bytes("other"), to);
		await wanted.send(bytes("wanted"), to);
		assertEquals(await next(receiver), "wanted");
		await receiver.leaveGroup(group, { interface: LOOPBACK, source: "127.0.0.2" });
		await wanted.send(bytes("after"), to);
		await wanted.send(bytes("direct"), { host: LOOPBACK, port: to.port });
		assertEquals(await next(receiver), "direct");
	},
	{ needs: ["udpMulticast", "udpSourceMulticast", "udpMulticastInterface"] },
);

socketTest(
	"a source is refused where the backend cannot",
	async ({ bind }) => {
		const receiver = await bind({ host: "0.0.0.0" });
		const join = (): Promise<void> => receiver.joinGroup("232.1.77.1", { source: "127.0.0.2" });
		assertEquals((await assertRejects(join, UnsupportedOperationError)).capability, "udpSourceMulticast");
	},
	{ needs: ["udpMulticast"], skip: capabilities.udpSourceMulticast && "this backend can" },
);

/** With a time to live of 0, the kernel hands a datagram to members on this host only. */
const refusesZero = runtimeName === "bun" || (runtimeName === "deno" && backendName === "node");

for (const multicastLoopback of [true, false]) {
	socketTest(
		`multicastLoopback: ${multicastLoopback} ${multicastLoopback ? "lets" : "does not let"} this host receive`,
		async ({ bind }) => {
			const receiver = await bind({ host: "0.0.0.0" });
			await receiver.joinGroup(GROUP);
			const sender = await bind({ host: outer?.address as string, multicastLoopback, multicastTtl: 0 });
			await sender.send(bytes("looped"), { host: GROUP, port: receiver.localAddress.port });
			if (multicastLoopback) assertEquals(await next(receiver), "looped");
			else await assertRejects(() => receiver.receive({ timeout: 100 }), TimeoutError);
		},
		{
			needs: ["udpMulticast", "udpMulticastOptions"],
			skip:
				(outer === undefined && "this machine has loopback only, on which the option has no effect") ||
				(refusesZero && "the time to live 0, which keeps the test on this host, is refused here"),
		},
	);
}

socketTest(
	"wrong groups and memberships are refused, and do no harm",
	async ({ bind }) => {
		const socket = await bind({ host: "0.0.0.0" });
		await assertRejects(() => socket.joinGroup("localhost"), TypeError, '"localhost"');
		await assertRejects(() => socket.joinGroup(GROUP, { interface: "eth0" }), TypeError, '"interface"');
		const notGroup = await assertRejects(() => socket.joinGroup("10.0.0.1"), SocketError, '"10.0.0.1"');
		assertEquals(notGroup.code, "EINVAL");
		const notMember = await assertRejects(() => socket.leaveGroup(GROUP), SocketError, GROUP);
		assert(["EADDRNOTAVAIL", "EINVAL"].includes(notMember.code), notMember.code);
		await socket.joinGroup(GROUP, { interface: LOOPBACK });
		await assertRejects(() => socket.joinGroup(GROUP, { interface: LOOPBACK }), SocketError);
		await socket.leaveGroup(GROUP, { interface: LOOPBACK });
		const peer = await bind();
		await socket.send(bytes("fine"), peer.localAddress);
		assertEquals(await next(peer), "fine");
	},
	{ needs: ["udpMulticast"] },
);

const sixth = Object.entries(networkInterfaces())
	.flatMap(([name, list]) => (list ?? []).map((entry) => ({ name, ...entry })))
	.find(({ family, address, internal }) => family === "IPv6" && address.startsWith("fe80:") && !internal);

socketTest(
	"an IPv6 group is joined on an interface, named by its zone",
	async ({ bind }) => {
		const zone = sixth?.name as string;
		const receiver = await bind({ host: "::" });
		await receiver.joinGroup("ff01::77:1", { interface: `::%${zone}` });
		const sender = await bind({
			host: "::",
			...(capabilities.udpMulticastInterface && { multicastInterface: `::%${zone}` }),
		});
		// ff01: the scope of this host alone.
		await sender.send(bytes("six"), { host: `ff01::77:1%${zone}`, port: receiver.localAddress.port });
		assertEquals(await next(receiver), "six");
		await receiver.leaveGroup("ff01::77:1", { interface: `::%${zone}` });
	},
	{ needs: ["udpMulticast"], skip: sixth === undefined && "this machine has no IPv6 interface but loopback" },
);
