import type { DatagramProtocol } from "./datagram_protocol.ts";

/** Any datagram protocol. */
// biome-ignore lint/suspicious/noExplicitAny: protocols of all packet types are meant
export type AnyDatagramProtocol = DatagramProtocol<any, any>;

/** The packets that a protocol sends. */
export type SentPacket<Protocol extends AnyDatagramProtocol> = Parameters<Protocol["makeDatagram"]>[0];

/** The packets that a protocol receives. */
export type ReceivedPacket<Protocol extends AnyDatagramProtocol> = ReturnType<Protocol["buildPacket"]>;
