import type { Flow } from "./flow.ts";

/** @internal The flows of one socket, by the peer's address. Two levels, as joining the two into one key costs more. */
export class FlowTable {
	readonly #hosts: Map<string, Map<number, Flow>> = new Map();

	get(host: string, port: number): Flow | undefined {
		return this.#hosts.get(host)?.get(port);
	}

	add(flow: Flow): void {
		const ports = this.#hosts.get(flow.host);
		if (ports === undefined) this.#hosts.set(flow.host, new Map([[flow.port, flow]]));
		else ports.set(flow.port, flow);
	}

	delete(flow: Flow): void {
		const ports = this.#hosts.get(flow.host);
		if (ports?.delete(flow.port) && ports.size === 0) this.#hosts.delete(flow.host);
	}

	*[Symbol.iterator](): Generator<Flow> {
		for (const ports of this.#hosts.values()) yield* ports.values();
	}
}
