import { DeserializeError } from "../errors.ts";
import { NEED_MORE, type NeedMore, type PacketInput, type PacketParser } from "./incremental_serializer.ts";
import type { ItemScanner } from "./item_scanner.ts";

/** Reads packets whose end a scanner finds. */
export class ScannedParser<Packet> implements PacketParser<Packet> {
	readonly #scanner: ItemScanner;
	readonly #decode: (data: Uint8Array) => Packet;

	/**
	 * @param scanner Belongs to this parser alone.
	 * @param decode Makes a packet of bytes that the scanner found nothing wrong with.
	 */
	constructor(scanner: ItemScanner, decode: (data: Uint8Array) => Packet) {
		this.#scanner = scanner;
		this.#decode = decode;
	}

	parse(input: PacketInput): Packet | NeedMore {
		const { buffer, start, end } = input;
		const length = this.#scanner.scan(buffer, start, end);
		if (length === -1) return NEED_MORE;
		const { refusal } = this.#scanner;
		this.#scanner.reset();
		input.start += length;
		if (refusal !== undefined) throw new DeserializeError(`Cannot read the packet: ${refusal}`);
		return this.#decode(buffer.subarray(start, input.start));
	}
}

/**
 * Checks that `data` is exactly one packet.
 *
 * @throws {DeserializeError} when it is not, or the scanner refuses it.
 */
export function requireWhole(scanner: ItemScanner, data: Uint8Array): void {
	const length = scanner.scan(data, 0, data.length);
	if (length === -1) throw new DeserializeError("Cannot read the packet: data is missing at its end");
	if (length < data.length) {
		throw new DeserializeError(`Cannot read the packet: it ends ${data.length - length} bytes before the data`);
	}
	if (scanner.refusal !== undefined) throw new DeserializeError(`Cannot read the packet: ${scanner.refusal}`);
}
