import type { AsyncBackend } from "../backend/async_backend.ts";
import { UdpSocket } from "../sockets/udp_socket.ts";
import { check, checkEqual } from "./assertions.ts";
import type { CaseDefinition, CaseTools, ConformanceOptions } from "./conformance_case.ts";
import { checkRefusal } from "./refusals.ts";

const TIMEOUT = 10_000;

/** @internal Runs a case. Answers "unsupported" when a capability is missing, and is refused as it should be. */
export async function runCase(
	definition: CaseDefinition,
	options: ConformanceOptions,
): Promise<"passed" | "unsupported"> {
	const backend = await options.setup();
	const missing = definition.needs.filter((capability) => !backend.capabilities[capability]);
	const noIpv6 = definition.ipv6 === true && options.ipv6 === false;
	const body = async (): Promise<void> => {
		if (noIpv6) return;
		await backend.timeout(options.timeout ?? TIMEOUT, () =>
			withTools(backend, options, async (tools) => {
				if (missing.length === 0) return await definition.body(tools);
				for (const capability of missing) await checkRefusal(capability, tools);
			}),
		);
	};
	try {
		await (options.execute?.(backend, body) ?? body());
	} finally {
		await options.teardown?.(backend);
	}
	return missing.length > 0 || noIpv6 ? "unsupported" : "passed";
}

async function withTools(
	backend: AsyncBackend,
	{ broadcast = "127.255.255.255" }: ConformanceOptions,
	body: (tools: CaseTools) => Promise<void>,
): Promise<void> {
	const before = backend.liveResources();
	const opened: UdpSocket[] = [];
	const keep = async (opening: Promise<UdpSocket>): Promise<UdpSocket> => {
		const socket = await opening;
		opened.push(socket);
		return socket;
	};
	try {
		await body({
			backend,
			broadcast,
			bind: (options) => keep(UdpSocket.bind({ backend, host: "127.0.0.1", ...options })),
			connect: (options) => keep(UdpSocket.connect({ backend, ...options })),
			deadPort: async () => {
				const socket = await UdpSocket.bind({ backend, host: "127.0.0.1" });
				check(socket.localAddress.port > 0, "a bound socket to have a port");
				await socket.close();
				return socket.localAddress.port;
			},
		});
	} finally {
		await backend.shield(() => Promise.all(opened.map((socket) => socket.close())));
	}
	const after = backend.liveResources();
	for (const name of ["sockets", "tasks", "waits", "timers"] as const) {
		checkEqual(after[name], before[name], `the ${name} that are left behind`);
	}
}
