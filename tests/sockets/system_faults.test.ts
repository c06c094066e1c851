import { spawnSync } from "node:child_process";
import { type TestOptions, test } from "node:test";
import { assert, assertEquals } from "../support/assert.ts";
import { currentRuntime, runInRuntime, runtimeName } from "../support/runtime.ts";
import { backendName } from "./socket_test.ts";

/** What `tests/fixtures/udp_faults.ts` prints. */
interface Outcome {
	readonly received: readonly number[];
	readonly errors: Readonly<Record<string, number>>;
	readonly sendErrors: number;
	readonly closed: boolean;
	/** Milliseconds of the processor, and in all. */
	readonly cpu: number;
	readonly time: number;
}

/** Lets the first calls of the process fail, in the kernel as far as it can see: strace(1), `-e inject`. */
async function withFailing(calls: string, code: string, times: string): Promise<Outcome> {
	const inject = [
		"-f",
		"-qq",
		"-o",
		"/dev/null",
		"-e",
		`trace=${calls}`,
		"-e",
		`inject=${calls}:error=${code}${times}`,
	];
	const runtime = {
		...currentRuntime,
		command: "strace",
		args: [...inject, currentRuntime.command, ...currentRuntime.args],
	};
	const {
		code: exit,
		stdout,
		stderr,
	} = await runInRuntime("tests/fixtures/udp_faults.ts", [], { runtime, timeout: 60_000 });
	assertEquals(exit, 0, stderr);
	return JSON.parse(stdout) as Outcome;
}

const SENDING = "sendto,sendmsg,sendmmsg";
const RECEIVING = "recvfrom,recvmsg,recvmmsg";
const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const strace = spawnSync("strace", ["-qq", "-e", "trace=none", "true"]).status === 0;
const limits: TestOptions = { timeout: 80_000, skip: !strace && "this machine has no strace, or does not permit it" };
const hidesCodes = runtimeName === "deno" && backendName === "node";

test("when the system is out of buffers, datagrams go out a moment later, in their order", {
	...limits,
	skip: limits.skip || (hidesCodes && "Deno's node:dgram says UNKNOWN, whatever the error is"),
}, async () => {
	// Not EAGAIN: Deno waits for the kernel to announce room, which it does only when it had none indeed.
	const { received, errors } = await withFailing(SENDING, "ENOBUFS", ":when=1..3");
	assertEquals({ received, errors }, { received: ALL, errors: {} });
});

test("a datagram that the system refuses for good is counted, and the others arrive", limits, async () => {
	const { received, errors, sendErrors } = await withFailing(SENDING, "EPERM", ":when=2");
	const failed = Object.entries(errors).reduce((sum, [what, n]) => sum + (what.startsWith("receive()") ? 0 : n), 0);
	// Bun sends the datagrams of a turn by one call, which is then repeated.
	assertEquals(received.length + failed, 10, JSON.stringify({ received, errors }));
	assert(failed <= 1, JSON.stringify(errors));
	assertEquals(sendErrors, errors[Object.keys(errors).find((what) => what.startsWith("sending")) ?? ""] ?? 0);
});

const ownSockets = runtimeName === "deno" && backendName === "deno" && "Deno's own threads do not survive these faults";

test("errors on reception are reported, and what arrives is received all the same", {
	...limits,
	skip: limits.skip || ownSockets,
}, async () => {
	const { received, errors } = await withFailing(RECEIVING, "ENOMEM", ":when=1..500");
	assertEquals(received, ALL);
	const [[what, count] = []] = Object.entries(errors);
	assertEquals(Object.keys(errors).length, 1);
	assert(what?.startsWith("reception"), what);
	assert(count !== undefined && count > 400 && count <= 500, `${count}`);
});

test("a socket that only fails is closed at once, and takes no more of the processor", {
	...limits,
	skip: limits.skip || ownSockets,
}, async () => {
	const { received, errors, closed, time } = await withFailing(RECEIVING, "ENOMEM", "");
	assertEquals([received, closed, errors["BrokenResourceError"]], [[], true, 1]);
	assertEquals(errors["receive() BrokenResourceError"], 1);
	const code = hidesCodes ? "UNKNOWN" : "ENOMEM";
	assertEquals(errors[`reception ${code}`], 1_000);
	assert(time < 5_000, `it took ${time} ms`);
});
