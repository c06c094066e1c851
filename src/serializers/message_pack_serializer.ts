import type { ItemLimits, ItemScanner } from "./item_scanner.ts";
import { MessagePackScanner } from "./message_pack_scanner.ts";
import { type Codec, integersOf, type NestedLimits, ScannedSerializer } from "./scanned_serializer.ts";

/** What {@linkcode MessagePackSerializer} uses of the package `msgpackr`. */
export interface MessagePackModule {
	/** Its class that writes and reads. */
	readonly Packr: new (options: {
		useRecords: boolean;
	}) => { pack(value: unknown): Uint8Array; unpack(data: Uint8Array): unknown };
}

/** Options of {@linkcode MessagePackSerializer}. */
export interface MessagePackSerializerOptions extends NestedLimits {
	/** The package: `import * as msgpackr from "msgpackr"`. */
	readonly msgpackr: MessagePackModule;
	/**
	 * The extension types that may be received, -128 to 127: `[-1]` for dates, and those that you registered by msgpackr's
	 * `addExtension`. Default: none.
	 */
	readonly extensionTypes?: readonly number[] | undefined;
}

/**
 * MessagePack, by the package `msgpackr`, which you install and hand over: so it works with every runtime's way to import.
 *
 * Before the package sees a received packet, its headers are checked: sizes against the bytes that are there, nesting, the
 * number of values, extension types, text that is not UTF-8, keys that are neither text nor integers, and the key
 * `"__proto__"`. Maps are received as objects, `bin` as a `Uint8Array`, integers beyond 2^53 as bigints. As msgpackr does,
 * numbers beyond 32 bits are sent as floats (a bigint is sent as an integer), and `undefined` as nil.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, MessagePackSerializer } from "netquay";
 * import * as msgpackr from "msgpackr";
 *
 * const protocol = new DatagramProtocol(new MessagePackSerializer<{ id: number }>({ msgpackr }));
 * console.log(protocol.buildPacket(protocol.makeDatagram({ id: 1 })));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received; nothing checks it here.
 */
export class MessagePackSerializer<Sent = unknown, Received = Sent> extends ScannedSerializer<Sent, Received> {
	readonly #extensionTypes: ReadonlySet<number>;

	/**
	 * @throws {TypeError} when `msgpackr` is not that package, or `extensionTypes` not an array of integers.
	 * @throws {RangeError} when a limit is not a positive integer, or `maxDepth` above 1000.
	 */
	constructor(options: MessagePackSerializerOptions) {
		super("MessagePack", codecOf(options?.msgpackr), options);
		this.#extensionTypes = integersOf("extensionTypes", options.extensionTypes ?? []);
	}

	/** @internal */
	protected override scanner(limits: ItemLimits): ItemScanner {
		return new MessagePackScanner(limits, this.#extensionTypes);
	}
}

function codecOf(msgpackr: MessagePackModule): Codec {
	if (typeof msgpackr?.Packr !== "function") {
		throw new TypeError('Cannot use "msgpackr": it is not the package "msgpackr", to be installed and imported');
	}
	// Records and bundles are private to msgpackr, and views would be of the receive buffer.
	const options = {
		useRecords: false,
		encodeUndefinedAsNil: true,
		copyBuffers: true,
		variableMapSize: true,
		int64AsType: "auto",
	};
	const packr = new msgpackr.Packr(options);
	return { encode: (value) => packr.pack(value), decode: (data) => packr.unpack(data) };
}
