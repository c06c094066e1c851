import { describe, it } from "node:test";
import {
	DeserializeError,
	PacketConversionError,
	ProtocolCrashError,
	ProtocolParseError,
	StreamProtocolParseError,
} from "../../src/errors.ts";
import type { PacketConverter } from "../../src/protocols/packet_converter.ts";
import { StapledPacketConverter } from "../../src/protocols/packet_converter.ts";
import { StreamProtocol } from "../../src/protocols/stream_protocol.ts";
import { BytesSerializer } from "../../src/serializers/bytes_serializer.ts";
import { DelimitedSerializer } from "../../src/serializers/delimited_serializer.ts";
import { FixedLengthSerializer } from "../../src/serializers/fixed_length_serializer.ts";
import {
	type IncrementalPacketSerializer,
	NEED_MORE,
	type PacketInput,
	type PacketParser,
} from "../../src/serializers/incremental_serializer.ts";
import { StringLineSerializer } from "../../src/serializers/string_line_serializer.ts";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "../support/assert.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const lines = new DelimitedSerializer(new StringLineSerializer({ encoding: "ascii" }), { separator: "\n" });

const integers: PacketConverter<bigint, bigint, string> = {
	toDto: (packet) => packet.toString(),
	fromDto(dto) {
		if (!/^-?\d+$/.test(dto)) throw new PacketConversionError(`Cannot convert "${dto}"`, { errorInfo: dto });
		return BigInt(dto);
	},
};

/** A serializer whose parser is the given function; `made` counts its parsers. */
function parsing(parse: PacketParser<unknown>["parse"]): IncrementalPacketSerializer<unknown> & { made: number } {
	return {
		made: 0,
		serialize: () => new Uint8Array(0),
		deserialize: () => undefined,
		incrementalSerialize: () => [],
		createParser() {
			this.made++;
			return { parse };
		},
	};
}

const rest = (input: PacketInput): Uint8Array => input.buffer.subarray(input.start, input.end);

