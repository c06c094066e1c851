import type { DatagramOptionSetters } from "../datagram_options.ts";

/** The part of Bun's UDP sockets that is used here, so that no package of types is needed. */
export interface BunUdpSocket extends DatagramOptionSetters {
	readonly address: { readonly address: string; readonly port: number };
	readonly closed: boolean;
	send(data: Uint8Array, port?: number, address?: string): boolean;
	sendMany(packets: readonly (Uint8Array | number | string)[]): number;
	close(): void;
}

/** How to open one. */
export interface BunUdpOptions {
	readonly hostname: string;
	readonly port: number;
	readonly binaryType: "buffer";
	/** Undocumented: the bits of uSockets, which Bun's own `node:dgram` passes as well. */
	readonly flags: number;
	readonly connect?: { readonly hostname: string; readonly port: number };
	readonly socket: {
		data(socket: BunUdpSocket, data: Uint8Array, port: number, address: string, flags?: { truncated: boolean }): void;
		drain(socket: BunUdpSocket): void;
		error(...args: unknown[]): void;
	};
}

/** Bits of `flags`. */
export const REUSE_PORT = 4;
export const IPV6_ONLY = 8;
export const REUSE_ADDRESS = 16;

interface BunRuntime {
	udpSocket(options: BunUdpOptions): Promise<BunUdpSocket>;
}

/** The `Bun` global. */
export function bunRuntime(): BunRuntime {
	const { Bun } = globalThis as { Bun?: BunRuntime };
	if (Bun === undefined) throw new Error('Cannot use the "bun" backend: this runtime is not Bun');
	return Bun;
}
