import { systemError } from "./system_error.ts";

/** The multicast groups that one socket is in. */
export class Memberships {
	/** For each group the sources it is joined for; `undefined` stands for any source. */
	readonly #groups: Map<string, Set<string> | undefined> = new Map();

	/**
	 * Joins a group, for one source or for any. As on Linux, a source narrows a membership for any source to it alone.
	 *
	 * @throws EADDRINUSE when it is in the group and asks for any source; EADDRNOTAVAIL when it is joined for this one.
	 */
	join(group: string, source: string | undefined): void {
		const sources = this.#groups.get(group);
		if (source === undefined) {
			if (this.#groups.has(group)) throw systemError("EADDRINUSE");
			this.#groups.set(group, undefined);
		} else {
			if (sources?.has(source)) throw systemError("EADDRNOTAVAIL");
			this.#groups.set(group, new Set(sources).add(source));
		}
	}

	/**
	 * Leaves a group, for one source or altogether.
	 *
	 * @throws EADDRNOTAVAIL when not joined.
	 */
	leave(group: string, source: string | undefined): void {
		const sources = this.#groups.get(group);
		const member = source === undefined ? this.#groups.has(group) : sources?.has(source);
		if (!member) throw systemError("EADDRNOTAVAIL");
		if (source !== undefined) sources?.delete(source);
		if (source === undefined || sources?.size === 0) this.#groups.delete(group);
	}

	/** Whether datagrams of that source to the group are wanted. */
	accepts(group: string, source: string): boolean {
		return this.#groups.has(group) && (this.#groups.get(group)?.has(source) ?? true);
	}
}
