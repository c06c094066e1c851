/**
 * The Node backend, on `node:dgram`. It also runs on Bun and Deno, by way of their Node compatibility, when asked for by
 * name; their own backends are faster there.
 *
 * @module
 */
import { platform } from "node:process";
import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import type { Driver } from "../../src/backend/driver.ts";
import { localAddresses, resolve } from "../resolve.ts";
import { onSignal } from "../signals.ts";
import { systemClock } from "../system_clock.ts";
import { hasReusePort, isDeno } from "./runtime.ts";
import { openUdp } from "./udp.ts";

/** The driver on `node:dgram`. */
export const nodeDriver: Driver = {
	...systemClock,
	name: "node",
	capabilities: {
		udp: true,
		// Deno filters by the peer's address, but does not tell of a dead one.
		udpConnected: !isDeno,
		udpBroadcast: true,
		udpMulticast: true,
		udpSourceMulticast: true,
		udpMulticastOptions: true,
		udpMulticastInterface: true,
		udpTtl: true,
		udpReuseAddress: true,
		udpReusePort: hasReusePort,
		// Deno takes the sizes, and does nothing with them.
		udpBufferSize: !isDeno,
		ipv6Only: true,
		kernelDrops: platform === "linux",
		signals: true,
		resolve: true,
	},
	openUdp,
	resolve,
	localAddresses,
	onSignal,
};

let backend: AsyncBackend | undefined;

/** The Node backend. One per process. */
export function nodeBackend(): AsyncBackend {
	backend ??= createBackend(nodeDriver);
	return backend;
}
