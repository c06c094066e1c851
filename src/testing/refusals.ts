import type { Capability } from "../backend/capabilities.ts";
import { UnsupportedOperationError } from "../errors.ts";
import { checkEqual, checkRejects } from "./assertions.ts";
import type { CaseTools } from "./conformance_case.ts";

/** What must be refused without a capability. The others change what a backend does, and refuse nothing. */
const ATTEMPTS: { readonly [name in Capability]?: (tools: CaseTools) => Promise<unknown> } = {
	udp: ({ bind }) => bind(),
	udpBroadcast: ({ bind }) => bind({ broadcast: true }),
	udpMulticast: async ({ bind }) => (await bind()).joinGroup("239.255.77.1"),
	udpSourceMulticast: async ({ bind }) => (await bind()).joinGroup("232.1.77.1", { source: "127.0.0.1" }),
	udpMulticastOptions: ({ bind }) => bind({ multicastTtl: 1 }),
	udpMulticastInterface: ({ bind }) => bind({ multicastInterface: "127.0.0.1" }),
	udpTtl: ({ bind }) => bind({ ttl: 1 }),
	udpReuseAddress: ({ bind }) => bind({ reuseAddress: true }),
	udpReusePort: ({ bind }) => bind({ reusePort: true }),
	udpBufferSize: ({ bind }) => bind({ receiveBufferSize: 65_536 }),
	resolve: ({ bind }) => bind({ host: "localhost" }),
};

/** @internal Fails unless asking for a missing capability is refused, by name, when something is opened. */
export async function checkRefusal(capability: Capability, tools: CaseTools): Promise<void> {
	const { capabilities, name } = tools.backend;
	const attempt = ATTEMPTS[capability];
	if (attempt === undefined) return;
	const error = await checkRejects(attempt(tools), UnsupportedOperationError, `what needs "${capability}"`);
	// A backend may lack more than this.
	const missing = (Object.keys(capabilities) as Capability[]).filter((key) => !capabilities[key]);
	const named = missing.find((key) => key === error.capability) ?? capability;
	checkEqual(error.capability, named, "the capability that the error names");
	checkEqual(error.backend, name, "the backend that the error names");
}
