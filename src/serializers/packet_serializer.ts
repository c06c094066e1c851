/**
 * Translates one packet to bytes and back. Stateless, so that one serializer serves every peer.
 *
 * Implement this interface for a format of your own:
 *
 * @example
 * ```ts
 * import { DeserializeError, type PacketSerializer } from "netquay";
 *
 * const uint32Serializer: PacketSerializer<number> = {
 * 	serialize(packet) {
 * 		const data = new Uint8Array(4);
 * 		new DataView(data.buffer).setUint32(0, packet);
 * 		return data;
 * 	},
 * 	deserialize(data) {
 * 		if (data.length !== 4) throw new DeserializeError(`Cannot read a 32-bit integer from ${data.length} bytes`);
 * 		return new DataView(data.buffer, data.byteOffset).getUint32(0);
 * 	},
 * };
 * console.log(uint32Serializer.deserialize(uint32Serializer.serialize(42)));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export interface PacketSerializer<Sent, Received = Sent> {
	/**
	 * Whether received packets hold views of the data that they were made from. `false` spares a copy of each packet on a
	 * stream, whose receive buffer is used again. Default: `true`.
	 */
	readonly keepsData?: boolean | undefined;
	/** The bytes of a packet. Whatever it throws is a bug of the caller, or of the serializer. */
	serialize(packet: Sent): Uint8Array;
	/**
	 * The packet that `data` is, the whole of it.
	 *
	 * @throws {DeserializeError} when `data` is not such a packet. Anything else it throws is a bug of the serializer.
	 */
	deserialize(data: Uint8Array): Received;
}
