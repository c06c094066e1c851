/** The backend that the tests of sockets, servers and clients run on. */

import process from "node:process";
import { type AsyncBackend, createBackend } from "../../src/backend/async_backend.ts";
import { detectBackend } from "../../src/backend/detect.ts";

/**
 * The runtime's own backend, or the Node backend on every runtime when NETQUAY_TEST_BACKEND is "node". A fresh one each
 * time, so that what it counts as left behind is this test's.
 */
export async function testBackend(): Promise<AsyncBackend> {
	const name = process.env["NETQUAY_TEST_BACKEND"];
	if (name !== undefined && name !== "node") throw new Error(`Cannot test on "${name}": there is no such backend`);
	const known = name === "node" ? (await import("../../backends/node/mod.ts")).nodeBackend() : await detectBackend();
	return createBackend(known.driver);
}
