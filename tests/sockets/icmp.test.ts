import { assert, assertEquals, assertGreaterOrEqual } from "../support/assert.ts";
import { bytes, next, socketTest } from "./socket_test.ts";

const ROUNDS = 200;

socketTest("peers that die cost the others no reply", async ({ backend, bind }) => {
	const server = await bind();
	const errors: string[] = [];
	server.core.onError = (what, error) => errors.push(`${what}: ${error.message}`);
	server.core.consume((data, host, port) => void server.core.send(data, port, host));
	const healthy = await bind();
	let replies = 0;
	for (let round = 0; round < ROUNDS; round++) {
		const dying = await Promise.all(Array.from({ length: 5 }, () => bind()));
		await Promise.all(dying.map((peer) => peer.send(bytes("I will be gone"), server.localAddress)));
		await Promise.all(dying.map((peer) => peer.close()));
		await healthy.send(bytes(`${round}`), server.localAddress);
		const reply = await backend.moveOnAfter(500, () => next(healthy));
		if (reply === `${round}`) replies++;
	}
	assertGreaterOrEqual(replies, ROUNDS * 0.995);
	assert(!server.closed);
	assertEquals(errors, [], "nobody is blamed");
});

socketTest("a refusal does not hit the datagram that is sent next", async ({ backend, bind, deadPort }) => {
	const [server, healthy] = [await bind(), await bind()];
	const dead = await deadPort();
	const { host, port } = healthy.localAddress;
	let replies = 0;
	for (let round = 0; round < ROUNDS; round++) {
		for (let i = 0; i < 5; i++) void server.core.send(bytes("nobody"), dead, host);
		// Every other time in the same turn of the event loop, the other times behind the refusals.
		if (round % 2 === 0) await backend.checkpoint();
		void server.core.send(bytes(`${round}`), port, host);
		if ((await backend.moveOnAfter(500, () => next(healthy))) === `${round}`) replies++;
	}
	assertGreaterOrEqual(replies, ROUNDS * 0.995);
	assertEquals(server.core.stats.sendErrors, 0);
});

socketTest(
	"refusals end neither a confirmed send nor a receive of an unconnected socket",
	async ({ bind, deadPort }) => {
		const [a, b] = [await bind(), await bind()];
		const dead = await deadPort();
		const receiving = next(a);
		for (let i = 0; i < 50; i++) {
			await a.send(bytes("nobody"), { host: "127.0.0.1", port: dead });
			await a.send(bytes(`${i}`), b.localAddress);
			assertEquals(await next(b), `${i}`);
		}
		await b.send(bytes("done"), a.localAddress);
		assertEquals(await receiving, "done");
	},
);

socketTest("thousands of refusals do not end an unconnected socket", async ({ backend, bind, deadPort }) => {
	const [a, b] = [await bind(), await bind()];
	const dead = await deadPort();
	for (let i = 0; i < 3_000; i++) {
		void a.core.send(bytes("nobody"), dead, "127.0.0.1");
		if (i % 50 === 0) await backend.checkpoint();
	}
	await backend.checkpoint();
	assert(!a.closed);
	await a.send(bytes("x"), b.localAddress);
	assertEquals(await next(b), "x");
});