describe("StreamProtocol", () => {
	it("T-PR-05: left-over bytes complete into packets without new data", () => {
		const reader = new StreamProtocol(lines).createReader();
		assertStrictEquals<unknown>(reader.next(), NEED_MORE);
		reader.feed(bytes("a\nb\nc"));
		assertStrictEquals(reader.bufferedBytes, 5);
		assertStrictEquals(reader.next(), "a");
		assertStrictEquals(reader.next(), "b");
		assertStrictEquals<unknown>(reader.next(), NEED_MORE);
		assertStrictEquals(reader.bufferedBytes, 1);
		reader.feed(bytes("d\n"));
		assertStrictEquals(reader.next(), "cd");
		assertStrictEquals(reader.bufferedBytes, 0);
	});

	it("T-PR-07: converts in both directions, also with a stapled converter", () => {
		for (const converter of [
			integers,
			new StapledPacketConverter({ toDto: integers.toDto }, { fromDto: integers.fromDto }),
		]) {
			const protocol = new StreamProtocol(lines, converter);
			assertEquals(protocol.generateChunks(-12n), [bytes("-12\n")]);
			const reader = protocol.createReader();
			reader.feed(bytes("34\n"));
			assertStrictEquals(reader.next(), 34n);
		}
	});

	it("T-PR-01: what the serializer or the converter refuses is a StreamProtocolParseError with the remaining data", () => {
		const reader = new StreamProtocol(lines, integers).createReader();
		reader.feed(bytes("é\ntwelve\n7\n"));
		const first = assertThrows(() => reader.next(), StreamProtocolParseError);
		assertInstanceOf(first, ProtocolParseError);
		assertInstanceOf(first.error, DeserializeError);
		assertStrictEquals(first.cause, first.error);
		assertEquals(first.remainingData, bytes("twelve\n7\n"));
		assertStrictEquals(first.fatal, false);
		const second = assertThrows(() => reader.next(), StreamProtocolParseError);
		assertInstanceOf(second.error, PacketConversionError);
		assertStrictEquals(second.error.errorInfo, "twelve");
		assertEquals(second.remainingData, bytes("7\n"));
		assertStrictEquals(reader.next(), 7n);
	});

	it("T-PR-02: a parser that refuses a packet without consuming any of it crashed", () => {
		const reader = new StreamProtocol(
			parsing(() => {
				throw new DeserializeError("Cannot read it");
			}),
		).createReader();
		reader.feed(bytes("ab"));
		const error = assertThrows(() => reader.next(), ProtocolCrashError);
		assertInstanceOf(error.cause, DeserializeError);
		assertStrictEquals(reader.bufferedBytes, 2);
	});

	it("T-PR-03: a parser that makes a packet of nothing, or consumes what is not there, crashed", () => {
		const greedy = (input: PacketInput): number => {
			input.start = input.end + 1;
			return 1;
		};
		const backward = (input: PacketInput): number => {
			input.start--;
			return 1;
		};
		for (const parse of [() => "packet", greedy, backward]) {
			const reader = new StreamProtocol(parsing(parse)).createReader();
			reader.feed(bytes("ab"));
			assertThrows(() => reader.next(), ProtocolCrashError, "the parser consumed");
			assertStrictEquals(reader.bufferedBytes, 2);
		}
	});

	it("T-PR-04: a crash keeps the data before the parser asked for more, and drops it after; a new parser goes on", () => {
		const failures: unknown[] = [new Error("boom"), new RangeError("boom"), "boom", undefined, Object.create(null)];
		for (const failure of failures) {
			const serializer = parsing((input) => {
				if (rest(input).includes(0x21)) {
					input.start++;
					throw failure;
				}
				if (rest(input).at(-1) !== 0x0a) return NEED_MORE;
				input.start = input.end;
				return "line";
			});
			const reader = new StreamProtocol(serializer).createReader();
			reader.feed(bytes("a!"));
			for (let i = 0; i < 2; i++) {
				const error = assertThrows(
					() => reader.next(),
					ProtocolCrashError,
					"Cannot parse the stream: the protocol crashed: ",
				);
				assertStrictEquals(error.cause, failure);
				assertStrictEquals(reader.bufferedBytes, 2);
			}
			assertStrictEquals(serializer.made, 3);

			const other = new StreamProtocol(serializer).createReader();
			other.feed(bytes("a"));
			assertStrictEquals<unknown>(other.next(), NEED_MORE);
			other.feed(bytes("!b"));
			assertThrows(() => other.next(), ProtocolCrashError);
			assertStrictEquals(other.bufferedBytes, 0);
			other.feed(bytes("x\n"));
			assertStrictEquals(other.next(), "line");
		}
	});

	it("a packet on which the converter crashes is consumed", () => {
		const reader = new StreamProtocol(lines, {
			toDto: (packet: string) => packet,
			fromDto(dto: string) {
				if (dto === "bad") throw new TypeError("boom");
				return dto;
			},
		}).createReader();
		reader.feed(bytes("bad\ngood\n"));
		assertInstanceOf(assertThrows(() => reader.next(), ProtocolCrashError).cause, TypeError);
		assertStrictEquals(reader.next(), "good");
	});

	it("a fatal error stays, and what arrives behind it is dropped", () => {
		const reader = new StreamProtocol(
			parsing(() => {
				throw new DeserializeError("Cannot go on", { fatal: true });
			}),
		).createReader();
		reader.feed(bytes("ab"));
		const error = assertThrows(() => reader.next(), StreamProtocolParseError);
		assertStrictEquals(error.fatal, true);
		assertStrictEquals(reader.failed, true);
		assertStrictEquals(error.remainingData.length, 0);
		reader.feed(bytes("cd"));
		reader.window(10).fill(0);
		reader.commit(10);
		assertStrictEquals(reader.bufferedBytes, 0);
		assertStrictEquals(
			assertThrows(() => reader.next()),
			error,
		);
	});

	it("packets that are undefined or null are packets", () => {
		const reader = new StreamProtocol(
			parsing((input) => {
				input.start++;
				return input.start % 2 === 0 ? undefined : null;
			}),
		).createReader();
		reader.feed(bytes("ab"));
		assertEquals([reader.next(), reader.next(), reader.next()], [null, undefined, NEED_MORE]);
	});

	it("T-PR-06: windows take bytes where they are parsed, and check what is committed", () => {
		const reader = new StreamProtocol(lines).createReader();
		assertThrows(() => reader.commit(0), Error, "no window was handed out");
		const window = reader.window(10);
		assert(window.length >= 10);
		for (const count of [-1, 1.5, window.length + 1, Number.NaN]) {
			assertThrows(() => reader.commit(count), RangeError, `Cannot commit ${count} received bytes`);
		}
		assertThrows(() => reader.feed(bytes("x")), Error, "a window of the receive buffer is handed out");
		window.set(bytes("ab\ncd"));
		reader.commit(5);
		assertThrows(() => reader.commit(0), Error, "no window was handed out");
		assertStrictEquals(reader.next(), "ab");
		assertStrictEquals<unknown>(reader.next(), NEED_MORE);
		reader.window(1).set(bytes("\n"));
		reader.commit(1);
		assertStrictEquals(reader.next(), "cd");
		reader.feed(bytes("fed\n"));
		assertStrictEquals(reader.next(), "fed");
	});

	it("parses a chunk, and a window, without copying the bytes", () => {
		const seen: ArrayBufferLike[] = [];
		const reader = new StreamProtocol(
			parsing((input) => {
				seen.push(input.buffer.buffer);
				if (input.end - input.start < 3) return NEED_MORE;
				input.start += 3;
				return 1;
			}),
		).createReader();
		const chunk = bytes("abcdef");
		reader.feed(chunk);
		assertEquals([reader.next(), reader.next(), reader.next()], [1, 1, NEED_MORE]);
		const window = reader.window(6);
		window.set(chunk);
		reader.commit(6);
		assertEquals([reader.next(), reader.next()], [1, 1]);
		assertEquals(seen, [chunk.buffer, chunk.buffer, window.buffer, window.buffer]);
	});

	it("S9: a few left-over bytes do not keep a large chunk alive", () => {
		let input: PacketInput | undefined;
		const reader = new StreamProtocol(
			parsing((from) => {
				input = from;
				from.start = from.end - 1;
				return NEED_MORE;
			}),
		).createReader();
		reader.feed(new Uint8Array(100_000));
		reader.next();
		assertStrictEquals(reader.bufferedBytes, 1);
		assert((input as PacketInput).buffer.buffer.byteLength <= 1024, "the chunk is kept");
	});

	it("a packet without bytes is no chunk, and succeeds", () => {
		assertEquals(new StreamProtocol(lines).generateChunks(""), []);
		const empties = {
			...parsing(() => NEED_MORE),
			incrementalSerialize: () => [new Uint8Array(0), bytes("a"), new Uint8Array(0)],
		};
		assertEquals(new StreamProtocol(empties).generateChunks(0), [bytes("a")]);
	});

	it("every failure in serializing is a ProtocolCrashError, before any chunk is sent", () => {
		const failures: unknown[] = [new Error("boom"), new DeserializeError("boom"), null];
		for (const failure of failures) {
			const serializer = {
				...parsing(() => NEED_MORE),
				*incrementalSerialize() {
					yield bytes("a");
					throw failure;
				},
			};
			const error = assertThrows(
				() => new StreamProtocol(serializer).generateChunks(0),
				ProtocolCrashError,
				"Cannot serialize the packet: ",
			);
			assertStrictEquals(error.cause, failure);
		}
		const text = { ...parsing(() => NEED_MORE), incrementalSerialize: () => ["text" as never] };
		assertThrows(() => new StreamProtocol(text).generateChunks(0), ProtocolCrashError, "no Uint8Array");
		const size = new StreamProtocol(new FixedLengthSerializer(new BytesSerializer(), { size: 2 }));
		assertInstanceOf(assertThrows(() => size.generateChunks(bytes("a")), ProtocolCrashError).cause, RangeError);
	});

	it("checks its arguments", () => {
		for (const serializer of [undefined, null, {}, new BytesSerializer(), { createParser() {} }]) {
			assertThrows(() => new StreamProtocol(serializer as never), TypeError, '"serializer"');
		}
		for (const converter of [null, {}, { toDto() {} }]) {
			assertThrows(() => new StreamProtocol(lines, converter as never), TypeError, '"converter"');
		}
	});

	it("rejects mismatched types at compile time", () => {
		// Never called: the compiler is the test.
		const mistakes = (): unknown[] => [
			// @ts-expect-error a datagram's serializer is not enough
			new StreamProtocol(new BytesSerializer()),
			// @ts-expect-error the packets are bigints
			new StreamProtocol(lines, integers).generateChunks("5"),
			new StreamProtocol(lines, integers).createReader() satisfies { next(): bigint | typeof NEED_MORE },
		];
		assertStrictEquals(typeof mistakes, "function");
	});
});
