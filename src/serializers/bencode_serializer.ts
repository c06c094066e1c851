import {
	BencodeDecoder,
	BencodeEncoder,
	type BencodeInput,
	type BencodeKeyEncoding,
	type BencodeValue,
} from "./bencode_codec.ts";
import { BencodeScanner } from "./bencode_scanner.ts";
import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import { requireWhole, ScannedParser } from "./scanned_parser.ts";
import {
	DEFAULT_LIMIT,
	DEFAULT_MAX_DEPTH,
	DEFAULT_MAX_NODES,
	decodeWith,
	requireInteger,
} from "./serializer_options.ts";

/** Options of {@linkcode BencodeSerializer}. */
export interface BencodeSerializerOptions {
	/**
	 * How the keys of dictionaries become text: `"latin1"`, a character for each byte, which any key survives; or
	 * `"utf-8"`, which refuses others. Default: `"latin1"`.
	 */
	readonly keyEncoding?: BencodeKeyEncoding | undefined;
	/** The largest packet received on a stream, in bytes; a larger one is fatal. Default: 65,536. */
	readonly limit?: number | undefined;
	/** How many lists and dictionaries may nest inside each other, 1 to 1000. Default: 64. */
	readonly maxDepth?: number | undefined;
	/** How many values a received packet may hold. Default: 100,000. */
	readonly maxNodes?: number | undefined;
	/** Whether a {@linkcode DeserializeError} carries `errorInfo`, a {@linkcode DataErrorInfo}. Default: `false`. */
	readonly debug?: boolean | undefined;
}

/**
 * Bencode, as in BitTorrent (BEP 3) and its DHT (BEP 5), strictly: keys sorted and unique, numbers without leading zeros.
 *
 * Strings are bytes: they are received as a `Uint8Array`, and sent from one, or from text in UTF-8. Dictionaries are
 * received as objects without a prototype, and sent from objects or maps; the key `"__proto__"` is refused. Integers above
 * 2^53 - 1 are bigints; they have 1,022 digits at most.
 *
 * On a stream a value ends by itself. When that end cannot be found, the error is fatal.
 *
 * @example
 * ```ts
 * import { BencodeSerializer, DatagramProtocol } from "netquay";
 *
 * const protocol = new DatagramProtocol(new BencodeSerializer());
 * console.log(protocol.makeDatagram({ t: "aa", y: "q", q: "ping", a: { id: "abcdefghij0123456789" } }));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received; nothing checks it here.
 */
export class BencodeSerializer<Sent extends BencodeInput = BencodeInput, Received extends BencodeValue = BencodeValue>
	implements IncrementalPacketSerializer<Sent, Received>
{
	/** A packet holds no view of the data. */
	readonly keepsData = false;
	readonly #keyEncoding: BencodeKeyEncoding;
	readonly #limit: number;
	readonly #maxDepth: number;
	readonly #maxNodes: number;
	readonly #debug: boolean;

	/**
	 * @throws {TypeError} when `keyEncoding` is not one of the known names.
	 * @throws {RangeError} when a limit is not a positive integer, or `maxDepth` above 1000.
	 */
	constructor(options: BencodeSerializerOptions = {}) {
		const { keyEncoding = "latin1", limit = DEFAULT_LIMIT, debug = false } = options;
		const { maxDepth = DEFAULT_MAX_DEPTH, maxNodes = DEFAULT_MAX_NODES } = options;
		if (keyEncoding !== "latin1" && keyEncoding !== "utf-8") {
			throw new TypeError(`Cannot use "${keyEncoding}" as "keyEncoding": it is not "latin1" or "utf-8"`);
		}
		requireInteger("limit", limit, 1);
		requireInteger("maxDepth", maxDepth, 1, 1000);
		requireInteger("maxNodes", maxNodes, 1);
		this.#keyEncoding = keyEncoding;
		this.#limit = limit;
		this.#maxDepth = maxDepth;
		this.#maxNodes = maxNodes;
		this.#debug = debug;
	}

	/**
	 * The bytes of a value.
	 *
	 * @throws {TypeError} when bencode has no such value, as for fractions, booleans and `undefined`, or it nests too deep.
	 */
	serialize(packet: Sent): Uint8Array {
		return new BencodeEncoder(this.#keyEncoding, this.#maxDepth).encode(packet);
	}

	/**
	 * The value in `data`.
	 *
	 * @throws {DeserializeError} when `data` is not one value, or exceeds a limit.
	 */
	deserialize(data: Uint8Array): Received {
		return decodeWith(this.#debug, data, () => {
			requireWhole(this.#scanner(Number.POSITIVE_INFINITY), data);
			return this.#decode(data);
		});
	}

	/** As `serialize`: a value ends by itself. */
	incrementalSerialize(packet: Sent): Uint8Array[] {
		return [this.serialize(packet)];
	}

	/** A parser for values that follow each other. */
	createParser(): PacketParser<Received> {
		return new ScannedParser(this.#scanner(this.#limit), (data) =>
			decodeWith(this.#debug, data, () => this.#decode(data)),
		);
	}

	#scanner(limit: number): BencodeScanner {
		return new BencodeScanner({ limit, maxDepth: this.#maxDepth, maxNodes: this.#maxNodes });
	}

	#decode(data: Uint8Array): Received {
		return new BencodeDecoder(this.#keyEncoding, data).decode() as Received;
	}
}
