/** What Linux says (`strerror`, `gai_strerror`). */
const TEXTS = {
	EACCES: "Permission denied",
	EADDRINUSE: "Address already in use",
	EADDRNOTAVAIL: "Cannot assign requested address",
	EAFNOSUPPORT: "Address family not supported by protocol",
	EBADF: "Bad file descriptor",
	ECONNREFUSED: "Connection refused",
	EINVAL: "Invalid argument",
	EMSGSIZE: "Message too long",
	ENETUNREACH: "Network is unreachable",
	ENODEV: "No such device",
	ENOTFOUND: "Name or service not known",
} as const;

/** An error with the code that Linux gives. The core says what could not be done. */
export function systemError(code: keyof typeof TEXTS): Error & { readonly code: string } {
	return Object.assign(new Error(TEXTS[code]), { code });
}
