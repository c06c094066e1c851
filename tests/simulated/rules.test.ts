import { test } from "node:test";
import { delay, drop, pass, type SimulatedPacket, Simulation } from "../../backends/simulated/mod.ts";
import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import { TimeoutError } from "../../src/errors.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assertEquals, assertRejects, assertThrows } from "../support/assert.ts";

const DATA = new Uint8Array([1, 2, 3]);

/** Two hosts, with a server at 10.0.0.2:53 and a client. */
async function world(
	main: (world: {
		simulation: Simulation;
		client: UdpSocket;
		server: UdpSocket;
		backend: AsyncBackend;
	}) => Promise<void>,
): Promise<void> {
	const simulation = new Simulation();
	await simulation.run(async (backend) => {
		const server = await UdpSocket.bind({ backend: simulation.host("10.0.0.2"), port: 53 });
		const client = await UdpSocket.connect({ backend: simulation.host("10.0.0.1"), host: "10.0.0.2", port: 53 });
		await main({ simulation, client, server, backend });
	});
}

test("a rule cuts a link until it is removed", () =>
	world(async ({ simulation, client, server }) => {
		const cut = simulation.rule((packet) => (packet.to.host === "10.0.0.2" ? drop() : pass()));
		await client.send(DATA);
		await assertRejects(() => server.receive({ timeout: 100 }), TimeoutError);
		cut.remove();
		cut.remove();
		await client.send(DATA);
		assertEquals((await server.receive({ timeout: 100 })).data, DATA);
	}));

test("disposing of a rule removes it", () =>
	world(async ({ simulation, client, server }) => {
		const cut = simulation.rule(drop);
		await client.send(DATA);
		cut[Symbol.dispose]();
		await client.send(new Uint8Array([9]));
		assertEquals((await server.receive()).data, new Uint8Array([9]));
	}));

test("delays of rules add up, and add to the network's", async () => {
	const simulation = new Simulation({ faults: { delay: { min: 3, max: 3 } } });
	await simulation.run(async (backend) => {
		const socket = await UdpSocket.bind({ backend, host: "127.0.0.1" });
		simulation.rule(() => delay(20));
		simulation.rule(pass);
		simulation.rule(({ data }) => delay(data.length));
		await socket.send(DATA, socket.localAddress);
		await socket.receive();
		assertEquals(backend.now(), 26);
	});
});

test("rules are asked in the order in which they were added, until one drops", () =>
	world(async ({ simulation, client }) => {
		const asked: string[] = [];
		const rule = (name: string, answer: typeof pass) =>
			simulation.rule(() => {
				asked.push(name);
				return answer();
			});
		rule("first", pass);
		const middle = rule("second", drop);
		rule("third", pass);
		await client.send(DATA);
		assertEquals(asked.splice(0), ["first", "second"]);
		middle.remove();
		await client.send(DATA);
		assertEquals(asked, ["first", "third"]);
	}));

test("a rule sees kind, ends and content, of the notice about a closed port as well", () =>
	world(async ({ simulation, client, server, backend }) => {
		await server.close();
		const seen: SimulatedPacket[] = [];
		simulation.rule((packet) => {
			seen.push(packet);
			return pass();
		});
		await client.send(DATA);
		await backend.sleep(1);
		const [from, to] = [
			{ host: "10.0.0.1", port: 49_152 },
			{ host: "10.0.0.2", port: 53 },
		];
		assertEquals(seen, [
			{ kind: "udp", from, to, data: DATA },
			{ kind: "icmp", from: to, to: from, data: DATA },
		]);
	}));

test("a link that is cut both ways hides that a port is closed", () =>
	world(async ({ simulation, client, server }) => {
		await server.close();
		simulation.rule(({ from }) => (from.host === "10.0.0.2" ? drop() : pass()));
		await client.send(DATA);
		await assertRejects(() => client.receive({ timeout: 100 }), TimeoutError);
	}));

test("an error in a rule is thrown where the datagram was sent", () =>
	world(async ({ simulation, client }) => {
		simulation.rule(() => {
			throw new RangeError("a mistake in the rule");
		});
		await assertRejects(() => client.send(DATA), RangeError, "a mistake in the rule");
	}));

test("delay() takes finite durations only", () => {
	assertThrows(() => delay(-1), RangeError);
	assertThrows(() => delay(Number.NaN), TypeError);
	assertThrows(() => delay(Infinity), RangeError, "use drop()");
});

test("an injected datagram arrives with any source: port 0, the own address, a group", () =>
	world(async ({ simulation, server, backend }) => {
		const sources = [
			{ host: "10.0.0.9", port: 0 },
			{ host: "10.0.0.2", port: 53 },
			{ host: "224.0.0.1", port: 5 },
			{ host: "255.255.255.255", port: 5 },
			{ host: "127.0.0.1", port: 5 },
		];
		const received: unknown[] = [];
		server.core.consume((data, host, port) => received.push([[...data], { host, port }]));
		for (const from of sources) simulation.inject({ from, to: { host: "10.0.0.2", port: 53 }, data: DATA });
		await backend.sleep(1);
		assertEquals(
			received,
			sources.map((from) => [[1, 2, 3], from]),
		);
	}));

test("an injected datagram passes rules and faults by", async () => {
	const simulation = new Simulation({ faults: { loss: 1, delay: { min: 50, max: 50 } } });
	simulation.rule(drop);
	await simulation.run(async (backend) => {
		const socket = await UdpSocket.bind({ backend, host: "127.0.0.1", port: 53 });
		simulation.inject({ from: { host: "10.1.1.1", port: 1 }, to: { host: "127.0.0.1", port: 53 }, data: DATA });
		assertEquals((await socket.receive()).address.toString(), "10.1.1.1:1");
		assertEquals(backend.now(), 0);
	});
});

test("an injected broadcast reaches every host; the answer to a spoofed source goes to its owner", () =>
	world(async ({ simulation, client, server, backend }) => {
		const third = await UdpSocket.bind({ backend: simulation.host("10.0.0.3"), port: 53 });
		simulation.inject({ from: client.localAddress, to: { host: "255.255.255.255", port: 53 }, data: DATA });
		for (const socket of [server, third]) {
			const { address } = await socket.receive();
			assertEquals(address.toString(), client.localAddress.toString());
		}
		await server.send(DATA, client.localAddress);
		assertEquals((await client.receive()).data, DATA);
		await backend.sleep(1);
	}));

test("a datagram that cannot be injected is refused", () => {
	const simulation = new Simulation();
	const good = { host: "127.0.0.1", port: 1 };
	const inject = (from: typeof good, to: typeof good) => () => simulation.inject({ from, to, data: DATA });
	assertThrows(inject({ host: "name", port: 1 }, good), RangeError, '"name" is not a literal IP address');
	assertThrows(inject({ host: "127.0.0.1", port: 65_536 }, good), RangeError, "65536 is not a port");
	assertThrows(inject(good, { host: "10.0.0.1", port: 1 }), RangeError, "no host has the address 10.0.0.1");
});
