import type { AsyncExitStack } from "../concurrency/exit_stack.ts";
import type { DatagramClient } from "./datagram_client.ts";
import type { NetworkServer } from "./network_server.ts";
import type { ReceiveParams } from "./receive_params.ts";

/** What `handle` returns: each `yield` receives one packet, and may yield {@linkcode ReceiveParams}. */
// biome-ignore lint/suspicious/noConfusingVoidType: a bare `yield` yields nothing
export type HandlerGenerator<Request> = AsyncGenerator<ReceiveParams | undefined | void, void, Request>;

/**
 * Answers the datagrams of a server; an instance of a class or an object literal. One for the whole server.
 *
 * When a datagram arrives from a peer for which no generator runs, `handle` is called and run to its first `yield`, which
 * receives the packet. Further `yield`s receive further packets of the same peer; what arrives meanwhile is queued. To
 * return before the first `yield` refuses the datagram, unparsed.
 *
 * Errors are thrown in at the `yield`: `DatagramProtocolParseError` for a malformed datagram, `TimeoutError`,
 * `CancelledError` when the server stops.
 */
export interface DatagramRequestHandler<Response, Request> {
	/** Handles one peer, from one datagram on. */
	handle(client: DatagramClient<Response>): HandlerGenerator<Request>;
	/**
	 * Called once each time the server begins to serve, with its sockets open. What is put on the stack is unwound when
	 * the server stops. Context variables set here are seen by every `handle`.
	 */
	serviceInit?(exitStack: AsyncExitStack, server: NetworkServer): Promise<void> | void;
}

/** A {@linkcode DatagramRequestHandler}, or its `handle` alone. */
export type DatagramHandler<Response, Request> =
	| DatagramRequestHandler<Response, Request>
	| ((client: DatagramClient<Response>) => HandlerGenerator<Request>);

/**
 * @internal The object form of a handler.
 * @throws {TypeError} when it is neither form, or its `serviceInit` is no function.
 */
export function datagramHandler<Response, Request>(
	handler: DatagramHandler<Response, Request>,
): DatagramRequestHandler<Response, Request> {
	if (typeof handler === "function") return { handle: handler };
	if (typeof handler?.handle !== "function") {
		throw new TypeError(`Cannot use ${String(handler)} as "handler": neither a function nor an object with "handle"`);
	}
	if (handler.serviceInit !== undefined && typeof handler.serviceInit !== "function") {
		throw new TypeError(`Cannot use ${String(handler.serviceInit)} as "serviceInit": not a function`);
	}
	return handler;
}
