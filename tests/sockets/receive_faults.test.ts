import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { currentContext } from "../../src/concurrency/context.ts";
import { BrokenResourceError, ClosedResourceError, SocketError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "../support/assert.ts";
import { PEER, scripted, systemError } from "./scripted_driver.ts";
import { bytes, next, socketTest } from "./socket_test.ts";

test("a truncated datagram is counted and never delivered", () =>
	scripted(async (socket, { events }) => {
		events.truncated();
		events.message(bytes("whole"), "127.0.0.1", 9);
		assertEquals(await next(socket), "whole");
		assertEquals([socket.core.stats.received, socket.dropped], [2, 1]);
	}));

test("an error of the system is told to the owner of an unconnected socket, and receiving goes on", () =>
	scripted(async (socket, { events }) => {
		const told: string[] = [];
		socket.core.onError = (what, error) => told.push(`${what}: ${error.message}`);
		const receiving = next(socket);
		events.error(systemError("ENOMEM"));
		events.message(bytes("x"), "127.0.0.1", 9);
		assertEquals(await receiving, "x");
		assertEquals(told, ["reception: Cannot receive on 127.0.0.1:1234: scripted ENOMEM (ENOMEM)"]);
		assertEquals(socket.core.stats.errors, 1);
	}));

test("what is out of reach is nobody's fault on an unconnected socket", () =>
	scripted(async (socket, { events }) => {
		socket.core.onError = (what) => assert(false, what);
		for (const code of ["ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH"]) events.error(systemError(code));
		assertEquals(socket.core.stats.errors, 4);
		assert(!socket.closed);
	}));

test("a connected socket hears of errors by the pending receive, or else by the next call, once each", () =>
	scripted(
		async (socket, { events }) => {
			const receiving = socket.receive().catch((error: unknown) => error);
			events.error(systemError("ECONNREFUSED"));
			const error = await receiving;
			assertInstanceOf(error, SocketError);
			assertEquals(error.code, "ECONNREFUSED");
			events.error(systemError("ECONNREFUSED"));
			await assertRejects(() => socket.send(bytes("x")), SocketError, "nobody listens");
			await socket.send(bytes("y"));
			// What has arrived comes first.
			events.message(bytes("data"), PEER.host, PEER.port);
			events.error(systemError("ECONNREFUSED"));
			assertEquals(await next(socket), "data");
			await assertRejects(() => socket.receive({ timeout: 1 }), SocketError, "ECONNREFUSED");
			await assertRejects(() => socket.receive({ timeout: 1 }), Error, "Timed out");
		},
		{ peer: PEER },
	));

test("a connected socket drops what came from others before the system connected it", () =>
	scripted(
		async (socket, { events }) => {
			events.message(bytes("other port"), PEER.host, 10);
			events.message(bytes("other host"), "127.0.0.2", PEER.port);
			events.message(bytes("peer"), PEER.host, PEER.port);
			assertEquals(await next(socket), "peer");
			assertEquals(socket.dropped, 2);
		},
		{ peer: PEER },
	));

test("a socket that does nothing but fail is closed, loudly", () =>
	scripted(async (socket, script) => {
		let broken: unknown;
		let told = 0;
		socket.core.onBroken = (error) => {
			broken = error;
		};
		socket.core.onError = () => told++;
		const receiving = socket.receive().catch((error: unknown) => error);
		for (let i = 0; i < 5_000; i++) script.events.error(systemError("ENOMEM"));
		assertInstanceOf(broken, BrokenResourceError);
		assertEquals(broken.message, "Cannot use the socket on 127.0.0.1:1234: it does nothing but fail");
		assertEquals((broken.cause as { code: string }).code, "ENOMEM");
		assertEquals(await receiving, broken);
		assertEquals([told, socket.core.stats.errors, socket.closed], [1_000, 1_000, true]);
		await assertRejects(() => socket.send(bytes("x"), PEER), BrokenResourceError);
		await assertRejects(async () => {
			for await (const datagram of socket) assert(false, String(datagram));
		}, BrokenResourceError);
		await socket.close();
		assertEquals(script.closed, 1, "the driver's socket is closed once");
	}));

test("errors with a datagram or a quiet second between them do not close a socket", () =>
	scripted(async (socket, { events }) => {
		for (let i = 0; i < 5_000; i++) {
			events.error(systemError("ENOMEM"));
			if (i % 900 === 0) events.message(bytes("x"), "127.0.0.1", 9);
		}
		for (let i = 0; i < 3_000; i++) {
			events.error(systemError("ENOMEM"));
			if (i % 900 === 0) await socket.backend.sleep(1_000);
		}
		// And refusals never do: each answers something that was sent.
		for (let i = 0; i < 5_000; i++) events.error(systemError("ECONNREFUSED"));
		assert(!socket.closed);
	}));

test("a socket that the system closes ends what waits, and is not closed a second time", () =>
	scripted(async (socket, script) => {
		let broken: unknown;
		socket.core.onBroken = (error) => {
			broken = error;
		};
		const receiving = socket.receive().catch((error: unknown) => error);
		script.events.close(systemError("EBADF"));
		assertInstanceOf(await receiving, BrokenResourceError);
		assertEquals(await receiving, broken);
		assert(socket.closed);
		script.events.close();
		await socket.close();
		assertEquals(script.closed, 0);
		await assertRejects(() => socket.receive(), BrokenResourceError, "the system closed it");
	}));

test("nothing that comes after closing does anything", () =>
	scripted(async (socket, { events }) => {
		socket.core.onBroken = () => assert(false);
		socket.core.onError = () => assert(false);
		await socket.close();
		events.message(bytes("x"), "127.0.0.1", 9);
		events.error(systemError("ENOMEM"));
		events.sendError(systemError("ENOBUFS"), bytes("x"), 9, "127.0.0.1");
		events.drain();
		events.close();
		assertEquals(socket.core.stats.received, 0);
		await assertRejects(() => socket.receive(), ClosedResourceError);
	}));

test("a failure to close is told, and the socket is not counted as open any more", () =>
	scripted(async (socket, script) => {
		script.closing = () => Promise.reject(new Error("cannot close"));
		await assertRejects(() => socket.close(), Error, "cannot close");
		assertEquals(socket.backend.liveResources().sockets, 0);
		script.closing = async () => {};
	}).catch((error: unknown) => {
		// The helper closes as well, and gets the same answer.
		assertEquals((error as Error).message, "cannot close");
	}));

socketTest(
	"native callbacks run outside of the scope and the task that opened the socket",
	async ({ backend, bind }) => {
		const a = await bind();
		const contexts: unknown[] = [];
		let opened: Awaited<ReturnType<typeof bind>> | undefined;
		await backend.taskGroup((group) => {
			group.startSoon(async () => {
				opened = await backend.timeout(5_000, () => bind());
			});
		});
		const b = opened as Awaited<ReturnType<typeof bind>>;
		const task = new Promise<void>((resolve) => {
			b.core.consume(() => {
				contexts.push(currentContext()?.task);
				contexts.push(currentContext()?.scope.cancelledBy());
				resolve();
			});
		});
		await new AsyncLocalStorage<string>().run("caller", () => a.send(bytes("x"), b.localAddress));
		await task;
		assertEquals(contexts, [undefined, undefined]);
	},
);
