/** Up to here a loop beats making a view for the native search. */
const SHORT = 48;

/** Where `byte` first stands in `buffer` from `start` up to `end`, or -1. */
function indexOfByte(buffer: Uint8Array, byte: number, start: number, end: number): number {
	const near = Math.min(end, start + SHORT);
	for (let i = start; i < near; i++) if (buffer[i] === byte) return i;
	if (near === end) return -1;
	// The native search knows no end, and what the buffer holds behind it may be long.
	const at = buffer.subarray(near, end).indexOf(byte);
	return at === -1 ? -1 : near + at;
}

/** Where `pattern`, which is not empty, first stands in `buffer` from `start` up to `end`, or -1. */
export function indexOfBytes(buffer: Uint8Array, pattern: Uint8Array, start: number, end: number): number {
	const first = pattern[0] as number;
	const last = end - pattern.length;
	for (let at = start; at <= last; at++) {
		at = indexOfByte(buffer, first, at, last + 1);
		if (at === -1) return -1;
		let matched = 1;
		while (matched < pattern.length && buffer[at + matched] === pattern[matched]) matched++;
		if (matched === pattern.length) return at;
	}
	return -1;
}

/** How many bytes at the end of `buffer`, from `start` up to `end`, could be the beginning of `pattern`, cut off. */
export function cutOffLength(buffer: Uint8Array, pattern: Uint8Array, start: number, end: number): number {
	for (let length = Math.min(pattern.length - 1, end - start); length > 0; length--) {
		let matched = 0;
		while (matched < length && buffer[end - length + matched] === pattern[matched]) matched++;
		if (matched === length) return length;
	}
	return 0;
}
