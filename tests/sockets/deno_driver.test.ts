import { BrokenResourceError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { backendName, bytes, next, socketTest } from "./socket_test.ts";

interface Conn {
	receive(buffer: Uint8Array): Promise<unknown>;
	close(): void;
}

interface DenoNamespace {
	listenDatagram(options: object): Conn;
}

const skip = backendName !== "deno" && "this is about Deno's own sockets";

/** Lets the next socket that is opened receive through `receive`, which gets the real function. */
function interceptReceive(receive: (real: Conn["receive"]) => Promise<unknown>): Promise<Conn> {
	const { Deno } = globalThis as unknown as { Deno: DenoNamespace };
	const { listenDatagram } = Deno;
	return new Promise((resolve) => {
		Deno.listenDatagram = (options) => {
			Deno.listenDatagram = listenDatagram;
			const conn = listenDatagram(options);
			const real = conn.receive.bind(conn);
			conn.receive = (buffer) => receive(() => real(buffer));
			resolve(conn);
			return conn;
		};
	});
}

socketTest(
	"Deno: after a run of receive errors the driver pauses before each try, and then receives",
	async ({ backend, bind }) => {
		let failures = 0;
		void interceptReceive((real) => {
			if (failures >= 200) return real(new Uint8Array());
			failures++;
			return Promise.reject(Object.assign(new Error("scripted"), { code: "ENOMEM" }));
		});
		const started = backend.now();
		const [b, a] = [await bind(), await bind()];
		await a.send(bytes("x"), b.localAddress);
		assertEquals(await next(b), "x");
		assertEquals(b.core.stats.errors, 200);
		assert(backend.now() - started >= 150, "it did not pause");
	},
	{ skip },
);

socketTest(
	"Deno: a socket that only fails is closed, and its port is free",
	async ({ bind }) => {
		void interceptReceive(() => Promise.reject(Object.assign(new Error("scripted"), { code: "ENOMEM" })));
		const socket = await bind();
		const error = await socket.receive({ timeout: 15_000 }).catch((reason: unknown) => reason);
		assertInstanceOf(error, BrokenResourceError);
		await socket.close();
		await bind({ port: socket.localAddress.port });
	},
	{ skip },
);

socketTest(
	"Deno: a socket that somebody else closes is reported as such",
	async ({ bind }) => {
		const conn = interceptReceive((real) => real(new Uint8Array()));
		const socket = await bind();
		let broken: Error | undefined;
		socket.core.onBroken = (error) => {
			broken = error;
		};
		const receiving = socket.receive().catch((reason: unknown) => reason);
		(await conn).close();
		await eventually("it is noticed", () => broken !== undefined);
		assertInstanceOf(await receiving, BrokenResourceError);
	},
	{ skip },
);
