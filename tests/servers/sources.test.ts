import { AmplificationLimitError } from "../../src/errors.ts";
import { AddressCookies } from "../../src/servers/address_cookies.ts";
import { assert, assertEquals, assertFalse, assertRejects, assertThrows } from "../support/assert.ts";
import { type Client, checkStats, echo, everywhere, onSockets, simulated } from "./harness.ts";
import { onOwnDriver } from "./own_driver.ts";

onOwnDriver(
	"D5 sources that cannot or must not be answered are dropped before there is any state",
	async (world, driver) => {
		const server = await world.serve(echo, { host: "10.0.0.1", port: 5_000, refuseSourcePorts: [7, 53] });
		const { socket } = driver;
		const refused: [string, number][] = [
			["10.0.0.2", 0],
			["10.0.0.2", 7],
			["10.0.0.2", 53],
			["224.0.0.1", 9],
			["239.255.255.255", 9],
			["255.255.255.255", 9],
			["ff02::1", 9],
			["FF05::1", 9],
			["0.0.0.0", 9],
			["::", 9],
			["10.0.0.1", 5_000],
		];
		for (const [host, port] of refused) socket.arrive(host, port, "x");
		const { dropped, peers, handlers } = server.stats();
		assertEquals([dropped.source, peers, handlers, world.started], [refused.length, 0, 0, 0]);
		const accepted: [string, number][] = [
			["10.0.0.2", 5_000],
			["10.0.0.1", 5_001],
			["223.255.255.255", 9],
			["240.0.0.1", 9],
			["127.0.0.1", 5_000],
			["fe80::1%eth0", 9],
			["2001:db8::1", 1],
			["10.0.0.2", 65_535],
		];
		for (const [host, port] of accepted) socket.arrive(host, port, "x");
		await world.until("all are answered", () => socket.sent.length === accepted.length);
		assertEquals(
			socket.sent.map(({ host, port }) => [host, port]),
			accepted,
		);
		checkStats(server.stats());
	},
);

onOwnDriver("D5 on all interfaces, every address of the host is the server's own", async (world, driver) => {
	Object.assign(driver, { localAddresses: () => ["127.0.0.1", "192.0.2.7", "fe80::7"] });
	const server = await world.serve(echo, { host: "0.0.0.0", port: 5_000 });
	for (const host of ["127.0.0.1", "127.9.9.9", "192.0.2.7", "fe80::7", "::1"]) driver.socket.arrive(host, 5_000, "x");
	assertEquals(server.stats().dropped.source, 5);
	for (const host of ["127.0.0.1", "192.0.2.7", "192.0.2.8"]) driver.socket.arrive(host, 5_001, "x");
	driver.socket.arrive("192.0.2.8", 5_000, "x");
	assertEquals([server.stats().dropped.source, server.stats().peers], [5, 4]);
});

onOwnDriver("D6 another socket of the same server is the server itself as well", async (world, driver) => {
	const server = await world.serve(echo, { host: ["10.0.0.1", "10.0.0.2"], port: 5_000 });
	const [one, two] = driver.sockets;
	one?.arrive("10.0.0.2", 5_000, "x");
	two?.arrive("10.0.0.1", 5_000, "x");
	assertEquals([server.stats().dropped.source, server.stats().peers], [2, 0]);
});

simulated("D6 a spoofed datagram in the server's own name makes no loop", async (world) => {
	const server = await world.serve(echo, { host: ["127.0.0.1", "127.0.0.2"], port: 5_000 });
	const [one, two] = server.getAddresses();
	assert(one !== undefined && two !== undefined);
	for (const [from, to] of [
		[one, one],
		[one, two],
		[two, one],
	] as const) {
		world.simulation?.inject({ from, to, data: new Uint8Array([120]) });
	}
	await world.backend.sleep(1_000);
	assertEquals([server.stats().received, server.stats().dropped.source, server.stats().sent], [3, 3, 0]);
});

simulated(
	"D6 two servers that answer errors: nothing moves by itself, and refused ports end a loop of handlers",
	async (world) => {
		const answerAll = async function* (client: Client): AsyncGenerator<undefined, void, string> {
			let answer = "error";
			try {
				answer = `error: ${yield}`.slice(0, 20);
			} catch {
				// Malformed.
			}
			await client.sendPacket(answer);
		};
		const one = await world.serve(answerAll, { port: 5_000 });
		const guarded = await world.serve(answerAll, { port: 5_001, refuseSourcePorts: [5_000] });
		world.inject(one, { host: "127.0.0.1", port: 5_001 }, "spoofed");
		await world.backend.sleep(10_000);
		assertEquals([one.stats().sent, guarded.stats().sent, guarded.stats().dropped.source], [1, 0, 1]);
		const silent = await world.serve(echo, { port: 5_002, limits: { amplification: 1 } });
		world.inject(silent, { host: "127.0.0.1", port: 5_003 }, "x");
		await world.backend.sleep(1_000);
		assertEquals(silent.stats().sent, 1);
	},
);

