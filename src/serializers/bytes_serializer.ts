import type { PacketSerializer } from "./packet_serializer.ts";

/**
 * The packet is the bytes themselves, uncopied: a received packet is the very array that the socket handed over, and a
 * sent one must not be changed before it is gone.
 *
 * @example
 * ```ts
 * import { BytesSerializer, DatagramProtocol } from "netquay";
 *
 * const protocol = new DatagramProtocol(new BytesSerializer());
 * console.log(protocol.makeDatagram(Uint8Array.of(1, 2, 3)));
 * ```
 */
export class BytesSerializer implements PacketSerializer<Uint8Array> {
	/** A received packet is a view of the data. */
	readonly keepsData = true;

	/**
	 * The packet itself.
	 *
	 * @throws {TypeError} when `packet` is not a `Uint8Array`.
	 */
	serialize(packet: Uint8Array): Uint8Array {
		if (!(packet instanceof Uint8Array)) {
			throw new TypeError(`Cannot send the packet: expected a Uint8Array, got ${typeof packet}`);
		}
		return packet;
	}

	/** The data itself. */
	deserialize(data: Uint8Array): Uint8Array {
		return data;
	}
}
