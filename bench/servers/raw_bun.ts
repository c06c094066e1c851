/** The echo server that somebody writes on Bun.udpSocket; `json` as the argument parses and re-serializes each datagram. */
import { control, variant } from "./control.ts";

type Data = { toString(): string };
interface UdpSocket {
	readonly port: number;
	send(data: Data | string, port: number, address: string): boolean;
	close(): void;
}
interface UdpOptions {
	hostname: string;
	port: number;
	socket: {
		data(socket: UdpSocket, data: Data, port: number, address: string): void;
		error(): void;
	};
}
const { Bun } = globalThis as unknown as { Bun: { udpSocket(options: UdpOptions): Promise<UdpSocket> } };

const socket = await Bun.udpSocket({
	hostname: "127.0.0.1",
	port: 0,
	socket: {
		data:
			variant === "json"
				? (socket, data, port, address) => {
						socket.send(JSON.stringify(JSON.parse(data.toString())), port, address);
					}
				: (socket, data, port, address) => {
						socket.send(data, port, address);
					},
		// Without it, the ICMP error of one peer that went away ends the process.
		error() {},
	},
});
control(socket.port, () => socket.close());
