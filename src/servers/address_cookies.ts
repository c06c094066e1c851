import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { AsyncBackend } from "../backend/async_backend.ts";
import { canonicalIp } from "../sockets/ip.ts";

/** The length of a tick in milliseconds: a cookie is good for one to two of them. */
const TICK = 30_000;

/** Options of {@linkcode AddressCookies}. */
export interface AddressCookiesOptions {
	/** The key, 16 bytes at least. Default: 32 random bytes, so that cookies of other processes are refused. */
	secret?: Uint8Array | undefined;
}

/**
 * Cookies that prove that a peer receives what is sent to its address, without any state for those who do not, as the
 * cookies of DTLS (RFC 6347, section 4.2.1) and DNS (RFC 7873): send one to a new peer, and do nothing more until the
 * peer has sent it back. A cookie is an HMAC-SHA-256 of the address and the time, 32 bytes, good for 30 to 60 seconds.
 *
 * @example
 * ```ts
 * import { AddressCookies, BytesSerializer, type DatagramClient, DatagramProtocol, detectBackend, UdpServer } from "netquay";
 *
 * const cookies = new AddressCookies(await detectBackend());
 *
 * async function* handle(client: DatagramClient<Uint8Array>): AsyncGenerator<undefined, void, Uint8Array> {
 * 	const request: Uint8Array = yield;
 * 	if (!cookies.verify(client.remoteAddress, request.subarray(0, 32))) {
 * 		return await client.sendPacket(cookies.make(client.remoteAddress));
 * 	}
 * 	client.markValidated();
 * 	await client.sendPacket(request.subarray(32));
 * }
 * const protocol = new DatagramProtocol(new BytesSerializer());
 * new UdpServer({ port: 0, protocol, handler: handle, limits: { amplification: 3 } });
 * ```
 */
export class AddressCookies {
	readonly #backend: AsyncBackend;
	readonly #secret: Uint8Array;

	/**
	 * @param backend Whose clock counts.
	 * @throws {TypeError} when the secret is no `Uint8Array`.
	 * @throws {RangeError} when it is shorter than 16 bytes.
	 */
	constructor(backend: AsyncBackend, options: AddressCookiesOptions = {}) {
		const { secret = randomBytes(32) } = options;
		if (!(secret instanceof Uint8Array))
			throw new TypeError(`Cannot use ${typeof secret} as "secret": not a Uint8Array`);
		if (secret.length < 16)
			throw new RangeError(`Cannot use ${secret.length} bytes as "secret": 16 are needed at least`);
		this.#backend = backend;
		this.#secret = new Uint8Array(secret);
	}

	/** The cookie for a peer's address, 32 bytes. */
	make(address: { readonly host: string; readonly port: number }): Uint8Array {
		return this.#cookie(address, this.#tick());
	}

	/** Whether the cookie was made for this address, in this tick or the one before. Takes the same time whatever differs. */
	verify(address: { readonly host: string; readonly port: number }, cookie: Uint8Array): boolean {
		if (cookie.length !== 32) return false;
		const tick = this.#tick();
		const current = timingSafeEqual(this.#cookie(address, tick), cookie);
		const previous = timingSafeEqual(this.#cookie(address, tick - 1), cookie);
		return current || previous;
	}

	#tick(): number {
		return Math.floor(this.#backend.now() / TICK);
	}

	#cookie(address: { readonly host: string; readonly port: number }, tick: number): Uint8Array {
		const digest = createHmac("sha256", this.#secret)
			.update(`${canonicalIp(address.host)}|${address.port}|${tick}`)
			.digest();
		return new Uint8Array(digest);
	}
}
