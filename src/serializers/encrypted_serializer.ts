import type * as crypto from "node:crypto";
import { DeserializeError } from "../errors.ts";
import { builtinModule } from "./builtin_module.ts";
import type { PacketSerializer } from "./packet_serializer.ts";
import { requireSerializer } from "./serializer_options.ts";

/** Options of {@linkcode EncryptedSerializer}. */
export interface EncryptedSerializerOptions {
	/** The secret that both sides share: 16 bytes for AES-128, or 32 for AES-256. Deno has no AES-192. */
	readonly key: Uint8Array;
	/** What is authenticated with each packet, but not sent: both sides must give the same. Default: nothing. */
	readonly additionalData?: Uint8Array | undefined;
}

const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const CIPHERS: Readonly<Record<number, crypto.CipherGCMTypes>> = { 16: "aes-128-gcm", 32: "aes-256-gcm" };

const load = (): typeof crypto => builtinModule<typeof crypto>("node:crypto");

/**
 * Encrypts packets and protects them from being changed, by AES-GCM (NIST SP 800-38D). A packet is sent as a random nonce of
 * 12 bytes, the encrypted bytes and a tag of 16.
 *
 * It hides what packets say, not how long they are. It does not stop anybody from sending a recorded packet again, in any
 * order and in either direction: put a counter or a time in the packet, or a role in `additionalData`. With one key send no
 * more than 2^32 packets, all senders counted. A TLS connection has none of these gaps.
 *
 * On a stream it needs a frame, such as that of {@linkcode LengthPrefixedSerializer}.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, EncryptedSerializer, JsonSerializer } from "netquay";
 *
 * const key = EncryptedSerializer.generateKey();
 * const protocol = new DatagramProtocol(new EncryptedSerializer(new JsonSerializer(), { key }));
 * console.log(protocol.buildPacket(protocol.makeDatagram({ id: 1 })));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received.
 */
export class EncryptedSerializer<Sent, Received = Sent> implements PacketSerializer<Sent, Received> {
	/** A packet holds no view of the data, but of what it was decrypted to. */
	readonly keepsData = false;
	readonly #payload: PacketSerializer<Sent, Received>;
	readonly #key: Uint8Array;
	readonly #cipher: crypto.CipherGCMTypes;
	readonly #additionalData: Uint8Array;

	/** A random key of 32 bytes. */
	static generateKey(): Uint8Array {
		return new Uint8Array(load().randomBytes(32));
	}

	/**
	 * @param payload Makes the bytes of one packet.
	 * @throws {TypeError} when `payload` lacks a method, or `key` or `additionalData` is not a `Uint8Array`.
	 * @throws {RangeError} when `key` has not 16 or 32 bytes.
	 */
	constructor(payload: PacketSerializer<Sent, Received>, options: EncryptedSerializerOptions) {
		const { key, additionalData = new Uint8Array(0) } = options;
		requireSerializer("payload", payload);
		for (const [name, value] of Object.entries({ key, additionalData })) {
			if (!(value instanceof Uint8Array)) throw new TypeError(`Cannot use "${name}": it is not a Uint8Array`);
		}
		const cipher = CIPHERS[key.length];
		if (cipher === undefined) {
			throw new RangeError(`Cannot use "key": it has ${key.length} bytes instead of 16 or 32`);
		}
		this.#payload = payload;
		this.#key = new Uint8Array(key);
		this.#cipher = cipher;
		this.#additionalData = new Uint8Array(additionalData);
	}

	/** The nonce, the encrypted bytes of the packet and the tag. */
	serialize(packet: Sent): Uint8Array {
		const plain = this.#payload.serialize(packet);
		const { createCipheriv, randomBytes } = load();
		const nonce = randomBytes(NONCE_SIZE);
		const cipher = createCipheriv(this.#cipher, this.#key, nonce, { authTagLength: TAG_SIZE });
		cipher.setAAD(this.#additionalData);
		const encrypted = cipher.update(plain);
		const last = cipher.final();
		const data = new Uint8Array(NONCE_SIZE + encrypted.length + last.length + TAG_SIZE);
		data.set(nonce);
		data.set(encrypted, NONCE_SIZE);
		data.set(last, NONCE_SIZE + encrypted.length);
		data.set(cipher.getAuthTag(), data.length - TAG_SIZE);
		return data;
	}

	/**
	 * The packet that `data` decrypts to.
	 *
	 * @throws {DeserializeError} when `data` was not made with this key and `additionalData`, was changed, or the payload's
	 * serializer refuses it.
	 */
	deserialize(data: Uint8Array): Received {
		return this.#payload.deserialize(this.#decrypt(data));
	}

	#decrypt(data: Uint8Array): Uint8Array {
		const end = data.length - TAG_SIZE;
		if (end < NONCE_SIZE) throw new DeserializeError("Cannot decrypt the packet: it is too short");
		try {
			const nonce = data.subarray(0, NONCE_SIZE);
			const decipher = load().createDecipheriv(this.#cipher, this.#key, nonce, { authTagLength: TAG_SIZE });
			decipher.setAAD(this.#additionalData);
			decipher.setAuthTag(data.subarray(end));
			const plain = decipher.update(data.subarray(NONCE_SIZE, end));
			// With this mode there are no bytes left here, but the check of the tag.
			decipher.final();
			return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
		} catch (error) {
			throw new DeserializeError("Cannot decrypt the packet: it was made with another key, or changed", {
				cause: error,
			});
		}
	}
}
