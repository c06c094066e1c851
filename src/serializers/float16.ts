// `DataView.setFloat16` is missing on Node 20.

/** From here on the nearest half-precision number is infinite. */
const OVERFLOW = 65_520;

/** Below, half-precision numbers are multiples of 2^-24. */
const SMALLEST_NORMAL = 2 ** -14;

/** The 16 bits of the half-precision number nearest to `value` (IEEE 754 binary16), or -1 if it is too large. */
export function toHalf(value: number): number {
	const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
	const magnitude = Math.abs(value);
	if (Number.isNaN(magnitude)) return 0x7e00;
	if (magnitude === Number.POSITIVE_INFINITY) return sign | 0x7c00;
	if (magnitude >= OVERFLOW) return -1;
	if (magnitude < SMALLEST_NORMAL) return sign | roundToEven(magnitude * 2 ** 24);
	let exponent = Math.floor(Math.log2(magnitude));
	if (2 ** exponent > magnitude) exponent--;
	if (2 ** (exponent + 1) <= magnitude) exponent++;
	// Rounding up to the next power of two carries into the exponent, as it should.
	return sign | (((exponent + 14) << 10) + roundToEven(magnitude * 2 ** (10 - exponent)));
}

/** The number that 16 bits stand for (IEEE 754 binary16). */
export function fromHalf(bits: number): number {
	const sign = bits & 0x8000 ? -1 : 1;
	const exponent = (bits >> 10) & 0x1f;
	const fraction = bits & 0x3ff;
	if (exponent === 0) return sign * fraction * 2 ** -24;
	if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
	return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function roundToEven(value: number): number {
	const rounded = Math.round(value);
	return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
