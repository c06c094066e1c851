/** What the server and the client of the main job say to each other, and how they know that it is right. */
import { createHash } from "node:crypto";
import process from "node:process";
import { DatagramProtocol, JsonSerializer } from "../../mod.ts";

/** Asks for the checksum of a text, opens a conversation, goes on with it, or ends it. */
export type Request =
	| { readonly id: number; readonly text: string }
	| { readonly begin: string }
	| { readonly say: string }
	| { readonly end: true };

/** The answer to each of them; or that the server has waited too long for the next part of a conversation. */
export type Response =
	| { readonly id: number; readonly checksum: string; readonly length: number }
	| { readonly hello: string }
	| { readonly heard: number }
	| { readonly all: string }
	| { readonly timeout: number };

/** How the server and the client of the main job make datagrams. */
export const protocol: { server: DatagramProtocol<Response, Request>; client: DatagramProtocol<Request, Response> } = {
	server: new DatagramProtocol(new JsonSerializer<Response, Request>()),
	client: new DatagramProtocol(new JsonSerializer<Request, Response>()),
};

/** Milliseconds that the server waits for the next part of a conversation. */
export const PATIENCE = 200;

/** SHA-256 of a text. Both sides compute it, in different runtimes. */
export function checksum(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}

/** The running runtime, such as `"bun 1.4.4"`. Bun and Deno define `process.versions.node` too. */
export function runtimeName(): string {
	const { deno, bun, node } = process.versions;
	return deno !== undefined ? `deno ${deno}` : bun !== undefined ? `bun ${bun}` : `node ${node}`;
}
