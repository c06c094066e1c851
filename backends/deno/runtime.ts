/** The part of Deno's datagram sockets that is used here, so that no library of types is needed. */
export interface DenoDatagramConn {
	readonly addr: DenoAddress;
	receive(buffer?: Uint8Array): Promise<[Uint8Array, DenoAddress]>;
	send(data: Uint8Array, to: DenoAddress): Promise<number>;
	joinMulticastV4(
		group: string,
		networkInterface: string,
	): Promise<DenoMembership & { setTTL(ttl: number): Promise<void> }>;
	joinMulticastV6(group: string, networkInterface: number): Promise<DenoMembership>;
	close(): void;
}

/** An address as Deno writes it. */
export interface DenoAddress {
	readonly transport: "udp";
	readonly hostname: string;
	readonly port: number;
}

/** A membership in a multicast group. */
export interface DenoMembership {
	leave(): Promise<void>;
	setLoopback(loopback: boolean): Promise<void>;
}

interface DenoRuntime {
	/** Only with `--unstable-net`. */
	listenDatagram?(options: {
		transport: "udp";
		hostname: string;
		port: number;
		reuseAddress?: boolean;
		loopback?: boolean;
	}): DenoDatagramConn;
	addSignalListener(signal: string, callback: () => void): void;
	removeSignalListener(signal: string, callback: () => void): void;
	readonly build: { readonly os: string };
}

/** The `Deno` global. */
export function denoRuntime(): DenoRuntime {
	const { Deno } = globalThis as { Deno?: DenoRuntime };
	if (Deno === undefined) throw new Error('Cannot use the "deno" backend: this runtime is not Deno');
	return Deno;
}
