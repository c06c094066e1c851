/**
 * Checks a duration given by the user.
 *
 * @param option The option's name, for the error.
 * @param value Milliseconds; `undefined` stands for `Infinity`, no limit.
 * @throws {TypeError} when it is not a number, or is `NaN`.
 * @throws {RangeError} when it is negative.
 */
export function checkDuration(option: string, value: number | undefined): number {
	if (value === undefined) return Infinity;
	if (typeof value !== "number") throw new TypeError(`Cannot use ${String(value)} as "${option}": not a number`);
	if (Number.isNaN(value)) throw new TypeError(`Cannot use NaN as "${option}": not a number`);
	if (value < 0) throw new RangeError(`Cannot use ${value} as "${option}": it is negative`);
	return value;
}

/**
 * Checks a point in time given by the user. Any is fine, past ones too.
 *
 * @throws {TypeError} when it is not a number, or is `NaN`.
 */
export function checkTime(option: string, value: number): number {
	if (typeof value !== "number" || Number.isNaN(value)) {
		throw new TypeError(`Cannot use ${String(value)} as "${option}": not a number`);
	}
	return value;
}
