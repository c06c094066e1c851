import { SocketError, UnsupportedOperationError } from "../errors.ts";

/** What the classes and codes of a runtime's own stand for. */
const CODES: Record<string, string> = {
	AddrInUse: "EADDRINUSE",
	AddrNotAvailable: "EADDRNOTAVAIL",
	ConnectionRefused: "ECONNREFUSED",
	ConnectionReset: "ECONNRESET",
	NotCapable: "EACCES",
	PermissionDenied: "EACCES",
	BadResource: "EBADF",
	Interrupted: "EINTR",
	ERR_ACCESS_DENIED: "EACCES",
	ERR_SOCKET_DGRAM_NOT_RUNNING: "EBADF",
};

const REASONS: Record<string, string> = {
	EADDRINUSE: "the address is already in use",
	EADDRNOTAVAIL: "the address is not available",
	EACCES: "permission denied",
	ECONNREFUSED: "nobody listens there",
	EMFILE: "this process has too many open files",
	EBADF: "it is closed",
	EAFNOSUPPORT: "the address family is not supported",
	ENETUNREACH: "the network is unreachable",
	EHOSTUNREACH: "the host is unreachable",
	EMSGSIZE: "the datagram is too large",
	ENOTFOUND: "there is no such name",
	ENOBUFS: "the system has no buffer space left",
};

/** Errors that say "not now": worth another try. */
const TRANSIENT = new Set(["EAGAIN", "EWOULDBLOCK", "ENOBUFS", "ENOMEM"]);

/** What the network answered to an earlier datagram (ICMP; `ECONNRESET` on Windows). */
const UNREACHABLE = new Set([
	"ECONNREFUSED",
	"ECONNRESET",
	"EHOSTDOWN",
	"EHOSTUNREACH",
	"ENETUNREACH",
	"ENONET",
	"ENOPROTOOPT",
	"EPROTO",
]);

/** @internal The `errno` name of whatever a driver reported. */
export function errorCode(error: unknown): string {
	const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
	if (typeof code === "string") return CODES[code] ?? code;
	return (typeof name === "string" ? CODES[name] : undefined) ?? "UNKNOWN";
}

/** @internal Whether trying again may help. */
export function isTransient(error: unknown): boolean {
	return TRANSIENT.has(errorCode(error));
}

/** @internal Whether the code means that a datagram sent earlier did not reach its destination. */
export function isUnreachable(code: string): boolean {
	return UNREACHABLE.has(code);
}

/**
 * @internal The same error on every runtime.
 *
 * @param failed What cannot be done, such as `Cannot bind 127.0.0.1:53`.
 */
export function socketError(failed: string, error: unknown): Error {
	if (error instanceof SocketError || error instanceof UnsupportedOperationError) return error;
	const code = errorCode(error);
	const own = error instanceof Error ? error.message : String(error);
	// A missing permission flag is named only in the runtime's own words.
	const reason = (code === "EACCES" && /--allow|permission/i.test(own) ? own : REASONS[code]) ?? own;
	return new SocketError(`${failed}: ${reason} (${code})`, code, { cause: error });
}
