import { describe, it } from "node:test";
import fc from "fast-check";
import { DeserializeError } from "../../src/errors.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const refuse = new JsonSerializer();
const remove = new JsonSerializer({ onProtoKey: "remove" });
const ignore = new JsonSerializer({ onProtoKey: "ignore" });

/** A key with the characters chosen by `escaped` written as escapes, in lower or upper case. */
function spell(key: string, escaped: readonly boolean[], upper: boolean): string {
	const spellOut = (code: number): string => `\\u00${upper ? code.toString(16).toUpperCase() : code.toString(16)}`;
	return [...key].map((char, i) => (escaped[i % escaped.length] ? spellOut(char.charCodeAt(0)) : char)).join("");
}

const dangerous = fc
	.tuple(fc.array(fc.boolean(), { minLength: 11, maxLength: 11 }), fc.boolean(), fc.boolean())
	.map(([escaped, upper, viaConstructor]) => {
		const key = (name: string): string => `"${spell(name, escaped, upper)}"`;
		return viaConstructor ? `${key("constructor")}:{${key("prototype")}:{"evil":1}}` : `${key("__proto__")}:{"evil":1}`;
	});
/** Where the member stands: at the top, deep inside, between others, twice. */
const documents = dangerous.chain((member) =>
	fc.constantFrom(`{${member}}`, `[[{"a":{${member}}}]]`, `{"a":1,${member},"z":[2]}`, `{${member},${member}}`),
);

function assertOrdinaryPrototypes(value: unknown): void {
	if (typeof value !== "object" || value === null) return;
	const prototype = Object.getPrototypeOf(value);
	assert(prototype === Object.prototype || prototype === Array.prototype, "a prototype was replaced");
	for (const child of Object.values(value)) assertOrdinaryPrototypes(child);
}

function assertClean(value: unknown): void {
	assertOrdinaryPrototypes(value);
	assert(!JSON.stringify(value).includes('"__proto__"'), "__proto__ is left");
}

describe("dangerous keys in JSON", () => {
	it("P2: are refused by default", () => {
		for (const document of ['{"__proto__":null}', '{"a":[{"__proto__":{"x":1}}]}', '{"\\u005f\\u005fproto__":1}']) {
			assertThrows(() => refuse.deserialize(bytes(document)), DeserializeError, 'the key "__proto__" is forbidden');
		}
		for (const document of ['{"constructor":{"prototype":{}}}', '{"\\u0063onstructor":{"prot\\u006Ftype":null}}']) {
			assertThrows(() => refuse.deserialize(bytes(document)), DeserializeError, 'the key "constructor" is forbidden');
		}
	});

	it("P2: are removed with their value if asked for", () => {
		assertEquals(remove.deserialize(bytes('{"a":1,"__proto__":{"x":1},"b":{"__proto__":2,"c":3}}')), {
			a: 1,
			b: { c: 3 },
		});
		assertEquals(remove.deserialize(bytes('[{"constructor":{"prototype":{"x":1}},"d":4}]')), [{ d: 4 }]);
	});

	it("P2: stay ordinary properties if ignored", () => {
		const packet = ignore.deserialize(bytes('{"__proto__":{"x":1}}')) as object;
		assertStrictEquals(Object.getPrototypeOf(packet), Object.prototype);
		assertStrictEquals(JSON.stringify(packet), '{"__proto__":{"x":1}}');
		assert(!("x" in packet));
	});

	it("P2: harmless look-alikes pass under every policy", () => {
		const harmless = [
			...[
				'{"constructor":1}',
				'{"constructor":{"name":"prototype"}}',
				'{"prototype":{"constructor":{}}}',
				'["__proto__"]',
			],
			...[
				'{"a":"__proto__"}',
				'{"__proto":1,"_proto__":2,"__PROTO__":3}',
				'{"\\\\u005f_proto__":1}',
				'"\\u005f_proto__"',
			],
			...[
				'{"constructor":null,"prototype":0}',
				'{"constructor":"prototype"}',
				'["constructor",{"prototype":1}]',
				'"\\u0061"',
			],
		];
		for (const document of harmless) {
			for (const json of [refuse, remove, ignore])
				assertEquals(json.deserialize(bytes(document)), JSON.parse(document));
		}
	});

	it("P2: a reviver that copies objects never sees them", () => {
		const copy = (_key: string, value: unknown): unknown =>
			typeof value === "object" && value !== null && !Array.isArray(value) ? Object.assign({}, value) : value;
		const copying = new JsonSerializer({ onProtoKey: "remove", reviver: copy });
		const packet = copying.deserialize(bytes('{"a":{"\\u005f_proto__":{"admin":true}},"__proto__":{"admin":true}}'));
		assertEquals(packet, { a: {} });
		assertClean(packet);
		const unguarded = new JsonSerializer({ onProtoKey: "ignore", reviver: copy });
		// The control: the attack that any copy by assignment is open to, except on Deno, where "__proto__" does nothing.
		const document = '{"__proto__":{"admin":true}}';
		const polluted = unguarded.deserialize(bytes(document)) as { admin?: boolean };
		assertStrictEquals(polluted.admin, Object.assign({}, JSON.parse(document)).admin);
	});

	it("P2: the reviver still gets the other keys of a suspicious document", () => {
		const doubling = new JsonSerializer({
			onProtoKey: "remove",
			reviver: (_key, value) => (typeof value === "number" ? value * 2 : value),
		});
		assertEquals(doubling.deserialize(bytes('{"a":1,"__proto__":5,"b":["\\u0061",2]}')), { a: 2, b: ["a", 4] });
	});

	it("P2 property: no spelling gets through", () => {
		fc.assert(
			fc.property(documents, (document) => {
				JSON.parse(document);
				assertThrows(() => refuse.deserialize(bytes(document)), DeserializeError, "is forbidden");
				const packet = remove.deserialize(bytes(document));
				assertClean(packet);
				assert(!JSON.stringify(packet).includes("evil"), "the value is left");
				const kept = ignore.deserialize(bytes(document));
				assertStrictEquals(JSON.stringify(kept), JSON.stringify(JSON.parse(document)));
				assertOrdinaryPrototypes(kept);
			}),
			{ numRuns: 500 },
		);
	});
});
