import { CborScanner } from "./cbor_scanner.ts";
import type { ItemLimits, ItemScanner } from "./item_scanner.ts";
import { type Codec, integersOf, type NestedLimits, ScannedSerializer } from "./scanned_serializer.ts";

/** What {@linkcode CborSerializer} uses of the package `cbor-x`. */
export interface CborModule {
	/** Its class that writes and reads. */
	readonly Encoder: new (options: {
		useRecords: boolean;
	}) => { encode(value: unknown): Uint8Array; decode(data: Uint8Array): unknown };
}

/** Options of {@linkcode CborSerializer}. */
export interface CborSerializerOptions extends NestedLimits {
	/** The package: `import * as cbor from "cbor-x"`. */
	readonly cbor: CborModule;
	/**
	 * The tags that may be received: `[1]` for dates as cbor-x sends them, `[2, 3]` for large bigints, `[258]` for sets,
	 * `[259]` for maps, and those that you registered by cbor-x's `addExtension`. Default: none.
	 */
	readonly tags?: readonly number[] | undefined;
}

/**
 * CBOR (RFC 8949), by the package `cbor-x`, which you install and hand over: so it works with every runtime's way to import.
 *
 * Before the package sees a received packet, its headers are checked: sizes against the bytes that are there, nesting, the
 * number of values, tags, simple values, text that is not UTF-8, keys that are neither text nor integers, and the key
 * `"__proto__"`. Maps are received as objects, byte strings as a `Uint8Array`, integers of 64 bits as bigints. Texts and byte
 * strings of indefinite length are refused, which cbor-x cannot read. As cbor-x does, numbers beyond 32 bits are sent as
 * floats (a bigint is sent as an integer), and a `Map` with the tag 259.
 *
 * @example
 * ```ts
 * import { CborSerializer, DatagramProtocol } from "netquay";
 * import * as cbor from "cbor-x";
 *
 * const protocol = new DatagramProtocol(new CborSerializer<{ id: number }>({ cbor }));
 * console.log(protocol.buildPacket(protocol.makeDatagram({ id: 1 })));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received; nothing checks it here.
 */
export class CborSerializer<Sent = unknown, Received = Sent> extends ScannedSerializer<Sent, Received> {
	readonly #tags: ReadonlySet<number>;

	/**
	 * @throws {TypeError} when `cbor` is not that package, or `tags` not an array of integers.
	 * @throws {RangeError} when a limit is not a positive integer, or `maxDepth` above 1000.
	 */
	constructor(options: CborSerializerOptions) {
		super("CBOR", codecOf(options?.cbor), options);
		this.#tags = integersOf("tags", options.tags ?? []);
	}

	/** @internal */
	protected override scanner(limits: ItemLimits): ItemScanner {
		return new CborScanner(limits, this.#tags);
	}
}

function codecOf(cbor: CborModule): Codec {
	if (typeof cbor?.Encoder !== "function") {
		throw new TypeError('Cannot use "cbor": it is not the package "cbor-x", to be installed and imported');
	}
	// Records are private to cbor-x, bytes need no tag, and views would be of the receive buffer.
	const options = {
		useRecords: false,
		tagUint8Array: false,
		copyBuffers: true,
		variableMapSize: true,
		mapsAsObjects: true,
	};
	const encoder = new cbor.Encoder(options);
	return { encode: (value) => encoder.encode(value), decode: (data) => encoder.decode(data) };
}
