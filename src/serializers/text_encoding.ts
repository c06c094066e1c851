/** How text becomes bytes. All three are strict: what cannot be translated without loss is an error. */
export type TextEncodingName = "utf-8" | "ascii" | "latin1";

interface TextCodec {
	/** The bytes of `text`, or `undefined` if the encoding lacks one of its characters. */
	encode(text: string): Uint8Array | undefined;
	/** The text of `data`, or `undefined` if `data` is not text in this encoding. */
	decode(data: Uint8Array): string | undefined;
}

// `ignoreBOM` keeps a byte order mark in the text: no byte is dropped.
const lenientDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

const encoder = new TextEncoder();

/** The bytes of short texts are cut from slabs: on Node and Deno an array of its own costs each text three times its encoding. */
const SLAB_SIZE = 65_536;
const SHORT = 1_024;
const USE_SLAB = !("Bun" in globalThis);
let slab = new Uint8Array(0);
let used = 0;

/** The UTF-8 bytes of `text`. Lone surrogates become U+FFFD: check for them if the text may hold any. */
export function encodeUtf8(text: string): Uint8Array {
	// A character takes three bytes at most, a pair of surrogates four.
	const room = text.length * 3;
	if (!USE_SLAB || room > SHORT) return encoder.encode(text);
	if (used + room > slab.length) {
		slab = new Uint8Array(SLAB_SIZE);
		used = 0;
	}
	const start = used;
	used += encoder.encodeInto(text, slab.subarray(start)).written;
	return slab.subarray(start, used);
}

/** The text of `data`, or `undefined` if `data` is not UTF-8. A byte order mark is kept as U+FEFF. */
export function decodeUtf8(data: Uint8Array): string | undefined {
	// On Deno the strict decoder is two to six times slower; a replacement character tells when it is needed.
	const text = lenientDecoder.decode(data);
	if (!text.includes("\ufffd")) return text;
	try {
		return strictDecoder.decode(data);
	} catch {
		return undefined;
	}
}

const utf8: TextCodec = {
	encode: (text) => (text.isWellFormed() ? encodeUtf8(text) : undefined),
	decode: decodeUtf8,
};

// UTF-8 spends one byte on a character if, and only if, it is ASCII: comparing lengths is the check.
const ascii: TextCodec = {
	encode(text) {
		const data = encodeUtf8(text);
		return data.length === text.length ? data : undefined;
	},
	decode(data) {
		const text = decodeUtf8(data);
		return text?.length === data.length ? text : undefined;
	},
};

/** How many arguments one call safely takes. */
const CODES_PER_CALL = 4096;

// By hand: what `TextDecoder` calls "latin1" is windows-1252.
const latin1: TextCodec = {
	encode(text) {
		const data = new Uint8Array(text.length);
		for (let i = 0; i < text.length; i++) {
			const code = text.charCodeAt(i);
			if (code > 0xff) return undefined;
			data[i] = code;
		}
		return data;
	},
	decode(data) {
		let text = "";
		for (let i = 0; i < data.length; i += CODES_PER_CALL) {
			text += String.fromCharCode(...data.subarray(i, i + CODES_PER_CALL));
		}
		return text;
	},
};

/** The codec of each encoding. */
export const TEXT_CODECS: Readonly<Record<TextEncodingName, TextCodec>> = { "utf-8": utf8, ascii, latin1 };
