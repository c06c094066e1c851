import { DeserializeError } from "../errors.ts";
import { DelimitedParser } from "./delimited_parser.ts";
import type { IncrementalPacketSerializer, PacketParser } from "./incremental_serializer.ts";
import { nestsDeeperThan } from "./json_depth.ts";
import { JsonFrameParser } from "./json_frame_parser.ts";
import { type JsonReviver, mayHoldProtoKey, type ProtoKeyPolicy, protoKeyReviver } from "./json_proto_keys.ts";
import { DEFAULT_LIMIT, requireInteger } from "./serializer_options.ts";
import { decodeUtf8, encodeUtf8 } from "./text_encoding.ts";

/** As that of `JSON.stringify`. */
export type JsonReplacer = (this: unknown, key: string, value: unknown) => unknown;

/** Options of {@linkcode JsonSerializer}. */
export interface JsonSerializerOptions {
	/** How many arrays and objects a received document may nest inside each other, 1 to 1000. Default: 64. */
	readonly maxDepth?: number | undefined;
	/**
	 * What becomes of a received key `"__proto__"`, or `"constructor"` with an object that has a key `"prototype"`:
	 * - `"error"`: the document is refused;
	 * - `"remove"`: the key is removed with its value;
	 * - `"ignore"`: it stays, as an ordinary property. Whoever copies the packet by assignment is at the peer's mercy.
	 *
	 * Default: `"error"`. The meaning is that of fastify's secure-json-parse.
	 */
	readonly onProtoKey?: ProtoKeyPolicy | undefined;
	/** Called for each value before it is sent, as by `JSON.stringify`. */
	readonly replacer?: JsonReplacer | undefined;
	/**
	 * Called for each received value, as by `JSON.parse`. A `SyntaxError` that it throws, as `BigInt("x")` does, refuses the
	 * document; so does a {@linkcode DeserializeError}.
	 */
	readonly reviver?: JsonReviver | undefined;
	/**
	 * How documents are told apart on a stream:
	 * - `true`: each is a line, ended by LF;
	 * - `false`: by their own brackets and quotes, wherever lines end. Numbers, `true`, `false` and `null` need white space
	 *   behind them, and are sent with an LF.
	 *
	 * Default: `true`.
	 */
	readonly useLines?: boolean | undefined;
	/** The largest document received on a stream, in bytes; a larger one is skipped. Default: 65,536. */
	readonly limit?: number | undefined;
	/** Whether a {@linkcode DeserializeError} carries `errorInfo`, a {@linkcode JsonErrorInfo}. Default: `false`. */
	readonly debug?: boolean | undefined;
}

/** What a {@linkcode DeserializeError} of {@linkcode JsonSerializer} carries with the option `debug`. */
export interface JsonErrorInfo {
	/** A copy of the received bytes. */
	readonly data: Uint8Array;
	/** The received text, unless it is not UTF-8. */
	readonly document: string | undefined;
	/** Where in `document` parsing failed, if the runtime tells: Node and Deno mostly do, Bun does not. */
	readonly position: number | undefined;
}

const LF = Uint8Array.of(0x0a);

/** V8 ends its message with the position, unless it quotes the document instead. */
const POSITION = /at position (\d+)(?: \(line \d+ column \d+\))?$/;

/**
 * JSON in UTF-8, as by `JSON.stringify` and `JSON.parse`.
 *
 * Received documents must be strict UTF-8 without a byte order mark, and nest no deeper than `maxDepth`. Of duplicate keys
 * the last wins, numbers become the nearest double (`1e999` is `Infinity`), and `"\ud800"` is a lone surrogate: as in
 * `JSON.parse`, on every runtime. What arrives is only known to be JSON: add a converter, such as
 * {@linkcode StandardSchemaConverter}, to make sure that it is a `Received`.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, JsonSerializer } from "netquay";
 *
 * const protocol = new DatagramProtocol(new JsonSerializer<{ id: number }>());
 * console.log(protocol.buildPacket(protocol.makeDatagram({ id: 1 })));
 * ```
 *
 * @typeParam Sent What is sent.
 * @typeParam Received What is received; nothing checks it here.
 */
export class JsonSerializer<Sent = unknown, Received = Sent> implements IncrementalPacketSerializer<Sent, Received> {
	/** A packet holds no view of the data. */
	readonly keepsData = false;
	readonly #maxDepth: number;
	readonly #replacer: JsonReplacer | undefined;
	readonly #reviver: JsonReviver | undefined;
	/** The reviver for documents that may hold dangerous keys, unless they are to be ignored. */
	readonly #guard: JsonReviver | undefined;
	readonly #useLines: boolean;
	readonly #limit: number;
	readonly #debug: boolean;

