import { fromHalf, toHalf } from "./float16.ts";

/** A value of a struct: a bigint for 64-bit integers, bytes for `c`, `s` and `p`. */
export type StructValue = number | bigint | boolean | Uint8Array;

/** One format character that stands for values of one size. */
export interface StructCode {
	/** The size of a value in bytes. */
	readonly size: number;
	/** Writes a value, or returns why it cannot. */
	write(view: DataView, at: number, value: unknown, littleEndian: boolean): string | undefined;
	/** The value. */
	read(view: DataView, at: number, littleEndian: boolean): StructValue;
}

type IntegerName = "Int8" | "Uint8" | "Int16" | "Uint16" | "Int32" | "Uint32";

function integer(name: IntegerName, size: number): StructCode {
	const signed = name.startsWith("I");
	const min = signed ? -(2 ** (8 * size - 1)) : 0;
	const max = min + 2 ** (8 * size) - 1;
	return {
		size,
		write(view, at, value, littleEndian) {
			if (typeof value !== "number" || !Number.isInteger(value)) return "it is not an integer";
			if (value < min || value > max) return `it is not from ${min} to ${max}`;
			view[`set${name}`](at, value, littleEndian);
		},
		read: (view, at, littleEndian) => view[`get${name}`](at, littleEndian),
	};
}

function bigInteger(name: "BigInt64" | "BigUint64"): StructCode {
	const min = name === "BigInt64" ? -(2n ** 63n) : 0n;
	const max = min + 2n ** 64n - 1n;
	return {
		size: 8,
		write(view, at, value, littleEndian) {
			const integral = typeof value === "bigint" || Number.isSafeInteger(value);
			if (!integral) return "it is neither a bigint nor a safe integer";
			const exact = BigInt(value as bigint | number);
			if (exact < min || exact > max) return `it is not from ${min} to ${max}`;
			view[`set${name}`](at, exact, littleEndian);
		},
		read: (view, at, littleEndian) => view[`get${name}`](at, littleEndian),
	};
}

function float(name: "Float32" | "Float64", size: number): StructCode {
	return {
		size,
		write(view, at, value, littleEndian) {
			if (typeof value !== "number") return "it is not a number";
			if (size === 4 && Number.isFinite(value) && !Number.isFinite(Math.fround(value))) return "it is too large";
			view[`set${name}`](at, value, littleEndian);
		},
		read: (view, at, littleEndian) => view[`get${name}`](at, littleEndian),
	};
}

const half: StructCode = {
	size: 2,
	write(view, at, value, littleEndian) {
		if (typeof value !== "number") return "it is not a number";
		const bits = toHalf(value);
		if (bits === -1) return "it is too large";
		view.setUint16(at, bits, littleEndian);
	},
	read: (view, at, littleEndian) => fromHalf(view.getUint16(at, littleEndian)),
};

const bool: StructCode = {
	size: 1,
	write(view, at, value) {
		if (typeof value !== "boolean") return "it is not a boolean";
		view.setUint8(at, Number(value));
	},
	read: (view, at) => view.getUint8(at) !== 0,
};

const bytesAt = (view: DataView, at: number, length: number): Uint8Array =>
	new Uint8Array(view.buffer, view.byteOffset + at, length);

const char: StructCode = {
	size: 1,
	write(view, at, value) {
		if (!(value instanceof Uint8Array) || value.length !== 1) return "it is not a Uint8Array of one byte";
		view.setUint8(at, value[0] as number);
	},
	read: (view, at) => bytesAt(view, at, 1).slice(),
};

/** `size` bytes, zeros behind what is shorter. */
export function byteString(size: number): StructCode {
	return {
		size,
		write(view, at, value) {
			if (!(value instanceof Uint8Array)) return "it is not a Uint8Array";
			if (value.length > size) return `its ${value.length} bytes are more than ${size}`;
			bytesAt(view, at, size).set(value);
		},
		read: (view, at) => bytesAt(view, at, size).slice(),
	};
}

/** A Pascal string: its length in the first of `size` bytes. */
export function pascalString(size: number): StructCode {
	const room = Math.max(0, Math.min(size - 1, 255));
	return {
		size,
		write(view, at, value) {
			if (!(value instanceof Uint8Array)) return "it is not a Uint8Array";
			if (value.length > room) return `its ${value.length} bytes are more than ${room}`;
			if (size === 0) return;
			view.setUint8(at, value.length);
			bytesAt(view, at + 1, size - 1).set(value);
		},
		read: (view, at) =>
			size === 0 ? new Uint8Array(0) : bytesAt(view, at + 1, Math.min(view.getUint8(at), room)).slice(),
	};
}

/** The format characters with a size of their own, as in Python's `struct` with standard sizes. */
export const STRUCT_CODES: Readonly<Record<string, StructCode>> = {
	c: char,
	b: integer("Int8", 1),
	B: integer("Uint8", 1),
	"?": bool,
	h: integer("Int16", 2),
	H: integer("Uint16", 2),
	i: integer("Int32", 4),
	I: integer("Uint32", 4),
	l: integer("Int32", 4),
	L: integer("Uint32", 4),
	q: bigInteger("BigInt64"),
	Q: bigInteger("BigUint64"),
	e: half,
	f: float("Float32", 4),
	d: float("Float64", 8),
};
