/**
 * The Deno backend, on `Deno.listenDatagram`, which needs the flag `--unstable-net` (or `"unstable": ["net"]` in
 * `deno.json`) and the permission `--allow-net`.
 *
 * @module
 */
import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import type { Driver } from "../../src/backend/driver.ts";
import { localAddresses, resolve } from "../resolve.ts";
import { systemClock } from "../system_clock.ts";
import { denoRuntime } from "./runtime.ts";
import { openUdp } from "./udp.ts";

const linux = (globalThis as { Deno?: { build: { os: string } } }).Deno?.build.os === "linux";

/** The driver on `Deno.listenDatagram`. */
export const denoDriver: Driver = {
	...systemClock,
	name: "deno",
	capabilities: {
		udp: true,
		udpBroadcast: true,
		udpMulticast: true,
		udpMulticastOptions: true,
		udpReuseAddress: true,
		kernelDrops: linux,
		signals: true,
		resolve: true,
	},
	openUdp,
	resolve,
	localAddresses,
	onSignal(signal, callback) {
		const deno = denoRuntime();
		deno.addSignalListener(signal, callback);
		return () => deno.removeSignalListener(signal, callback);
	},
};

let backend: AsyncBackend | undefined;

/**
 * The Deno backend. One per process.
 *
 * @throws {Error} when its first socket is opened and the runtime is not Deno.
 */
export function denoBackend(): AsyncBackend {
	backend ??= createBackend(denoDriver);
	return backend;
}
