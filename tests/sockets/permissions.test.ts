import { type TestOptions, test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { currentRuntime, runInRuntime, runtimeName, runtimeVersion } from "../support/runtime.ts";

interface Outcome {
	readonly name: string;
	readonly message?: string;
	readonly code?: string;
	readonly capability?: string;
}

/** How binding ends in a process of the runtime under test, started with these flags alone. */
async function bindWith(flags: readonly string[], host = "127.0.0.1"): Promise<Outcome> {
	const runtime = { ...currentRuntime, args: flags };
	const { stdout, stderr, code } = await runInRuntime("tests/fixtures/bind_once.ts", [host], { runtime });
	assertEquals(code, 0, stderr);
	return JSON.parse(stdout) as Outcome;
}

const only = (name: string): TestOptions => ({ skip: runtimeName !== name && `this is about ${name}` });

// The project has the flag in its deno.json.
test("Deno without --unstable-net: the error names the flag", only("deno"), async () => {
	const { name, capability, message } = await bindWith(["run", "-A", "--no-check", "--no-config"]);
	assertEquals([name, capability], ["UnsupportedOperationError", "udp"]);
	assertStringIncludes(message ?? "", "--unstable-net");
});

test("Deno without --allow-net: the error names the flag, for an address and for a name", only("deno"), async () => {
	const flags = ["run", "--no-check", "--no-prompt", "--unstable-net", "--allow-read", "--allow-env"];
	for (const host of ["127.0.0.1", "localhost"]) {
		const { name, code, message } = await bindWith(flags, host);
		assertEquals([name, code], ["SocketError", "EACCES"]);
		assertStringIncludes(message ?? "", "--allow-net");
	}
});

test("Deno with --allow-net alone: sockets work, and the kernel's count is unknown", only("deno"), async () => {
	const flags = ["run", "--no-check", "--no-prompt", "--unstable-net", "--allow-net", "--allow-env"];
	assertEquals(await bindWith(flags), { name: "none" });
});

// Node 20 to 24 restrict files and processes only.
const restrictsNet = runtimeName === "node" && Number.parseInt(runtimeVersion, 10) >= 25;

test("Node with --permission: the error names the flag, for an address and for a name", {
	skip: !restrictsNet && "this runtime has no permission for the network",
}, async () => {
	const flags = [...currentRuntime.args, "--permission", "--allow-fs-read=*"];
	for (const host of ["127.0.0.1", "localhost"]) {
		const { name, code, message } = await bindWith(flags, host);
		assertEquals([name, code], ["SocketError", "EACCES"]);
		assertStringIncludes(message ?? "", "--allow-net");
	}
	assertEquals((await bindWith([...flags, "--allow-net"])).name, "none");
});

test("a driver on the wrong runtime says so", async () => {
	const others = { node: ["bun", "deno"], bun: ["deno"], deno: ["bun"] }[runtimeName];
	for (const other of others) {
		const { bunBackend } = await import("../../backends/bun/mod.ts");
		const { denoBackend } = await import("../../backends/deno/mod.ts");
		const { UdpSocket } = await import("../../src/sockets/udp_socket.ts");
		const backend = other === "bun" ? bunBackend() : denoBackend();
		const error = await UdpSocket.bind({ backend, host: "127.0.0.1" }).catch((reason: unknown) => reason);
		assert(error instanceof Error);
		assertStringIncludes(error.message, `"${other}" backend: this runtime is not`);
		assertEquals(backend.liveResources().sockets, 0);
	}
});
