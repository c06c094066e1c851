/** As that of `JSON.parse`. `context` is there on the runtimes that supply it (not on Node 20). */
export type JsonReviver = (
	this: unknown,
	key: string,
	value: unknown,
	context?: { readonly source?: string },
) => unknown;

/** What becomes of a received key that could reach a prototype. */
export type ProtoKeyPolicy = "error" | "remove" | "ignore";

/** An escaped character between U+0050 and U+007F: all the letters of the dangerous keys are there. */
const ESCAPED_LETTER = /\\u00[567]/;

/** Whether a JSON text might hold a dangerous key, in any spelling. Cheap, and seldom wrong. */
export function mayHoldProtoKey(text: string): boolean {
	return (
		// Both kinds have "proto" in them; most documents do not.
		(text.includes("proto") && (text.includes("__proto__") || text.includes("constructor"))) ||
		(text.includes("\\u00") && ESCAPED_LETTER.test(text))
	);
}

/**
 * A reviver that refuses or removes dangerous keys before `reviver` sees them: `"__proto__"`, and `"constructor"` with an
 * object that has a key `"prototype"`.
 *
 * It runs on what was parsed, where escapes no longer matter. `JSON.parse` itself is safe: it defines `"__proto__"` as an
 * ordinary property. The danger is the code that later copies the object by assignment.
 */
export function protoKeyReviver(policy: "error" | "remove", reviver: JsonReviver | undefined): JsonReviver {
	return function (this: unknown, key, value, context) {
		if (key === "__proto__" || (key === "constructor" && hasPrototypeKey(value))) {
			if (policy === "remove") return undefined;
			throw new SyntaxError(`the key "${key}" is forbidden`);
		}
		return reviver === undefined ? value : reviver.call(this, key, value, context);
	};
}

function hasPrototypeKey(value: unknown): boolean {
	return typeof value === "object" && value !== null && Object.hasOwn(value, "prototype");
}
