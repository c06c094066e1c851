import { type ItemLimits, ItemScanner, malformed } from "./item_scanner.ts";
import { isProtoKey, isUtf8, readUnsigned } from "./utf8_check.ts";

type Kind = "integer" | "text" | "bytes" | "extension" | "other";

/** Finds the end of a MessagePack value, as in its specification. */
export class MessagePackScanner extends ItemScanner {
	readonly #extensionTypes: ReadonlySet<number>;
	#kind: Kind = "other";
	/** How many bytes precede the contents of text and extensions. */
	#header = 1;

	constructor(limits: ItemLimits, extensionTypes: ReadonlySet<number>) {
		super(limits);
		this.#extensionTypes = extensionTypes;
	}

	protected override read(buffer: Uint8Array, at: number, end: number): boolean {
		const byte = buffer[at] as number;
		if (byte <= 0x7f || byte >= 0xe0) return this.#fixed("integer", 1);
		if (byte <= 0x8f) return this.#container(true, byte & 0x0f, 1);
		if (byte <= 0x9f) return this.#container(false, byte & 0x0f, 1);
		if (byte <= 0xbf) return this.#sized("text", 1, byte & 0x1f);
		if (byte === 0xc1) throw malformed("no MessagePack value begins with the byte 0xc1");
		if (byte <= 0xc3) return this.#fixed("other", 1);
		if (byte === 0xca) return this.#fixed("other", 5);
		if (byte === 0xcb) return this.#fixed("other", 9);
		if (byte >= 0xcc && byte <= 0xd3) return this.#fixed("integer", 1 + 2 ** (byte & 3));
		// From here on the header holds a size of 1, 2 or 4 bytes, but for the extensions of a fixed size.
		if (byte >= 0xd4 && byte <= 0xd8) return end - at < 2 ? false : this.#sized("extension", 2, 2 ** (byte - 0xd4));
		const width = 2 ** (byte >= 0xdc ? 1 + (byte & 1) : byte >= 0xd9 ? byte - 0xd9 : (byte - 0xc4) % 3);
		const isExtension = byte >= 0xc7 && byte <= 0xc9;
		if (end - at < 1 + width + Number(isExtension)) return false;
		const size = readUnsigned(buffer, at + 1, width);
		if (byte >= 0xdc) return this.#container(byte >= 0xde, size, 1 + width);
		if (isExtension) return this.#sized("extension", 2 + width, size);
		return this.#sized(byte >= 0xd9 ? "text" : "bytes", 1 + width, size);
	}

	protected override inspect(buffer: Uint8Array, at: number, isKey: boolean): void {
		const start = at + this.#header;
		const end = at + this.size;
		if (this.#kind === "text") {
			if (!isUtf8(buffer, start, end)) this.refusal ??= "a text is not UTF-8";
			if (isKey && isProtoKey(buffer, start, end)) this.refusal ??= 'the key "__proto__" is forbidden';
		} else if (isKey && this.#kind !== "integer") {
			this.refusal ??= "the key of a map is neither a text nor an integer";
		} else if (this.#kind === "extension") {
			// The type is the last byte of the header, signed.
			const type = ((buffer[start - 1] as number) << 24) >> 24;
			if (!this.#extensionTypes.has(type)) this.refusal ??= `the extension type ${type} is not in "extensionTypes"`;
		}
	}

	#fixed(kind: Kind, size: number): true {
		this.#kind = kind;
		this.size = size;
		return true;
	}

	#sized(kind: Kind, header: number, size: number): true {
		this.#header = header;
		return this.#fixed(kind, header + size);
	}

	#container(isMap: boolean, count: number, header: number): true {
		this.isMap = isMap;
		this.children = isMap ? 2 * count : count;
		return this.#fixed("other", header);
	}
}
