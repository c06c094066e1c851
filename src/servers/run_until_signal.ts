import { detectBackend } from "../backend/detect.ts";
import { checkDuration } from "../concurrency/durations.ts";
import { TimeoutError } from "../errors.ts";
import type { NetworkServer } from "./network_server.ts";
import type { ServeOptions } from "./server_options.ts";

/** How many abandoned handlers an error names. */
const NAMED = 10;

/** Options of {@linkcode runUntilSignal}. */
export interface RunUntilSignalOptions extends ServeOptions {
	/** Milliseconds that running handlers get to finish after the first signal. Default 10,000. */
	drain?: number | undefined;
	/** Which signals end the server. Default: both. */
	signals?: readonly ("SIGINT" | "SIGTERM")[] | undefined;
}

/**
 * Serves until the process gets SIGINT or SIGTERM, then closes the server: the whole main program of a service. The first
 * signal lets running handlers finish, the second cancels them at once, and the third ends the process, as it does by
 * default. Nothing else in the library handles signals.
 *
 * @throws {TimeoutError} naming the handlers that did not end when they were cancelled. Not caught, it ends the process
 * with an exit code other than 0.
 * @throws {UnsupportedOperationError} when the backend has no signals.
 * @throws {TypeError} {RangeError} when an option is wrong.
 * @throws what `server.serveForever()` throws.
 * @example
 * ```ts ignore: it serves until a signal comes
 * import { DatagramProtocol, runUntilSignal, StringLineSerializer, UdpServer } from "netquay";
 *
 * const server = new UdpServer({
 * 	port: 5000,
 * 	protocol: new DatagramProtocol(new StringLineSerializer()),
 * 	handler: async function* (client) {
 * 		await client.sendPacket(yield);
 * 	},
 * });
 * await runUntilSignal(server, { drain: 5_000 });
 * ```
 */
export async function runUntilSignal(server: NetworkServer, options: RunUntilSignalOptions = {}): Promise<void> {
	const drain = checkDuration("drain", options.drain ?? 10_000);
	const signals = checkSignals(options.signals ?? ["SIGINT", "SIGTERM"]);
	const backend = server.knownBackend ?? (await detectBackend());
	backend.require("signals");
	let removers: (() => void)[] = [];
	const removeHandlers = (): void => {
		for (const remove of removers) remove();
		removers = [];
	};
	let count = 0;
	const onSignal = (): void => {
		count++;
		if (count > 1) removeHandlers();
		// What makes the stop fail is thrown by `serveForever()`.
		server.shutdown({ drain: count === 1 ? drain : 0 }).catch(() => undefined);
	};
	for (const signal of signals) removers.push(backend.driver.onSignal?.(signal, onSignal) ?? (() => undefined));
	try {
		await server.serveForever({ onListening: options.onListening });
	} finally {
		await server.close();
		removeHandlers();
	}
	const { abandoned } = server;
	if (abandoned.length === 0) return;
	const more = abandoned.length > NAMED ? ` and ${abandoned.length - NAMED} more` : "";
	throw new TimeoutError(
		`Timed out: these did not end when the server stopped: ${abandoned.slice(0, NAMED).join(", ")}${more}`,
	);
}

function checkSignals(signals: readonly ("SIGINT" | "SIGTERM")[]): Set<"SIGINT" | "SIGTERM"> {
	const unknown = signals.find((signal) => signal !== "SIGINT" && signal !== "SIGTERM");
	if (unknown !== undefined)
		throw new TypeError(`Cannot use "${String(unknown)}" in "signals": neither "SIGINT" nor "SIGTERM"`);
	if (signals.length === 0) throw new RangeError('Cannot use an empty "signals": nothing would end the server');
	return new Set(signals);
}
