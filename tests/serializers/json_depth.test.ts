import { describe, it } from "node:test";
import fc from "fast-check";
import { DeserializeError } from "../../src/errors.ts";
import { nestsDeeperThan } from "../../src/serializers/json_depth.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

function naiveDepth(value: unknown): number {
	if (typeof value !== "object" || value === null) return 0;
	return 1 + Math.max(0, ...Object.values(value).map(naiveDepth));
}

describe("the nesting depth of JSON", () => {
	it("P1: 64 levels are accepted by default, 65 are not", () => {
		const json = new JsonSerializer();
		assertEquals(JSON.stringify(json.deserialize(bytes(nested(64)))), nested(64));
		assertThrows(() => json.deserialize(bytes(nested(65))), DeserializeError, 'deeper than "maxDepth", 64');
		const objects = (depth: number): Uint8Array => bytes(`${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`);
		json.deserialize(objects(64));
		assertThrows(() => json.deserialize(objects(65)), DeserializeError, "maxDepth");
	});

	it("P1: 20 KB of open brackets are refused before they are parsed", () => {
		let parsed = false;
		const json = new JsonSerializer({
			reviver(_key, value) {
				parsed = true;
				return value;
			},
		});
		for (const hostile of ["[".repeat(20_000), '{"a":'.repeat(5_000), nested(10_000), `"\\\\"${"[".repeat(200)}`]) {
			assertThrows(() => json.deserialize(bytes(hostile)), DeserializeError, "maxDepth");
		}
		assertStrictEquals(parsed, false);
	});

	it("P1: the highest limit is one that every runtime survives, reviver included", () => {
		const json = new JsonSerializer({ maxDepth: 1000, reviver: (_key, value) => value });
		assertStrictEquals(JSON.stringify(json.deserialize(bytes(nested(1000)))), nested(1000));
		assertThrows(() => json.deserialize(bytes(nested(1001))), DeserializeError, "maxDepth");
	});

	it("counts depth, not brackets: those side by side and in strings do not nest", () => {
		const json = new JsonSerializer({ maxDepth: 2 });
		const documents = [`[${"[],".repeat(500)}{}]`, '["[[[[{{{{"]', '["\\"[[[[", "\\\\", {"]]\\\\\\"{{{{":"[[["}]'];
		for (const document of documents) assertEquals(json.deserialize(bytes(document)), JSON.parse(document));
		assertThrows(() => json.deserialize(bytes('["\\\\", [[]]]')), DeserializeError, "maxDepth");
		assertThrows(() => json.deserialize(bytes("[[[]]]")), DeserializeError, "maxDepth");
		assertEquals(json.deserialize(bytes("[[]]")), [[]]);
	});

	it("property: agrees with a recursive count, at the exact limit", () => {
		const value = fc.jsonValue({ maxDepth: 8, noUnicodeString: false });
		const bracketed = fc.array(fc.string({ unit: fc.constantFrom("[", "]", "{", "}", '"', "\\", "é", "a") }), {
			maxLength: 5,
		});
		const { tree } = fc.letrec((tie) => ({
			tree: fc.oneof(
				{ maxDepth: 8 },
				bracketed,
				fc.array(tie("tree"), { maxLength: 3 }),
				fc.dictionary(fc.string(), tie("tree")),
			),
		}));
		fc.assert(
			fc.property(fc.oneof(value, tree), fc.constantFrom(undefined, 1), (packet, indent) => {
				const text = JSON.stringify(packet, null, indent);
				const depth = naiveDepth(JSON.parse(text));
				assertStrictEquals(nestsDeeperThan(depth, bytes(text), text), false);
				if (depth > 0) assertStrictEquals(nestsDeeperThan(depth - 1, bytes(text), text), true);
			}),
			{ numRuns: 500 },
		);
	});
});
