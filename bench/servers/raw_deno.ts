/** The echo server that somebody writes on Deno.listenDatagram; `json` as the argument parses and re-serializes each datagram. */
import { control, variant } from "./control.ts";

interface Address {
	readonly transport: "udp";
	readonly hostname: string;
	readonly port: number;
}
interface DatagramListener extends AsyncIterable<[Uint8Array, Address]> {
	readonly addr: Address;
	send(data: Uint8Array, address: Address): Promise<number>;
	close(): void;
}
const { Deno } = globalThis as unknown as { Deno: { listenDatagram(address: Address): DatagramListener } };

const listener = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
control(listener.addr.port, () => listener.close());
if (variant === "json") {
	const decoder = new TextDecoder();
	const encoder = new TextEncoder();
	for await (const [data, address] of listener) {
		void listener.send(encoder.encode(JSON.stringify(JSON.parse(decoder.decode(data)))), address);
	}
} else {
	for await (const [data, address] of listener) void listener.send(data, address);
}
