import { DeserializeError } from "../errors.ts";
import type { PacketInput } from "./incremental_serializer.ts";

/** The number in front of a packet that says how many bytes follow: its width in bytes, or LEB128 as in Protocol Buffers. */
export type LengthPrefixKind = 1 | 2 | 4 | 8 | "varint";

/** Reads and writes one kind of length prefix. */
export interface LengthPrefix {
	/** The largest length that it can hold. */
	readonly max: number;
	/** The bytes of a length. */
	encode(length: number): Uint8Array;
	/** The length at the start of the input, consumed, or -1 if it is not all there. */
	read(input: PacketInput): number;
}

/** A varint of 8 groups of 7 bits holds 2^56 - 1: more cannot be a length. */
const VARINT_BYTES = 8;

const tooLarge = (): DeserializeError =>
	new DeserializeError("Cannot read the packet: its length prefix is above 2^53 - 1", { fatal: true });

/** The prefix of a kind and byte order. */
export function lengthPrefix(kind: LengthPrefixKind, littleEndian: boolean): LengthPrefix {
	return kind === "varint" ? varint : fixedWidth(kind, littleEndian);
}

function fixedWidth(width: 1 | 2 | 4 | 8, littleEndian: boolean): LengthPrefix {
	return {
		max: Math.min(2 ** (8 * width) - 1, Number.MAX_SAFE_INTEGER),
		encode(length) {
			const data = new Uint8Array(width);
			let rest = length;
			for (let i = 0; i < width; i++) {
				data[littleEndian ? i : width - 1 - i] = rest % 256;
				rest = Math.floor(rest / 256);
			}
			return data;
		},
		read(input) {
			const { buffer, start, end } = input;
			if (end - start < width) return -1;
			let length = 0;
			for (let i = 0; i < width; i++) {
				length = length * 256 + (buffer[littleEndian ? start + width - 1 - i : start + i] as number);
			}
			input.start += width;
			if (length > Number.MAX_SAFE_INTEGER) throw tooLarge();
			return length;
		},
	};
}

const varint: LengthPrefix = {
	max: Number.MAX_SAFE_INTEGER,
	encode(length) {
		const data: number[] = [];
		let rest = length;
		for (; rest > 0x7f; rest = Math.floor(rest / 128)) data.push((rest % 128) | 0x80);
		data.push(rest);
		return Uint8Array.from(data);
	},
	read(input) {
		const { buffer, start, end } = input;
		let length = 0;
		let scale = 1;
		for (let i = start; i < end; i++) {
			const byte = buffer[i] as number;
			length += (byte & 0x7f) * scale;
			if (byte < 0x80) {
				input.start = i + 1;
				if (length > Number.MAX_SAFE_INTEGER) throw tooLarge();
				return length;
			}
			scale *= 128;
			if (i - start + 1 === VARINT_BYTES) {
				input.start = i + 1;
				throw tooLarge();
			}
		}
		return -1;
	},
};
