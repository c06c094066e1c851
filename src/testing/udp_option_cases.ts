import { check, checkEqual } from "./assertions.ts";
import type { CaseDefinition } from "./conformance_case.ts";
import { bytes, next } from "./udp_cases.ts";

const GROUP = "239.255.77.2";
const LOOPBACK = "127.0.0.1";

/** @internal What some systems can do and others cannot. */
export const udpOptionCases: readonly CaseDefinition[] = [
	{
		id: "options.reuse-address",
		title: "With reuseAddress, several sockets have one address",
		needs: ["udp", "udpReuseAddress"],
		body: async ({ bind }) => {
			const first = await bind({ host: "0.0.0.0", reuseAddress: true });
			const second = await bind({ host: "0.0.0.0", port: first.localAddress.port, reuseAddress: true });
			checkEqual(second.localAddress.port, first.localAddress.port, "the port");
		},
	},
	{
		id: "options.reuse-port",
		title: "With reusePort, several sockets share the peers, and each peer stays with one of them",
		needs: ["udp", "udpReusePort"],
		body: async ({ backend, bind }) => {
			const first = await bind({ reusePort: true });
			const second = await bind({ port: first.localAddress.port, reusePort: true });
			const peers = await Promise.all(Array.from({ length: 10 }, () => bind()));
			for (const peer of [...peers, ...peers]) await peer.send(bytes("x"), first.localAddress);
			const arrived = (): number => first.core.queuedDatagrams + second.core.queuedDatagrams;
			while (arrived() < 20) await backend.sleep(1);
			checkEqual(first.core.queuedDatagrams % 2, 0, "the datagrams of a peer that went to another socket");
		},
	},
	{
		id: "options.broadcast",
		title: "With broadcast, a datagram reaches every socket that shares the port",
		needs: ["udp", "udpBroadcast", "udpReuseAddress"],
		body: async ({ bind, broadcast }) => {
			const first = await bind({ host: "0.0.0.0", reuseAddress: true });
			const { port } = first.localAddress;
			const second = await bind({ host: "0.0.0.0", port, reuseAddress: true });
			const sender = await bind({ host: "0.0.0.0", broadcast: true });
			await sender.send(bytes("all"), { host: broadcast, port });
			checkEqual([await next(first), await next(second)], ["all", "all"], "what arrived");
		},
	},
	{
		id: "options.ttl",
		title: "A socket with a time to live sends",
		needs: ["udp", "udpTtl"],
		body: async ({ bind }) => {
			const [a, b] = [await bind({ ttl: 3 }), await bind()];
			await a.send(bytes("x"), b.localAddress);
			checkEqual(await next(b), "x", "the datagram");
		},
	},
	{
		id: "options.buffer-size",
		title: "A socket with buffers of a given size sends and receives",
		needs: ["udp", "udpBufferSize"],
		body: async ({ bind }) => {
			const sizes = { receiveBufferSize: 65_536, sendBufferSize: 65_536 };
			const [a, b] = [await bind(sizes), await bind(sizes)];
			await a.send(bytes("x"), b.localAddress);
			checkEqual(await next(b), "x", "the datagram");
		},
	},
	{
		id: "options.kernel-drops",
		title: "A socket says how many datagrams the system dropped",
		needs: ["udp", "kernelDrops"],
		body: async ({ bind }) => {
			const socket = await bind();
			checkEqual(socket.kernelDrops, 0, "the drops of a new socket");
		},
	},
	{
		id: "multicast.join",
		title: "Datagrams to a group arrive after joining it, and no more after leaving it",
		needs: ["udp", "udpMulticast", "udpMulticastInterface"],
		body: async ({ bind }) => {
			const receiver = await bind({ host: "0.0.0.0" });
			const sender = await bind({ host: "0.0.0.0", multicastInterface: LOOPBACK });
			const to = { host: GROUP, port: receiver.localAddress.port };
			await sender.send(bytes("before"), to);
			await receiver.joinGroup(GROUP, { interface: LOOPBACK });
			await sender.send(bytes("member"), to);
			checkEqual(await next(receiver), "member", "the first datagram");
			await receiver.leaveGroup(GROUP, { interface: LOOPBACK });
			await sender.send(bytes("after"), to);
			await sender.send(bytes("direct"), { host: LOOPBACK, port: to.port });
			checkEqual(await next(receiver), "direct", "the next datagram");
		},
	},
	{
		id: "multicast.membership",
		title: "A group can be joined, left and joined again",
		needs: ["udp", "udpMulticast"],
		body: async ({ bind }) => {
			const socket = await bind({ host: "0.0.0.0" });
			for (let i = 0; i < 2; i++) {
				await socket.joinGroup(GROUP, { interface: LOOPBACK });
				await socket.leaveGroup(GROUP, { interface: LOOPBACK });
			}
			let refused = false;
			await socket.leaveGroup(GROUP, { interface: LOOPBACK }).catch(() => {
				refused = true;
			});
			check(refused, "leaving a group that was not joined to fail");
		},
	},
	{
		id: "multicast.source",
		title: "With a source, only its datagrams to the group arrive",
		needs: ["udp", "udpMulticast", "udpSourceMulticast", "udpMulticastInterface"],
		body: async ({ bind }) => {
			const receiver = await bind({ host: "0.0.0.0" });
			const [wanted, other] = [
				await bind({ host: "127.0.0.2", multicastInterface: LOOPBACK }),
				await bind({ host: "127.0.0.3", multicastInterface: LOOPBACK }),
			];
			const to = { host: "232.1.77.2", port: receiver.localAddress.port };
			await receiver.joinGroup(to.host, { interface: LOOPBACK, source: "127.0.0.2" });
			await other.send(bytes("other"), to);
			await wanted.send(bytes("wanted"), to);
			checkEqual(await next(receiver), "wanted", "the first datagram");
		},
	},
	{
		id: "multicast.options",
		title: "The time to live and the loopback of multicast datagrams can be set",
		needs: ["udp", "udpMulticastOptions"],
		body: async ({ bind }) => {
			const [a, b] = [await bind({ multicastTtl: 2, multicastLoopback: false }), await bind()];
			await a.send(bytes("x"), b.localAddress);
			checkEqual(await next(b), "x", "a datagram to one");
		},
	},
];
