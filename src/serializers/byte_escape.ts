/** What turns a byte into its escaped form, and back: as in HDLC (RFC 1662, section 4.2). */
const FLIP = 0x20;

/** `data` with each `marker` and each `forbidden` byte replaced by `marker` and the byte with its bit 5 flipped. */
export function escapeBytes(data: Uint8Array, marker: number, forbidden: number): Uint8Array {
	let found = 0;
	for (const byte of data) if (byte === marker || byte === forbidden) found++;
	if (found === 0) return data;
	const escaped = new Uint8Array(data.length + found);
	let length = 0;
	for (const byte of data) {
		if (byte === marker || byte === forbidden) {
			escaped[length++] = marker;
			escaped[length++] = byte ^ FLIP;
		} else {
			escaped[length++] = byte;
		}
	}
	return escaped;
}

/** The bytes that `data` stands for, `data` itself if nothing is escaped, or `undefined` if it ends inside an escape. */
export function unescapeBytes(data: Uint8Array, marker: number): Uint8Array | undefined {
	if (!data.includes(marker)) return data;
	const plain = new Uint8Array(data.length);
	let length = 0;
	for (let i = 0; i < data.length; i++) {
		let byte = data[i] as number;
		if (byte === marker) {
			if (++i === data.length) return undefined;
			byte = (data[i] as number) ^ FLIP;
		}
		plain[length++] = byte;
	}
	return plain.subarray(0, length);
}

/** Whether escaping with `marker` can hide the byte `forbidden`. */
export function canEscape(marker: number, forbidden: number): boolean {
	return marker !== forbidden && (marker ^ FLIP) !== forbidden;
}
