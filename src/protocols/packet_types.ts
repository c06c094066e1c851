import type { DatagramProtocol } from "./datagram_protocol.ts";

/** Any datagram protocol. */
// biome-ignore lint/suspicious/noExplicitAny: protocols of all packet types are meant
export type AnyDatagramProtocol = DatagramProtocol<any, any>;

/** The packets that a protocol sends. */
export type SentPacket<Protocol> = Protocol extends { makeDatagram(packet: infer Sent): Uint8Array } ? Sent : never;

/** The packets that a protocol receives. */
export type ReceivedPacket<Protocol> = Protocol extends { buildPacket(datagram: Uint8Array): infer Received }
	? Received
	: never;
