import { DeserializeError } from "../errors.ts";
import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import type { ItemLimits, ItemScanner } from "./item_scanner.ts";
import { requireWhole, ScannedParser } from "./scanned_parser.ts";
import {
	DEFAULT_LIMIT,
	DEFAULT_MAX_DEPTH,
	DEFAULT_MAX_NODES,
	decodeWith,
	requireInteger,
} from "./serializer_options.ts";

/** Limits of the serializers whose values nest, MessagePack and CBOR. */
export interface NestedLimits {
	/** The largest packet received on a stream, in bytes; a larger one is fatal. Default: 65,536. */
	readonly limit?: number | undefined;
	/** How many containers a received packet may nest inside each other, 1 to 1000. Default: 64. */
	readonly maxDepth?: number | undefined;
	/** How many values a received packet may hold. Default: 100,000. */
	readonly maxNodes?: number | undefined;
	/** Whether a {@linkcode DeserializeError} carries `errorInfo`, a {@linkcode DataErrorInfo}. Default: `false`. */
	readonly debug?: boolean | undefined;
}

/** What the packages that write and read a format have in common. */
export interface Codec {
	/** The bytes of a value. */
	encode(value: unknown): Uint8Array;
	/** The value of bytes. */
	decode(data: Uint8Array): unknown;
}

/** A format that a package writes and reads, and a scanner has looked at before. */
export abstract class ScannedSerializer<Sent, Received> implements IncrementalPacketSerializer<Sent, Received> {
	/** A packet holds no view of the data. */
	readonly keepsData = false;
	readonly #name: string;
	readonly #codec: Codec;
	readonly #limits: ItemLimits;
	readonly #debug: boolean;

	/** @internal */
	constructor(name: string, codec: Codec, options: NestedLimits) {
		const { limit = DEFAULT_LIMIT, maxDepth = DEFAULT_MAX_DEPTH, maxNodes = DEFAULT_MAX_NODES } = options;
		requireInteger("limit", limit, 1);
		requireInteger("maxDepth", maxDepth, 1, 1000);
		requireInteger("maxNodes", maxNodes, 1);
		this.#name = name;
		this.#codec = codec;
		this.#limits = { limit, maxDepth, maxNodes };
		this.#debug = options.debug ?? false;
	}

	/** @internal A scanner of the format. */
	protected abstract scanner(limits: ItemLimits): ItemScanner;

	/**
	 * The bytes of a value.
	 *
	 * @throws {TypeError} when the package cannot write `packet`.
	 */
	serialize(packet: Sent): Uint8Array {
		let data: Uint8Array;
		try {
			data = this.#codec.encode(packet);
		} catch (error) {
			throw new TypeError(`Cannot encode the packet in ${this.#name}: ${(error as Error).message}`, { cause: error });
		}
		return new Uint8Array(data.buffer, data.byteOffset, data.length);
	}

	/**
	 * The value in `data`.
	 *
	 * @throws {DeserializeError} when `data` is not one value, or exceeds a limit.
	 */
	deserialize(data: Uint8Array): Received {
		return decodeWith(this.#debug, data, () => {
			requireWhole(this.scanner({ ...this.#limits, limit: Number.POSITIVE_INFINITY }), data);
			return this.#decode(data);
		});
	}

	/** As `serialize`: a value ends by itself. */
	incrementalSerialize(packet: Sent): Uint8Array[] {
		return [this.serialize(packet)];
	}

	/** A parser for values that follow each other. When the end of one cannot be found, the error is fatal. */
	createParser(): PacketParser<Received> {
		return new ScannedParser(this.scanner(this.#limits), (data) =>
			decodeWith(this.#debug, data, () => this.#decode(data)),
		);
	}

	#decode(data: Uint8Array): Received {
		try {
			// A Node `Buffer` would make the package return more of them.
			return this.#codec.decode(new Uint8Array(data.buffer, data.byteOffset, data.length)) as Received;
		} catch (error) {
			throw new DeserializeError(`Cannot decode ${this.#name}: ${(error as Error).message}`, { cause: error });
		}
	}
}

/** The numbers of an option. @throws {TypeError} when one is not an integer. */
export function integersOf(name: string, numbers: readonly number[]): ReadonlySet<number> {
	if (!Array.isArray(numbers) || !numbers.every(Number.isInteger)) {
		throw new TypeError(`Cannot use "${name}": it is not an array of integers`);
	}
	return new Set(numbers);
}
