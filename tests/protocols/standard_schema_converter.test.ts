import { describe, it } from "node:test";
import * as v from "valibot";
import { z } from "zod";
import { DatagramProtocolParseError, PacketConversionError, ProtocolCrashError } from "../../src/errors.ts";
import { DatagramProtocol } from "../../src/protocols/datagram_protocol.ts";
import type { StandardSchemaIssue, StandardSchemaV1 } from "../../src/protocols/standard_schema.ts";
import { StandardSchemaConverter } from "../../src/protocols/standard_schema_converter.ts";
import { JsonSerializer } from "../../src/serializers/json_serializer.ts";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "../support/assert.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Request {
	id: number;
	tags: { name: string }[];
	priority: number;
}

/** The same request in both libraries, with a default: what is accepted and what is returned differ. */
const SCHEMAS: [vendor: string, schema: StandardSchemaV1<unknown, Request>][] = [
	["zod", z.object({ id: z.number(), tags: z.array(z.object({ name: z.string() })), priority: z.number().default(5) })],
	[
		"valibot",
		v.object({ id: v.number(), tags: v.array(v.object({ name: v.string() })), priority: v.optional(v.number(), 5) }),
	],
];

function schemaOf(validate: StandardSchemaV1["~standard"]["validate"]): StandardSchemaV1 {
	return { "~standard": { version: 1, vendor: "test", validate } };
}

describe("StandardSchemaConverter", () => {
	for (const [vendor, schema] of SCHEMAS) {
		const converter = new StandardSchemaConverter(schema);

		it(`T-PR-07: a received packet is what the ${vendor} schema returns`, () => {
			const dto = { id: 1, tags: [{ name: "a", extra: 1 }], unknown: true };
			assertEquals(converter.fromDto(dto), { id: 1, tags: [{ name: "a" }], priority: 5 });
		});

		it(`the issues of ${vendor} make a PacketConversionError`, () => {
			const error = assertThrows(
				() => converter.fromDto({ id: "x", tags: [{ name: "a" }, {}] }),
				PacketConversionError,
			);
			const issues = error.errorInfo as StandardSchemaIssue[];
			const [id, name] = issues;
			assert(id !== undefined && name !== undefined && issues.length === 2);
			assertStrictEquals(error.message, `Cannot accept the packet: id: ${id.message}, tags.1.name: ${name.message}`);
		});

		it(`T-PR-01: what ${vendor} refuses is a parse error of the protocol`, () => {
			const protocol = new DatagramProtocol(new JsonSerializer(), converter);
			const packet: Request = protocol.buildPacket(bytes('{"id":1,"tags":[]}'));
			assertStrictEquals(packet.priority, 5);
			const error = assertThrows(() => protocol.buildPacket(bytes('{"id":1}')), DatagramProtocolParseError);
			assert(error.error instanceof PacketConversionError);
		});
	}

	it("infers the types of zod and valibot", () => {
		const Counted = z.object({ count: z.string().transform(Number) });
		const Ping = v.object({ ping: v.optional(v.boolean(), true) });
		const converter = new StandardSchemaConverter(Counted, { sent: Ping });
		const received: { count: number } = converter.fromDto({ count: "7" });
		const sent: { ping?: boolean | undefined } = converter.toDto({});
		assertEquals(received, { count: 7 });
		assertEquals(sent, { ping: true });
		const protocol = new DatagramProtocol(new JsonSerializer(), converter);
		const typed: DatagramProtocol<{ ping?: boolean | undefined }, { count: number }> = protocol;
		assertEquals(typed.makeDatagram({ ping: false }), bytes('{"ping":false}'));
		// Never called: the compiler is the test.
		const mistakes = (): unknown[] => [
			// @ts-expect-error a count is a number once received
			converter.fromDto({ count: "7" }).count.length,
			// @ts-expect-error a ping is no string
			protocol.makeDatagram({ ping: "yes" }),
			// @ts-expect-error to the schema, the count is a string
			new StandardSchemaConverter(Counted).toDto({ count: 7 }),
		];
		assertStrictEquals(typeof mistakes, "function");
	});

	it("sends unchecked without a schema for sent packets, and by it with one", () => {
		const Num = z.object({ n: z.number() });
		const wrong = { n: "x" } as never;
		assertStrictEquals(new StandardSchemaConverter(Num).toDto(wrong), wrong);
		const checked = new StandardSchemaConverter(Num, { sent: Num });
		assertThrows(() => checked.toDto(wrong), PacketConversionError, "Cannot accept the packet: n: ");
		const protocol = new DatagramProtocol(new JsonSerializer(), checked);
		const crash = assertThrows(() => protocol.makeDatagram(wrong), ProtocolCrashError);
		assert(crash.cause instanceof PacketConversionError);
	});

	it("an asynchronous schema is a TypeError, and its later failure harmless", async () => {
		const zodLater = new StandardSchemaConverter(z.string().refine(async () => true));
		assertThrows(() => zodLater.fromDto("x"), TypeError, 'the "zod" schema is asynchronous');
		const valibotLater = new StandardSchemaConverter(
			v.pipeAsync(
				v.string(),
				v.checkAsync(async () => true),
			),
		);
		assertThrows(() => valibotLater.fromDto("x"), TypeError, 'the "valibot" schema is asynchronous');
		const failing = new StandardSchemaConverter(schemaOf(() => Promise.reject(new Error("too late"))));
		assertThrows(() => failing.fromDto("x"), TypeError, "asynchronous");
		// An unhandled rejection would be reported in this turn of the event loop, and fail the run.
		await new Promise((resolve) => setTimeout(resolve, 0));
	});

	it("a message names five issues, errorInfo has them all", () => {
		const converter = new StandardSchemaConverter(z.array(z.number()));
		const error = assertThrows(() => converter.fromDto(Array(1000).fill("x")), PacketConversionError);
		assertStrictEquals((error.errorInfo as unknown[]).length, 1000);
		assert(/: 0: .*, 4: .*, and 995 more$/.test(error.message), error.message);
	});

	it("names a path of keys, of segments and of symbols, and none at the top", () => {
		const issues: StandardSchemaIssue[] = [
			{ message: "one" },
			{ message: "two", path: [] },
			{ message: "three", path: ["a", 0, Symbol("s")] },
			{ message: "four", path: [{ key: "b" }, { key: 1 }] },
		];
		const converter = new StandardSchemaConverter(schemaOf(() => ({ issues })));
		const error = assertThrows(() => converter.fromDto(0), PacketConversionError);
		assertStrictEquals(error.message, "Cannot accept the packet: one, two, a.0.Symbol(s): three, b.1: four");
		assertStrictEquals(error.errorInfo, issues);
	});

	it("takes a schema that is a function, as those of arktype", () => {
		const callable = Object.assign(
			() => {},
			schemaOf((value) => ({ value })),
		);
		assertStrictEquals(new StandardSchemaConverter(callable).fromDto(3), 3);
	});

	it("checks its arguments", () => {
		const good = z.number();
		const bad = [undefined, null, {}, { "~standard": { version: 2, validate() {} } }, { "~standard": { version: 1 } }];
		for (const schema of bad) {
			assertThrows(() => new StandardSchemaConverter(schema as never), TypeError, '"received"');
			if (schema === undefined) continue;
			assertThrows(() => new StandardSchemaConverter(good, { sent: schema as never }), TypeError, '"sent"');
		}
	});
});
