import { DeserializeError } from "../errors.ts";
import { type Base64Alphabet, Base64Codec } from "./base64.ts";
import { DelimitedParser } from "./delimited_parser.ts";
import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import type { PacketSerializer } from "./packet_serializer.ts";
import { DIGEST_SIZE, digestOf, digestsEqual, randomKey } from "./payload_digest.ts";
import { concatenate, DEFAULT_LIMIT, decodeWith, requireInteger, requireSerializer } from "./serializer_options.ts";

/** Options of {@linkcode Base64Serializer}. */
export interface Base64SerializerOptions {
	/** Which two characters follow letters and digits: `-_` or `+/`. Default: `"urlsafe"`. */
	readonly alphabet?: Base64Alphabet | undefined;
	/**
	 * Whether a digest is sent with each packet, and checked: `true` for SHA-256, which finds damage; or a key of 32 bytes,
	 * as such or in URL-safe base64, for HMAC-SHA-256, which finds forgery. A recorded packet can still be sent again.
	 * Default: `false`.
	 */
	readonly checksum?: boolean | Uint8Array | string | undefined;
	/** What ends a packet on a stream: text that is not all of base64 characters. Default: CRLF. */
	readonly separator?: string | undefined;
	/** The largest packet received on a stream, in bytes of base64; a larger one is skipped. Default: 65,536. */
	readonly limit?: number | undefined;
	/** Whether a {@linkcode DeserializeError} carries `errorInfo`, a {@linkcode DataErrorInfo}. Default: `false`. */
	readonly debug?: boolean | undefined;
}

const URLSAFE = new Base64Codec("urlsafe");

/**
 * Sends packets in base64 (RFC 4648), padded, perhaps with a digest behind the payload: as EasyNetwork's
 * `Base64EncoderSerializer`. What is received must be exactly what base64 makes of some bytes.
 *
 * @example
 * ```ts
 * import { Base64Serializer, JsonSerializer, StreamProtocol } from "netquay";
 *
 * const key = Base64Serializer.generateKey();
 * const protocol = new StreamProtocol(new Base64Serializer(new JsonSerializer(), { checksum: key }));
 * console.log(protocol.generateChunks({ id: 1 }));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class Base64Serializer<Sent, Received = Sent> implements IncrementalPacketSerializer<Sent, Received> {
	/** A packet holds no view of the data, but of what it was decoded to. */
	readonly keepsData = false;
	readonly #payload: PacketSerializer<Sent, Received>;
	readonly #codec: Base64Codec;
	readonly #hasDigest: boolean;
	readonly #key: Uint8Array | undefined;
	readonly #separator: Uint8Array;
	readonly #limit: number;
	readonly #debug: boolean;

	/** A random key for the option `checksum`, in URL-safe base64. */
	static generateKey(): string {
		return new TextDecoder().decode(URLSAFE.encode(randomKey()));
	}

	/**
	 * @param payload Makes the bytes of one packet.
	 * @throws {TypeError} when `payload` lacks a method, or `alphabet` or `checksum` is not one of the known values.
	 * @throws {RangeError} when `separator` is all of base64 characters, or `limit` not a positive integer.
	 */
	constructor(payload: PacketSerializer<Sent, Received>, options: Base64SerializerOptions = {}) {
		const {
			alphabet = "urlsafe",
			checksum = false,
			separator = "\r\n",
			limit = DEFAULT_LIMIT,
			debug = false,
		} = options;
		requireSerializer("payload", payload);
		if (alphabet !== "urlsafe" && alphabet !== "standard") {
			throw new TypeError(`Cannot use "${alphabet}" as "alphabet": it is not "urlsafe" or "standard"`);
		}
		requireInteger("limit", limit, 1);
		this.#payload = payload;
		this.#codec = new Base64Codec(alphabet);
		this.#hasDigest = checksum !== false;
		this.#key = typeof checksum === "boolean" ? undefined : keyOf(checksum);
		this.#separator = new TextEncoder().encode(separator);
		if (this.#separator.every((byte) => this.#codec.has(byte))) {
			throw new RangeError(`Cannot use "${separator}" as "separator": a packet may hold it`);
		}
		this.#limit = limit;
		this.#debug = debug;
	}

	/** The base64 of the packet's bytes and digest. */
	serialize(packet: Sent): Uint8Array {
		const data = this.#payload.serialize(packet);
		return this.#codec.encode(this.#hasDigest ? concatenate(data, digestOf(data, this.#key)) : data);
	}

	/**
	 * The packet that `data` is the base64 of.
	 *
	 * @throws {DeserializeError} when `data` is not base64, its digest is wrong, or the payload's serializer refuses it.
	 */
	deserialize(data: Uint8Array): Received {
		return decodeWith(this.#debug, data, () => {
			const decoded = this.#codec.decode(data);
			if (decoded === undefined) throw new DeserializeError("Cannot decode base64: the data is not base64");
			return this.#payload.deserialize(this.#hasDigest ? this.#checked(decoded) : decoded);
		});
	}

	#checked(decoded: Uint8Array): Uint8Array {
		const length = decoded.length - DIGEST_SIZE;
		const data = decoded.subarray(0, Math.max(0, length));
		if (length < 0 || !digestsEqual(decoded.subarray(length), digestOf(data, this.#key))) {
			throw new DeserializeError("Cannot decode base64: the digest is wrong");
		}
		return data;
	}

	/** The base64 of the packet and a separator; nothing if it has no bytes. */
	incrementalSerialize(packet: Sent): Uint8Array[] {
		const data = this.serialize(packet);
		return data.length === 0 ? [] : [concatenate(data, this.#separator)];
	}

	/** A parser for packets with a separator behind each. None of its errors is fatal. */
	createParser(): PacketParser<Received> {
		return new DelimitedParser(this.#separator, this.#limit, (buffer, start, end) =>
			this.deserialize(buffer.subarray(start, end)),
		);
	}
}

function keyOf(checksum: Uint8Array | string): Uint8Array {
	const key = typeof checksum === "string" ? URLSAFE.decode(new TextEncoder().encode(checksum)) : checksum;
	if (!(key instanceof Uint8Array) || key.length !== DIGEST_SIZE) {
		throw new TypeError(`Cannot use "checksum": it is not a key of ${DIGEST_SIZE} bytes, or their URL-safe base64`);
	}
	return new Uint8Array(key);
}