everywhere("D7 what is sent to a peer is at most a multiple of what it sent, until it is validated", async (world) => {
	const server = await world.serve(
		async function* (client) {
			for (;;) {
				const request = yield;
				if (request === "validate") client.markValidated();
				let sent = 0;
				try {
					for (; sent < 10; sent++) await client.sendPacket("0123456789");
				} catch (error) {
					assert(error instanceof AmplificationLimitError && error.limit === 3);
				}
				server.logger.info(`${request} ${sent}`);
			}
		},
		{ limits: { amplification: 3 } },
	);
	const [one, two] = await world.peers(server, 2);
	const sent = () => world.logger.of("INFO").slice(1);
	await one?.send("x".repeat(10));
	await world.until("one", () => sent().length === 1);
	await one?.send("y".repeat(4));
	await world.until("two", () => sent().length === 2);
	await two?.send("0");
	await world.until("three", () => sent().length === 3);
	assertEquals(sent(), ["xxxxxxxxxx 3", "yyyy 1", "0 0"]);
	assertEquals(server.stats().amplificationRefused, 3);
	await one?.send("validate");
	await world.until("four", () => sent().length === 4);
	assertEquals([sent().at(-1), server.stats().amplificationRefused], ["validate 10", 3]);
});

simulated(
	"D7 the cookie helper: nothing more than a cookie goes to a spoofed address, and its owner gets through",
	async (world) => {
		const cookies = new AddressCookies(world.backend, { secret: new Uint8Array(32).fill(7) });
		const hex = (data: Uint8Array): string => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
		const parse = (text: string): Uint8Array =>
			Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
		const server = await world.serve(async function* (client) {
			const request = yield;
			if (!cookies.verify(client.remoteAddress, parse(request.slice(0, 64)))) {
				return await client.sendPacket(hex(cookies.make(client.remoteAddress)));
			}
			client.markValidated();
			await client.sendPacket(`welcome${request.slice(64)}`);
		});
		const peer = await world.peer(server);
		const cookie = await peer.ask("hello");
		assertEquals(cookie.length, 64);
		assertEquals(await peer.ask(`${cookie} friend`), "welcome friend");
		const other = await world.peer(server);
		assertEquals((await other.ask(`${cookie} thief`)).length, 64, "another address needs another cookie");
		await world.backend.sleep(29_999);
		assertEquals(await peer.ask(`${cookie}!`), "welcome!");
		await world.backend.sleep(30_001);
		assertEquals((await peer.ask(`${cookie}!`)).length, 64, "after two ticks it is too old");
	},
);

simulated("D7 a cookie is for one address, one port, one key, and its time", async ({ backend }) => {
	const cookies = new AddressCookies(backend);
	const address = { host: "2001:db8::1", port: 5_000 };
	const cookie = cookies.make(address);
	assertEquals(cookie.length, 32);
	assert(cookies.verify(address, cookie));
	assert(cookies.verify({ ...address, host: "2001:DB8:0::1" }, cookie), "however it is spelled");
	assertFalse(cookies.verify({ ...address, port: 5_001 }, cookie));
	assertFalse(cookies.verify({ ...address, host: "2001:db8::2" }, cookie));
	assertFalse(new AddressCookies(backend).verify(address, cookie));
	assertFalse(cookies.verify(address, cookie.subarray(1)));
	assertFalse(cookies.verify(address, new Uint8Array(0)));
	assertFalse(cookies.verify(address, new Uint8Array(33)));
	for (let bit = 0; bit < 256; bit += 17) {
		const forged = new Uint8Array(cookie);
		forged[bit >> 3] = (forged[bit >> 3] as number) ^ (1 << (bit & 7));
		assertFalse(cookies.verify(address, forged));
	}
	// Nobody can move the digits of the port into the host.
	const shifted = cookies.make({ host: "10.0.0.1", port: 11 });
	assertFalse(cookies.verify({ host: "10.0.0.11", port: 1 }, shifted));
	const secret = new Uint8Array(16).fill(1);
	const fixed = new AddressCookies(backend, { secret }).make(address);
	secret.fill(2);
	assert(new AddressCookies(backend, { secret: new Uint8Array(16).fill(1) }).verify(address, fixed));
	await backend.sleep(29_999);
	assert(cookies.verify(address, cookie));
	await backend.sleep(2);
	assert(cookies.verify(address, cookie), "the tick before counts");
	await backend.sleep(30_000);
	assertFalse(cookies.verify(address, cookie));
	assertThrows(() => new AddressCookies(backend, { secret: new Uint8Array(15) }), RangeError, "secret");
	assertThrows(() => new AddressCookies(backend, { secret: "text" as never }), TypeError, "secret");
});

onSockets("D8 T-UD-26 peers that die do not disturb the others", async (world) => {
	const server = await world.serve(echo);
	const query = await world.peer(server);
	let answered = 0;
	for (let round = 0; round < 60; round++) {
		const dying = await world.peers(server, 5);
		for (const peer of dying) await peer.send("bye");
		await Promise.all(dying.map(({ socket }) => socket.close()));
		await query.send(`${round}`);
		if ((await query.receive(1_000).catch(() => "")) === `${round}`) answered++;
	}
	assertEquals(answered, 60);
	assertEquals(world.logger.of("ERROR"), []);
	assertEquals(server.stats().handled, 360);
	await assertRejects(() => query.receive(1), Error);
});
