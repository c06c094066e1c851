import { test } from "node:test";
import { ClosedResourceError, SendQueueFullError, SocketError } from "../../src/errors.ts";
import type { UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { PEER, type Script, scripted, systemError } from "./scripted_driver.ts";
import { bytes } from "./socket_test.ts";

const log = ({ attempts }: Script): string[] => attempts.map(({ at, text }) => `${text} at ${at}`);

/** A send of servers, which does not wait for the answer. */
const post = (socket: UdpSocket, text: string): Promise<void> => socket.core.send(bytes(text), PEER.port, PEER.host);

for (const code of ["EAGAIN", "EWOULDBLOCK", "ENOBUFS", "ENOMEM"]) {
	test(`${code} is tried again after 1, 5 and 25 ms, and those behind keep their order`, () =>
		scripted(async (socket, script) => {
			script.answer = ({ at }) => (at < 6 ? systemError(code) : undefined);
			const first = socket.send(bytes("a"), PEER);
			const second = socket.send(bytes("b"), PEER);
			await post(socket, "c");
			await Promise.all([first, second]);
			assertEquals(log(script), ["a at 0", "a at 1", "a at 6", "b at 6", "c at 6"]);
			await post(socket, "d");
			assertEquals(log(script).at(-1), "d at 6", "what comes later does not wait");
			assertEquals(socket.core.stats.sendErrors, 0);
		}));
}

test("after three more tries a send fails, and the next datagram has its own tries", () =>
	scripted(async (socket, script) => {
		const told: string[] = [];
		socket.core.onError = (what, error) => told.push(`${what}: ${error.message}`);
		script.answer = () => systemError("ENOBUFS");
		await post(socket, "a");
		const error = await assertRejects(() => socket.send(bytes("b"), PEER), SocketError, "no buffer space");
		assertEquals(error.code, "ENOBUFS");
		assertEquals(log(script), ["a at 0", "a at 1", "a at 6", "a at 31", "b at 31", "b at 36", "b at 61"]);
		assertEquals(socket.core.stats.sendErrors, 1);
		assertEquals(told.length, 1);
		assert(told[0]?.startsWith("sending: Cannot send on 127.0.0.1:1234"), told[0]);
	}));

test("other errors are not tried again, and do not stop the next datagram", () =>
	scripted(async (socket, script) => {
		script.answer = ({ text }) => (text === "bad" ? systemError("EACCES") : undefined);
		await post(socket, "bad");
		const error = await assertRejects(() => socket.send(bytes("bad"), PEER), SocketError, "Cannot send to 127.0.0.1:9");
		assertEquals(error.code, "EACCES");
		await socket.send(bytes("good"), PEER);
		assertEquals(log(script), ["bad at 0", "bad at 0", "good at 0"]);
		assertEquals(socket.core.stats.sendErrors, 1);
	}));

test("what waits for another try is limited like everything that waits", () =>
	scripted(
		async (socket, script) => {
			script.answer = ({ at }) => (at < 5 ? systemError("ENOBUFS") : undefined);
			const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => post(socket, "0123456789")));
			const refused = outcomes.filter(
				(outcome) => outcome.status === "rejected" && outcome.reason instanceof SendQueueFullError,
			);
			assertEquals(refused.length, 40);
			await socket.backend.sleep(10);
			assertEquals(script.attempts.length, 2 + 10, "two tries of the first, then all");
		},
		{ limits: { sendQueueBytes: 740 } },
	));

test("a long queue goes out at once, without a call stack as deep", () =>
	scripted(
		async (socket, script) => {
			script.answer = ({ at }) => (at < 1 ? systemError("ENOBUFS") : undefined);
			const sends = Array.from({ length: 20_000 }, () => post(socket, "x"));
			await Promise.all(sends);
			assertEquals(script.attempts.length, 20_001);
			assertEquals(script.attempts.at(-1)?.at, 1);
		},
		{ limits: { sendQueueBytes: 10_000_000 } },
	));

test("a send waits while 64 KiB wait already, until they are through", () =>
	scripted(async (socket, script) => {
		script.bufferedAmount = 65_536;
		let sent = false;
		const waiting = post(socket, "x").then(() => {
			sent = true;
		});
		await socket.backend.sleep(100);
		assert(!sent);
		script.events.drain();
		await socket.backend.sleep(100);
		assert(!sent, "a drain event alone says nothing while there is something left");
		script.bufferedAmount = 0;
		script.events.drain();
		await waiting;
		assertEquals(socket.backend.now(), 200);
	}));

test("close() waits for what is to be sent, but not for ever", () =>
	scripted(async (socket, script) => {
		script.answer = ({ at }) => (at < 5 ? systemError("ENOBUFS") : undefined);
		const sending = socket.send(bytes("a"), PEER);
		await post(socket, "b");
		await socket.close();
		await sending;
		assertEquals(log(script), ["a at 0", "a at 1", "a at 6", "b at 6"]);
		assertEquals(script.closed, 1);
	}));

test("close() gives up after a second", () =>
	scripted(async (socket, script) => {
		script.bufferedAmount = 1;
		script.answer = () => "later";
		const outcome = socket.send(bytes("a"), PEER).catch((error: unknown) => error);
		await socket.backend.sleep(1);
		await socket.close();
		assertEquals(socket.backend.now(), 1_001);
		// Also without an answer of the driver, and whatever it says later.
		assert((await outcome) instanceof ClosedResourceError);
		script.late[0]?.(systemError("ECANCELED"));
	}));

test("a send that is cancelled or timed out leaves the socket usable", () =>
	scripted(async (socket, script) => {
		script.answer = () => "later";
		await assertRejects(() => socket.send(bytes("a"), PEER, { timeout: 10 }), Error, "Timed out");
		assertEquals(await socket.backend.moveOnAfter(10, () => socket.send(bytes("b"), PEER)), undefined);
		script.answer = () => undefined;
		for (const done of script.late) done();
		await socket.send(bytes("c"), PEER);
		assertEquals(log(script), ["a at 0", "b at 10", "c at 20"]);
	}));
