import type { AsyncBackend } from "../backend/async_backend.ts";
import type { Capability } from "../backend/capabilities.ts";
import type { UdpBindOptions, UdpConnectOptions } from "../sockets/udp_options.ts";
import type { UdpSocket } from "../sockets/udp_socket.ts";

/** The backend that is checked, and how to run code on it. */
export interface ConformanceOptions {
	/** Makes the backend; called before each case. It may give the same one each time. */
	setup(): AsyncBackend | Promise<AsyncBackend>;
	/** Called after each case. Default: nothing. */
	teardown?(backend: AsyncBackend): void | Promise<void>;
	/** Runs the body of a case. For a backend with an event loop of its own, such as a simulation. Default: it is called. */
	execute?(backend: AsyncBackend, body: () => Promise<void>): Promise<void>;
	/** Whether `::1` can be bound. Default: true. */
	readonly ipv6?: boolean;
	/** The broadcast address that reaches this host. Default: `"127.255.255.255"`, that of the loopback network on Linux. */
	readonly broadcast?: string;
	/** Milliseconds on the backend's clock that one case may take. Default: 10,000. */
	readonly timeout?: number;
}

/** One check of the contract. */
export interface ConformanceCase {
	/** Stays the same between versions, such as `"udp.round-trip"`. */
	readonly id: string;
	/** What must be so. */
	readonly title: string;
	/** The capabilities without which it cannot be checked. Then `run` checks that they are refused as they should be. */
	readonly needs: readonly Capability[];
	/**
	 * Runs the case on a fresh backend.
	 *
	 * @throws {ConformanceError} when the backend does something else.
	 * @throws whatever goes wrong in the backend.
	 */
	run(): Promise<void>;
}

/** @internal What a case works with. Sockets are closed at its end. */
export interface CaseTools {
	readonly backend: AsyncBackend;
	/** The broadcast address. */
	readonly broadcast: string;
	/** On 127.0.0.1, unless told otherwise. */
	bind(options?: UdpBindOptions): Promise<UdpSocket>;
	connect(options: UdpConnectOptions): Promise<UdpSocket>;
	/** A port of 127.0.0.1 at which nobody listens. */
	deadPort(): Promise<number>;
}

/** @internal A case before it is bound to a backend. */
export interface CaseDefinition {
	readonly id: string;
	readonly title: string;
	readonly needs: readonly Capability[];
	/** Whether it needs `::1`. */
	readonly ipv6?: boolean;
	readonly body: (tools: CaseTools) => Promise<void>;
}
