import type { AsyncBackend } from "../backend/async_backend.ts";
import type { Limits } from "../limits.ts";
import type { Logger } from "../logging.ts";

/** Options of every server. */
export interface NetworkServerOptions {
	/** Default: the running runtime's. */
	backend?: AsyncBackend | undefined;
	/** Where log records go. Default: warnings and errors to standard error. */
	logger?: Logger | undefined;
	/** Overrides of `defaultLimits`. */
	limits?: Partial<Limits> | undefined;
}

/** Options of `server.serveForever()`. */
export interface ServeOptions {
	/** Called when the server has begun to serve. */
	onListening?: (() => void) | undefined;
}

/** Options of `server.shutdown()`. */
export interface ShutdownOptions {
	/** Milliseconds that running handlers get to finish. Default 0: they are cancelled at once. */
	drain?: number | undefined;
}
