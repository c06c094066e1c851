/** What examples/json_server.ts and examples/json_client.ts say to each other. */
import { z } from "zod";
import { DatagramProtocol, JsonSerializer, StandardSchemaConverter } from "../mod.ts";

/** A question: what do these numbers add up to? */
export interface Request {
	id: number;
	add: number[];
}

/** The sum, or what is wrong with the question. */
export type Response = { id: number; sum: number } | { error: string };

// Any library with the Standard Schema interface will do: zod, valibot, arktype...
const requests = z.object({ id: z.number(), add: z.array(z.number()).max(100) });
const responses = z.union([z.object({ id: z.number(), sum: z.number() }), z.object({ error: z.string() })]);

/** The server sends responses, and receives requests that the schema has checked. */
export const serverProtocol: DatagramProtocol<Response, Request> = new DatagramProtocol(
	new JsonSerializer(),
	new StandardSchemaConverter(requests, { sent: responses }),
);

/** The client does it the other way round. It sends what it is told, so that the server can be shown nonsense. */
export const clientProtocol: DatagramProtocol<unknown, Response> = new DatagramProtocol(
	new JsonSerializer(),
	new StandardSchemaConverter(responses, { sent: z.unknown() }),
);
