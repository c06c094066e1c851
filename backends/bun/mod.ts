/**
 * The Bun backend, on `Bun.udpSocket`.
 *
 * @module
 */
import { platform } from "node:process";
import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import type { Driver } from "../../src/backend/driver.ts";
import { localAddresses, resolve } from "../resolve.ts";
import { onSignal } from "../signals.ts";
import { systemClock } from "../system_clock.ts";
import { openUdp } from "./udp.ts";

/** The driver on `Bun.udpSocket`. */
export const bunDriver: Driver = {
	...systemClock,
	name: "bun",
	capabilities: {
		udp: true,
		udpConnected: true,
		udpBroadcast: true,
		udpMulticast: true,
		udpSourceMulticast: true,
		udpMulticastOptions: true,
		udpMulticastInterface: true,
		udpTtl: true,
		udpReuseAddress: true,
		udpReusePort: platform === "linux",
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

/**
 * The Bun backend. One per process.
 *
 * @throws {Error} when its first socket is opened and the runtime is not Bun.
 */
export function bunBackend(): AsyncBackend {
	backend ??= createBackend(bunDriver);
	return backend;
}
