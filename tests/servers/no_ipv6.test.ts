import { test } from "node:test";
import { type AsyncBackend, createBackend, DatagramProtocol, StringLineSerializer, UdpServer } from "../../mod.ts";
import type { Driver } from "../../src/backend/driver.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { OwnDriver } from "./own_driver.ts";

function hostWithout(family: 4 | 6, ipv6Only: boolean): AsyncBackend {
	const driver = new OwnDriver();
	driver.onOpen = (options) => {
		if (options.family === family) throw Object.assign(new Error("no such family"), { code: "EAFNOSUPPORT" });
	};
	const capabilities: Driver["capabilities"] = { udp: true, ipv6Only };
	return createBackend(Object.assign(driver, { capabilities }));
}

function server(backend: AsyncBackend, host?: string[]): UdpServer {
	return new UdpServer({
		backend,
		host,
		port: 0,
		protocol: new DatagramProtocol(new StringLineSerializer()),
		handler: async function* () {},
	});
}

for (const ipv6Only of [true, false]) {
	test(`all interfaces of a host without IPv6 are those of IPv4 (ipv6Only: ${ipv6Only})`, async () => {
		const backend = hostWithout(6, ipv6Only);
		const everywhere = server(backend);
		await everywhere.activate();
		assertEquals(
			everywhere.getAddresses().map(({ host }) => host),
			["0.0.0.0"],
		);
		await everywhere.close();
		assertEquals(backend.liveResources().sockets, 0);
	});
}

test("an address that was asked for is missed, whatever its family", async () => {
	const backend = hostWithout(6, true);
	const both = server(backend, ["127.0.0.1", "::1"]);
	await assertRejects(() => both.activate(), AggregateError, "::1");
	assertEquals(backend.liveResources().sockets, 0);
});
