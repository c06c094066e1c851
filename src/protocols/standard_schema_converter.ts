import { PacketConversionError } from "../errors.ts";
import type { PacketConverter } from "./packet_converter.ts";
import type {
	StandardSchemaInput,
	StandardSchemaIssue,
	StandardSchemaOutput,
	StandardSchemaV1,
} from "./standard_schema.ts";

/** Options of {@linkcode StandardSchemaConverter}. */
export interface StandardSchemaConverterOptions<SentSchema extends StandardSchemaV1> {
	/**
	 * The schema that sent packets go through. Default: none, packets are sent unchecked, and to the compiler they are what
	 * the schema of received packets accepts.
	 */
	readonly sent?: SentSchema | undefined;
}

/** A hostile packet may break a schema in thousands of places: the message names the first ones, `errorInfo` has them all. */
const ISSUES_IN_MESSAGE = 5;

/**
 * A converter that validates packets with a schema of zod, valibot, arktype or any other library with the Standard
 * Schema interface. A received packet is what the schema returns: stripped, defaulted, transformed.
 *
 * A packet that the schema refuses is a {@linkcode PacketConversionError} that has the issues as its `errorInfo`.
 *
 * @example
 * ```ts
 * import { DatagramProtocol, JsonSerializer, StandardSchemaConverter } from "netquay";
 * import { z } from "zod";
 *
 * const Request = z.object({ id: z.number(), name: z.string() });
 * const Response = z.object({ id: z.number(), ok: z.boolean() });
 * const protocol = new DatagramProtocol(
 * 	new JsonSerializer(),
 * 	new StandardSchemaConverter(Request, { sent: Response }),
 * );
 * const { name } = protocol.buildPacket(new TextEncoder().encode('{"id":1,"name":"quay"}'));
 * console.log(name, protocol.makeDatagram({ id: 1, ok: true }));
 * ```
 *
 * @typeParam ReceivedSchema The schema of received packets.
 * @typeParam SentSchema The schema of sent packets.
 */
export class StandardSchemaConverter<
	ReceivedSchema extends StandardSchemaV1,
	SentSchema extends StandardSchemaV1 = ReceivedSchema,
> implements
		PacketConverter<
			StandardSchemaInput<SentSchema>,
			StandardSchemaOutput<ReceivedSchema>,
			StandardSchemaInput<SentSchema> | StandardSchemaOutput<SentSchema>,
			unknown
		>
{
	readonly #received: StandardSchemaV1["~standard"];
	readonly #sent: StandardSchemaV1["~standard"] | undefined;

	/**
	 * @param received The schema that received packets go through.
	 * @throws {TypeError} when a schema does not have the Standard Schema interface, version 1.
	 */
	constructor(received: ReceivedSchema, options: StandardSchemaConverterOptions<SentSchema> = {}) {
		this.#received = standardInterface("received", received);
		this.#sent = options.sent === undefined ? undefined : standardInterface("sent", options.sent);
	}

	/**
	 * What the schema of sent packets makes of `packet`; without one, `packet` itself.
	 *
	 * @throws {PacketConversionError} when the schema of sent packets refuses `packet`.
	 * @throws {TypeError} when that schema is asynchronous.
	 */
	toDto(packet: StandardSchemaInput<SentSchema>): StandardSchemaInput<SentSchema> | StandardSchemaOutput<SentSchema> {
		return this.#sent === undefined ? packet : validate(this.#sent, packet);
	}

	/**
	 * What the schema of received packets makes of `dto`.
	 *
	 * @throws {PacketConversionError} when the schema of received packets refuses `dto`.
	 * @throws {TypeError} when that schema is asynchronous.
	 */
	fromDto(dto: unknown): StandardSchemaOutput<ReceivedSchema> {
		return validate(this.#received, dto);
	}
}

function standardInterface(name: string, schema: StandardSchemaV1): StandardSchemaV1["~standard"] {
	const standard = schema?.["~standard"];
	if (standard?.version !== 1 || typeof standard.validate !== "function") {
		throw new TypeError(`Cannot use "${name}": it is not a schema with the Standard Schema interface, version 1`);
	}
	return standard;
}

function validate(standard: StandardSchemaV1["~standard"], value: unknown): unknown {
	const result = standard.validate(value);
	if ("then" in result) {
		result.then(undefined, () => {}); // Nobody waits for it: its failure must not end the process.
		throw new TypeError(`Cannot validate the packet: the "${standard.vendor}" schema is asynchronous`);
	}
	if (result.issues !== undefined) {
		throw new PacketConversionError(`Cannot accept the packet: ${describe(result.issues)}`, {
			errorInfo: result.issues,
		});
	}
	return result.value;
}

function describe(issues: readonly StandardSchemaIssue[]): string {
	const named = issues.slice(0, ISSUES_IN_MESSAGE).map(({ path = [], message }) => {
		const keys = path.map((segment) => String(typeof segment === "object" ? segment.key : segment));
		return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
	});
	const more = issues.length - named.length;
	return more > 0 ? `${named.join(", ")}, and ${more} more` : named.join(", ");
}
