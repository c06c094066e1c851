import { test } from "node:test";
import { InetAddress } from "../../src/sockets/address.ts";
import { canonicalIp, ipFamily, isGroupAddress, isUnspecified, unmappedIp } from "../../src/sockets/ip.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

test("literal addresses are told from names", () => {
	const four = ["0.0.0.0", "127.0.0.1", "255.255.255.255"];
	const six = [
		"::",
		"::1",
		"1::",
		"fe80::1%eth0",
		"FE80::A",
		"1:2:3:4:5:6:7:8",
		"::ffff:127.0.0.1",
		"1:2:3:4:5:6:1.2.3.4",
	];
	const none = [
		["", "localhost", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4%eth0", " 127.0.0.1", "0x7f.0.0.1"],
		[
			":",
			":::",
			"1::2::3",
			"1:2:3:4:5:6:7",
			"1:2:3:4:5:6:7:8:9",
			"12345::",
			"g::",
			"::1%",
			"%eth0",
			"::1.2.3",
			"[::1]",
		],
		["1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", "1:2:3:4:5:6:7:8::"],
	].flat();
	for (const host of four) assertEquals(ipFamily(host), 4, host);
	for (const host of six) assertEquals(ipFamily(host), 6, host);
	for (const host of none) assertEquals(ipFamily(host), 0, host);
});

test("every spelling of an address is the same address", () => {
	assertEquals(canonicalIp("0:0:0:0:0:0:0:1"), canonicalIp("::1"));
	assertEquals(canonicalIp("2001:DB8::0001"), canonicalIp("2001:db8:0:0::1"));
	assertEquals(canonicalIp("fe80::1%eth0"), canonicalIp("fe80::1"));
	assertEquals(canonicalIp("::ffff:1.2.3.4"), canonicalIp("::ffff:102:304"));
	assert(canonicalIp("::1") !== canonicalIp("::2"));
	assert(new InetAddress("::1", 5).equals({ host: "0::1", port: 5 }));
	assert(!new InetAddress("::1", 5).equals({ host: "::1", port: 6 }));
	assert(!new InetAddress("127.0.0.1", 5).equals({ host: "::1", port: 5 }));
});

test("an IPv4 address in IPv6 form is given as the former", () => {
	assertEquals(unmappedIp("::ffff:127.0.0.1"), "127.0.0.1");
	assertEquals(unmappedIp("::FFFF:7f00:1"), "127.0.0.1");
	for (const host of ["::1", "127.0.0.1", "::7f00:1", "1::ffff:127.0.0.1", "localhost"])
		assertEquals(unmappedIp(host), host);
});

test("all interfaces, groups and broadcast are recognised", () => {
	for (const host of ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"]) assert(isUnspecified(host), host);
	for (const host of ["127.0.0.1", "::1", "0.0.0.1"]) assert(!isUnspecified(host), host);
	for (const host of ["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1", "FF05::2"])
		assert(isGroupAddress(host), host);
	for (const host of ["223.255.255.255", "240.0.0.1", "127.0.0.1", "fe80::1", "::ff"])
		assert(!isGroupAddress(host), host);
});

test("InetAddress checks what it is given and shows as a key", () => {
	assertEquals(String(new InetAddress("127.0.0.1", 53)), "127.0.0.1:53");
	assertEquals(String(new InetAddress("::1", 0)), "[::1]:0");
	assertEquals(new InetAddress("127.0.0.1", 1).family, "IPv4");
	assertEquals(new InetAddress("fe80::1%eth0", 1).family, "IPv6");
	assertThrows(() => new InetAddress("localhost", 1), TypeError, '"localhost"');
	assertThrows(() => new InetAddress(undefined as unknown as string, 1), TypeError);
	for (const port of [-1, 65_536, 1.5, Number.NaN, "1" as unknown as number]) {
		assertThrows(() => new InetAddress("::1", port), RangeError, '"port"');
	}
});