	/**
	 * @throws {RangeError} when `maxDepth` is not an integer from 1 to 1000, or `limit` not a positive one.
	 * @throws {TypeError} when `onProtoKey` is not one of the known names, or `replacer` or `reviver` is not a function.
	 */
	constructor(options: JsonSerializerOptions = {}) {
		const { maxDepth = 64, onProtoKey = "error", replacer, reviver, debug = false } = options;
		const { useLines = true, limit = DEFAULT_LIMIT } = options;
		requireInteger("maxDepth", maxDepth, 1, 1000);
		requireInteger("limit", limit, 1);
		if (onProtoKey !== "error" && onProtoKey !== "remove" && onProtoKey !== "ignore") {
			throw new TypeError(`Cannot use "${onProtoKey}" as "onProtoKey": it is not "error", "remove" or "ignore"`);
		}
		requireFunction("replacer", replacer);
		requireFunction("reviver", reviver);
		this.#maxDepth = maxDepth;
		this.#replacer = replacer;
		this.#reviver = reviver;
		this.#guard = onProtoKey === "ignore" ? undefined : protoKeyReviver(onProtoKey, reviver);
		this.#useLines = useLines;
		this.#limit = limit;
		this.#debug = debug;
	}

	/**
	 * The JSON text of a packet, without white space.
	 *
	 * @throws {TypeError} when JSON cannot represent `packet`: `undefined`, a function, a symbol, a BigInt, a cycle.
	 */
	serialize(packet: Sent): Uint8Array {
		return encodeUtf8(this.#textOf(packet));
	}

	#textOf(packet: Sent): string {
		let text: string | undefined;
		try {
			text = JSON.stringify(packet, this.#replacer);
		} catch (error) {
			if (!(error instanceof TypeError)) throw error;
			throw new TypeError(`Cannot represent the packet in JSON: ${error.message}`, { cause: error });
		}
		if (text === undefined) {
			throw new TypeError(`Cannot represent the packet in JSON: a value of type ${typeof packet} has no JSON text`);
		}
		return text;
	}

	/**
	 * The JSON text of a packet, with an LF behind it unless `useLines` is `false` and it ends by itself.
	 *
	 * @throws {TypeError} as by `serialize`.
	 */
	incrementalSerialize(packet: Sent): Uint8Array[] {
		const text = this.#textOf(packet);
		return [encodeUtf8(this.#useLines || !/^[[{"]/.test(text) ? `${text}\n` : text)];
	}

	/** A parser for documents on a stream. None of its errors is fatal. */
	createParser(): PacketParser<Received> {
		if (!this.#useLines) return new JsonFrameParser(this.#limit, (data) => this.deserialize(data));
		return new DelimitedParser(LF, this.#limit, (buffer, start, end) => this.deserialize(buffer.subarray(start, end)));
	}

	/**
	 * The value of a JSON document; white space around it is allowed.
	 *
	 * @throws {DeserializeError} when `data` is not a JSON document, nests too deep or holds a forbidden key.
	 */
	deserialize(data: Uint8Array): Received {
		const text = decodeUtf8(data);
		if (text === undefined) throw this.#failure("the data is not UTF-8", data, text);
		if (nestsDeeperThan(this.#maxDepth, data, text)) {
			throw this.#failure(`it nests deeper than "maxDepth", ${this.#maxDepth}`, data, text);
		}
		const reviver = this.#guard !== undefined && mayHoldProtoKey(text) ? this.#guard : this.#reviver;
		try {
			return reviver === undefined ? JSON.parse(text) : JSON.parse(text, reviver);
		} catch (error) {
			if (!(error instanceof SyntaxError)) throw error;
			throw this.#failure(error.message, data, text, error);
		}
	}

	#failure(reason: string, data: Uint8Array, document: string | undefined, cause?: SyntaxError): DeserializeError {
		const message = `Cannot decode JSON: ${reason}`;
		if (!this.#debug) return new DeserializeError(message, { cause });
		const position = POSITION.exec(reason)?.[1];
		const errorInfo: JsonErrorInfo = {
			data: new Uint8Array(data),
			document,
			position: position === undefined ? undefined : Number(position),
		};
		return new DeserializeError(message, { cause, errorInfo });
	}
}

function requireFunction(name: string, value: unknown): void {
	if (value !== undefined && typeof value !== "function") {
		throw new TypeError(`Cannot use "${name}": it is not a function`);
	}
}
