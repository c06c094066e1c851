import type { Capabilities } from "../../src/backend/capabilities.ts";
import type { Driver } from "../../src/backend/driver.ts";
import type { Host } from "./host.ts";
import type { Network } from "./network.ts";

/** What a simulated host can do. Signals come from outside, and every host has one interface only. */
const CAPABILITIES: Partial<Capabilities> = {
	udp: true,
	udpConnected: true,
	udpBroadcast: true,
	udpMulticast: true,
	udpSourceMulticast: true,
	udpMulticastOptions: true,
	udpTtl: true,
	udpReuseAddress: true,
	udpReusePort: true,
	udpBufferSize: true,
	ipv6Only: true,
	kernelDrops: true,
	resolve: true,
};

/** The driver of one host. */
export function simulatedDriver(network: Network, host: Host): Driver {
	const { clock } = network;
	return {
		name: "simulated",
		capabilities: CAPABILITIES,
		now: () => clock.now(),
		createTimer: (callback) => clock.createTimer(callback),
		defer: (callback) => clock.defer(callback),
		openUdp: async (options, events) => host.open(options, events),
		localAddresses: () => ["127.0.0.1", "::1", ...host.addresses],
		resolve: (hostname) => network.resolve(hostname),
	};
}
