import { byteString, pascalString, STRUCT_CODES, type StructCode, type StructValue } from "./struct_codes.ts";

/** A character, perhaps with a count in front; white space between such items is allowed. */
const ITEM = /\s*(\d*)(\S)/y;

/** What the native formats of Python's `struct` depend on, and no two machines need agree on. */
const NATIVE = "@=nNP";

/** More digits than any size needs. */
const MAX_COUNT = 2 ** 31;

/** A compiled format of Python's `struct`: which values stand where. */
export class StructFormat {
	/** The size of the struct in bytes. */
	readonly size: number;
	/** How many values it holds. */
	readonly length: number;
	readonly #fields: readonly { readonly at: number; readonly code: StructCode }[];
	readonly #littleEndian: boolean;

	/** @throws {TypeError} when `format` is not a format, or a native one. */
	constructor(format: string) {
		const order = /^[!<>]/.exec(format)?.[0];
		const fields: { at: number; code: StructCode }[] = [];
		let size = 0;
		ITEM.lastIndex = order === undefined ? 0 : 1;
		while (format.slice(ITEM.lastIndex).trim() !== "") {
			const [, digits = "", character = ""] = ITEM.exec(format) ?? [];
			const count = digits === "" ? 1 : Number(digits);
			const refuse = (reason: string): TypeError =>
				new TypeError(`Cannot use "${character}" of the struct format "${format}": ${reason}`);
			if (NATIVE.includes(character)) throw refuse("its meaning depends on the machine");
			if (count > MAX_COUNT) throw refuse("its count is too large");
			if (character === "x") {
				size += count;
			} else if (character === "s" || character === "p") {
				fields.push({ at: size, code: character === "s" ? byteString(count) : pascalString(count) });
				size += count;
			} else {
				const code = Object.hasOwn(STRUCT_CODES, character) ? STRUCT_CODES[character] : undefined;
				if (code === undefined) throw refuse("it is not a format character");
				for (let i = 0; i < count; i++, size += code.size) fields.push({ at: size, code });
			}
		}
		this.size = size;
		this.length = fields.length;
		this.#fields = fields;
		this.#littleEndian = order === "<";
	}

	/**
	 * The bytes of the values.
	 *
	 * @throws {TypeError} when there are not as many values as the format has, or one does not fit.
	 */
	pack(values: readonly unknown[]): Uint8Array {
		if (values.length !== this.length) {
			throw new TypeError(`Cannot pack a struct of ${this.length} values: got ${values.length}`);
		}
		const data = new Uint8Array(this.size);
		const view = new DataView(data.buffer);
		this.#fields.forEach(({ at, code }, i) => {
			const reason = code.write(view, at, values[i], this.#littleEndian);
			if (reason !== undefined) throw new TypeError(`Cannot pack value ${i} of the struct: ${reason}`);
		});
		return data;
	}

	/** The values in `data`, which has the struct's size. */
	unpack(data: Uint8Array): StructValue[] {
		const view = new DataView(data.buffer, data.byteOffset, data.length);
		return this.#fields.map(({ at, code }) => code.read(view, at, this.#littleEndian));
	}
}
