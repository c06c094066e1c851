const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Whether a JSON document opens more than `maxDepth` arrays and objects inside each other: told without parsing it, since
 * the parsers of the runtimes differ in what they survive.
 *
 * Of data that is no JSON document it may say `false`, if a parser gets no more than twice as deep before the error.
 *
 * @param data The bytes of the document, in UTF-8.
 * @param text The same, decoded.
 */
export function nestsDeeperThan(maxDepth: number, data: Uint8Array, text: string): boolean {
	// Each level takes two bytes, and most documents hold few brackets: counting them natively costs a tenth of the scan.
	return data.length > 2 * maxDepth && opensMoreThan(maxDepth, text) && scan(maxDepth, data);
}

function opensMoreThan(limit: number, text: string): boolean {
	let count = 0;
	for (let i = text.indexOf("{"); i !== -1; i = text.indexOf("{", i + 1)) {
		if (++count > limit) return true;
	}
	for (let i = text.indexOf("["); i !== -1; i = text.indexOf("[", i + 1)) {
		if (++count > limit) return true;
	}
	return false;
}

function scan(maxDepth: number, data: Uint8Array): boolean {
	let depth = 0;
	const length = data.length;
	for (let i = 0; i < length; i++) {
		const byte = data[i];
		if (byte === QUOTE) {
			for (i++; i < length && data[i] !== QUOTE; i++) {
				if (data[i] === BACKSLASH) i++;
			}
		} else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
			if (++depth > maxDepth) return true;
		} else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
			depth--;
		}
	}
	return false;
}
