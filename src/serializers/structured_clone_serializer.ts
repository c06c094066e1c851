import type * as v8 from "node:v8";
import { DeserializeError } from "../errors.ts";
import { builtinModule } from "./builtin_module.ts";
import type { PacketSerializer } from "./packet_serializer.ts";

const load = (): typeof v8 => builtinModule<typeof v8>("node:v8");

/**
 * Whatever `structuredClone` can copy: maps, sets, dates, errors, cycles, bigints, typed arrays.
 *
 * **For trusted peers only.** The decoder of the engine was not made for hostile input: it has no limits of depth and size,
 * and faults in it have been security holes of browsers. Never use it for what strangers can send, unless it is
 * authenticated first, as by {@linkcode EncryptedSerializer}. For anything else there are {@linkcode MessagePackSerializer}
 * and {@linkcode CborSerializer}.
 *
 * **Both sides must be the same runtime**, of versions that understand each other: Node and Deno write V8's format, Bun
 * writes JavaScriptCore's. On a stream it needs a frame, such as that of {@linkcode LengthPrefixedSerializer}.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, StructuredCloneSerializer } from "netquay";
 *
 * const protocol = new DatagramProtocol(new StructuredCloneSerializer<Map<string, Date>>());
 * console.log(protocol.buildPacket(protocol.makeDatagram(new Map([["epoch", new Date(0)]]))));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received; nothing checks it here.
 */
export class StructuredCloneSerializer<Sent = unknown, Received = Sent> implements PacketSerializer<Sent, Received> {
	/** On Node, a received typed array is a view of the data. */
	readonly keepsData = true;

	/**
	 * The bytes of a value.
	 *
	 * @throws {TypeError} when `packet` holds what cannot be cloned, such as a function.
	 */
	serialize(packet: Sent): Uint8Array {
		let data: Uint8Array;
		try {
			data = load().serialize(packet);
		} catch (error) {
			throw new TypeError(`Cannot clone the packet: ${(error as Error).message}`, { cause: error });
		}
		return new Uint8Array(data.buffer, data.byteOffset, data.length);
	}

	/**
	 * The value in `data`, which must come from a trusted peer.
	 *
	 * @throws {DeserializeError} when the engine refuses `data`. It may take damaged data for another value.
	 */
	deserialize(data: Uint8Array): Received {
		// Bun takes no bytes for `null`.
		if (data.length === 0) throw new DeserializeError("Cannot decode the clone: there is no data");
		try {
			return load().deserialize(data);
		} catch (error) {
			throw new DeserializeError(`Cannot decode the clone: ${(error as Error).message}`, { cause: error });
		}
	}
}
