/** @internal The flows of one socket, by the peer's address. Two levels, as joining the two into one key costs more. */
export class FlowTable<Item extends { readonly host: string; readonly port: number }> {
	readonly #hosts: Map<string, Map<number, Item>> = new Map();

	get(host: string, port: number): Item | undefined {
		return this.#hosts.get(host)?.get(port);
	}

	add(flow: Item): void {
		const ports = this.#hosts.get(flow.host);
		if (ports === undefined) this.#hosts.set(flow.host, new Map([[flow.port, flow]]));
		else ports.set(flow.port, flow);
	}

	/** Answers whether it was there: another flow of the same address stays. */
	delete(flow: Item): boolean {
		const ports = this.#hosts.get(flow.host);
		if (ports === undefined || ports.get(flow.port) !== flow) return false;
		ports.delete(flow.port);
		if (ports.size === 0) this.#hosts.delete(flow.host);
		return true;
	}

	clear(): void {
		this.#hosts.clear();
	}

	*[Symbol.iterator](): Generator<Item> {
		for (const ports of this.#hosts.values()) yield* ports.values();
	}
}
