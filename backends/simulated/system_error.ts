import { SocketError } from "../../src/errors.ts";

const REASONS = {
	EACCES: "broadcasting needs the option",
	EADDRINUSE: "the address is in use",
	EADDRNOTAVAIL: "there is no such address or membership here",
	EAFNOSUPPORT: "the address is of the other family",
	EBADF: "the socket is closed",
	ECONNREFUSED: "nobody listens there",
	EINVAL: "the argument is not valid",
	ENETUNREACH: "this host has no address on the network; open the socket on a backend of simulation.host()",
	ENODEV: "no interface has the address",
	ENOTFOUND: "the name is unknown",
} as const;

/** An error with the code that Linux gives. */
export function systemError(action: string, code: keyof typeof REASONS): SocketError {
	return new SocketError(`Cannot ${action}: ${REASONS[code]}`, code);
}
