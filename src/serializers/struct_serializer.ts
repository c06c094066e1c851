import { DeserializeError } from "../errors.ts";
import { FixedLengthParser } from "./fixed_length_serializer.ts";
import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import { errorInfoOf } from "./serializer_options.ts";
import type { StructValue } from "./struct_codes.ts";
import { StructFormat } from "./struct_format.ts";

/** Options of {@linkcode StructSerializer}. */
export interface StructSerializerOptions {
	/** Whether a {@linkcode DeserializeError} carries `errorInfo`, a {@linkcode DataErrorInfo}. Default: `false`. */
	readonly debug?: boolean | undefined;
}

/**
 * Binary structs of a fixed size, in the formats of Python's `struct` with standard sizes and no alignment: arrays of
 * values. The byte order is that of the network, as with `!`, unless the format begins with `<`.
 *
 * Integers of 64 bits (`q`, `Q`) are read as bigints, and may be written as numbers; `c`, `s` and `p` are a `Uint8Array`. A
 * value that does not fit is an error, also bytes that are too long, which Python would cut off. The formats that depend on
 * the machine (`@`, `=`, `n`, `N`, `P`) are refused.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, StructSerializer } from "netquay";
 *
 * const protocol = new DatagramProtocol(new StructSerializer<[id: number, time: bigint]>("HQ"));
 * console.log(protocol.makeDatagram([1, 2n]));
 * ```
 *
 * @typeParam Values The values, in the order of the format; nothing checks here that it describes them.
 */
export class StructSerializer<Values extends readonly StructValue[] = StructValue[]>
	implements IncrementalPacketSerializer<Values>
{
	/** A packet holds no view of the data. */
	readonly keepsData = false;
	/** The size of a packet in bytes. */
	readonly packetSize: number;
	readonly #format: StructFormat;
	readonly #debug: boolean;

	/**
	 * @throws {TypeError} when `format` is not a format, or a native one.
	 * @throws {RangeError} when it describes no bytes.
	 */
	constructor(format: string, options: StructSerializerOptions = {}) {
		this.#format = new StructFormat(format);
		if (this.#format.size === 0) throw new RangeError(`Cannot use the struct format "${format}": it has no bytes`);
		this.packetSize = this.#format.size;
		this.#debug = options.debug ?? false;
	}

	/**
	 * The bytes of the values.
	 *
	 * @throws {TypeError} when `packet` is not an array of as many values as the format has, or one does not fit.
	 */
	serialize(packet: Values): Uint8Array {
		if (!Array.isArray(packet)) throw new TypeError("Cannot pack a struct: the packet is not an array");
		return this.#format.pack(packet);
	}

	/**
	 * The values in `data`.
	 *
	 * @throws {DeserializeError} when `data` is not of `packetSize` bytes.
	 */
	deserialize(data: Uint8Array): Values {
		if (data.length !== this.packetSize) {
			throw new DeserializeError(`Cannot unpack a struct of ${this.packetSize} bytes: got ${data.length}`, {
				errorInfo: errorInfoOf(this.#debug, data),
			});
		}
		return this.#format.unpack(data) as unknown as Values;
	}

	/** As `serialize`: a struct has its own length. */
	incrementalSerialize(packet: Values): Uint8Array[] {
		return [this.serialize(packet)];
	}

	/** A parser for structs that follow each other. */
	createParser(): PacketParser<Values> {
		return new FixedLengthParser(this.packetSize, (buffer, start, end) =>
			this.deserialize(buffer.subarray(start, end)),
		);
	}
}
