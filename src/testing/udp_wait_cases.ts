import { BusyResourceError, ClosedResourceError, TimeoutError } from "../errors.ts";
import { UdpSocket } from "../sockets/udp_socket.ts";
import { begun, check, checkEqual, checkRejects } from "./assertions.ts";
import type { CaseDefinition } from "./conformance_case.ts";
import { bytes, next } from "./udp_cases.ts";

/** @internal Waiting, cancelling and closing. */
export const udpWaitCases: readonly CaseDefinition[] = [
	{
		id: "udp.concurrent-receive",
		title: "A second receive at the same time is refused",
		needs: ["udp"],
		body: async ({ bind }) => {
			const [a, b] = [await bind(), await bind()];
			const first = begun(next(b));
			await checkRejects(b.receive(), BusyResourceError, "a second receive");
			await a.send(bytes("x"), b.localAddress);
			checkEqual(await first, "x", "the first receive");
		},
	},
	{
		id: "udp.receive-ends",
		title: "A timeout, a signal and a cancelled scope end a receive, and the socket goes on",
		needs: ["udp"],
		body: async ({ backend, bind }) => {
			const [a, b] = [await bind(), await bind()];
			await checkRejects(b.receive({ timeout: 5 }), TimeoutError, "a receive with a timeout");
			const controller = new AbortController();
			const receiving = begun(b.receive({ signal: controller.signal }));
			controller.abort(new RangeError("aborted"));
			await checkRejects(receiving, RangeError, "an aborted receive");
			checkEqual(await backend.moveOnAfter(5, () => b.receive()), undefined, "a cancelled receive");
			await a.send(bytes("x"), b.localAddress);
			checkEqual(await next(b), "x", "the next receive");
		},
	},
	{
		id: "udp.close-receive",
		title: "Closing ends a pending receive, and every later call",
		needs: ["udp"],
		body: async ({ bind }) => {
			const [a, b] = [await bind(), await bind()];
			const receiving = begun(checkRejects(a.receive(), ClosedResourceError, "a pending receive"));
			await Promise.all([a.close(), a.close()]);
			await receiving;
			checkEqual(a.closed, true, "whether a closed socket is closed");
			await checkRejects(a.receive(), ClosedResourceError, "receiving after closing");
			await checkRejects(a.send(bytes("x"), b.localAddress), ClosedResourceError, "sending after closing");
		},
	},
	{
		id: "udp.iterate",
		title: "Iterating gives datagram after datagram, until the socket is closed",
		needs: ["udp"],
		body: async ({ bind }) => {
			const [a, b] = [await bind(), await bind()];
			for (let i = 0; i < 3; i++) await a.send(Uint8Array.of(i), b.localAddress);
			const received: number[] = [];
			for await (const { data } of b) {
				received.push(data[0] as number);
				if (received.length === 3) void b.close();
			}
			checkEqual(received, [0, 1, 2], "what was received");
		},
	},
	{
		id: "udp.rebind",
		title: "The port can be bound again as soon as close() has resolved",
		needs: ["udp"],
		body: async ({ backend, bind, deadPort }) => {
			const port = await deadPort();
			const peer = await bind();
			for (let i = 0; i < 10; i++) {
				const socket = await UdpSocket.bind({ backend, host: "127.0.0.1", port });
				checkEqual(socket.localAddress.port, port, "the port");
				const receiving = socket.receive().catch(() => undefined);
				const sending = begun(socket.send(bytes("x"), peer.localAddress));
				await socket.close();
				await receiving;
				await sending;
			}
		},
	},
	{
		id: "udp.close-sends",
		title: "What was handed over before closing is still sent",
		needs: ["udp"],
		body: async ({ backend, bind }) => {
			const [a, b] = [await bind(), await bind()];
			const sends = Array.from({ length: 20 }, (_, index) => begun(a.send(Uint8Array.of(index), b.localAddress)));
			await a.close();
			await Promise.all(sends);
			const received: number[] = [];
			for (let i = 0; i < 20; i++) received.push((await b.receive({ timeout: 5_000 })).data[0] as number);
			checkEqual(received, [...sends.keys()], "what arrived");
			checkEqual(backend.liveResources().sockets, 1, "how many sockets are open");
		},
	},
	{
		id: "udp.cancelled-open",
		title: "Opening is a cancellation point, and leaves nothing open",
		needs: ["udp"],
		body: async ({ backend, bind }) => {
			const scope = backend.openCancelScope();
			scope.cancel();
			await backend.runScope(scope, () => bind());
			check(scope.cancelledCaught, "the cancelled scope to end the opening");
			checkEqual(backend.liveResources().sockets, 0, "how many sockets are open");
		},
	},
];
