/** Every error class of the library. Errors of the operating system are {@linkcode SocketError}s with their `errno` name. */

/** The surrounding cancel scope was cancelled. Let it pass, or rethrow it after cleaning up: only the scope that was cancelled swallows it. */
export class CancelledError extends Error {
	override name = "CancelledError";
	constructor(message = "The surrounding scope was cancelled") {
		super(message);
	}
}

/** A time limit passed. */
export class TimeoutError extends Error {
	override name = "TimeoutError";
	constructor(message = "Timed out") {
		super(message);
	}
}

/** A resource is already in use by another task, for instance two receives on one socket. */
export class BusyResourceError extends Error {
	override name = "BusyResourceError";
}

/** The resource was closed by this program. */
export class ClosedResourceError extends Error {
	override name = "ClosedResourceError";
}

/** The resource failed for good, by the system or by the peer; `cause` says why. */
export class BrokenResourceError extends Error {
	override name = "BrokenResourceError";
}

/** An operation on a client that was closed, or whose server stopped. */
export class ClientClosedError extends ClosedResourceError {
	override name = "ClientClosedError";
	constructor(message = "Cannot use the client: it is closed") {
		super(message);
	}
}

/** An operation on a server that was closed for good. */
export class ServerClosedError extends ClosedResourceError {
	override name = "ServerClosedError";
	constructor(message = "Cannot use the server: it is closed") {
		super(message);
	}
}

/** `serveForever()` or `start()` was called while the server already serves. */
export class ServerAlreadyRunningError extends Error {
	override name = "ServerAlreadyRunningError";
	constructor(message = "Cannot start the server: it is already running") {
		super(message);
	}
}

/** What an {@linkcode UnsupportedOperationError} names. */
export interface UnsupportedOperation {
	/** The missing capability, a key of `Capabilities` where there is one. */
	readonly capability: string;
	/** The name of the backend that lacks it. */
	readonly backend: string;
	/** What to do about it. */
	readonly hint?: string | undefined;
}

/** The backend cannot do this. Thrown when the resource is opened, never later. */
export class UnsupportedOperationError extends Error implements UnsupportedOperation {
	override name = "UnsupportedOperationError";
	/** The missing capability. */
	readonly capability: string;
	/** The backend that lacks it. */
	readonly backend: string;
	/** What to do about it. */
	readonly hint: string | undefined;
	constructor({ capability, backend, hint }: UnsupportedOperation) {
		super(`Cannot use "${capability}" on the "${backend}" backend${hint === undefined ? "" : `: ${hint}`}`);
		this.capability = capability;
		this.backend = backend;
		this.hint = hint;
	}
}

/** The operating system, or the runtime below us, refused an operation. */
export class SocketError extends Error {
	override name = "SocketError";
	/** The name of the `errno`, such as `"EADDRINUSE"`, or `"UNKNOWN"`. The same on every runtime. */
	readonly code: string;
	constructor(message: string, code: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** A datagram is larger than its transport can carry (EMSGSIZE). Thrown before the system is asked. */
export class MessageTooLargeError extends SocketError {
	override name = "MessageTooLargeError";
	/** The datagram's size in bytes. */
	readonly size: number;
	/** The largest possible size in bytes. */
	readonly limit: number;
	constructor(size: number, limit: number) {
		super(`Cannot send a datagram of ${size} bytes: the limit is ${limit}`, "EMSGSIZE");
		this.size = size;
		this.limit = limit;
	}
}

/** More data waits to be sent than the limit allows; the datagram or packet was not queued. */
export class SendQueueFullError extends Error {
	override name = "SendQueueFullError";
	/** How many bytes may wait. */
	readonly limit: number;
	constructor(limit: number) {
		super(`Cannot queue more data to send: "sendQueueBytes" is ${limit}`);
		this.limit = limit;
	}
}

/** More would be sent to a peer than `limits.amplification` allows for what it sent, before it was validated. */
export class AmplificationLimitError extends Error {
	override name = "AmplificationLimitError";
	/** How many bytes may be sent for each one received. */
	readonly limit: number;
	constructor(limit: number) {
		super(`Cannot send to a peer that is not validated: "amplification" is ${limit}`);
		this.limit = limit;
	}
}

/** Received bytes are not what the serializer reads. */
export class DeserializeError extends Error {
	override name = "DeserializeError";
	/** Details for debugging (offending bytes, position); only with the serializer's `debug` option. */
	readonly errorInfo: unknown;
	/**
	 * Of a stream: where the next packet begins is unknown, so that nothing more can be read from it. Otherwise the stream
	 * goes on behind the bad packet. Default: `false`.
	 */
	readonly fatal: boolean;
	constructor(message: string, options?: ErrorOptions & { errorInfo?: unknown; fatal?: boolean | undefined }) {
		super(message, options);
		this.errorInfo = options?.errorInfo;
		this.fatal = options?.fatal ?? false;
	}
}

/** A received packet is larger than the serializer's limit. Unless the error is `fatal`, the packet is skipped. */
export class LimitOverrunError extends DeserializeError {
	override name = "LimitOverrunError";
	/** The limit, in the unit of the option of that name. */
	readonly limit: number;
	/** The name of the option that sets the limit. */
	readonly option: string;
	constructor(
		option: string,
		limit: number,
		options?: ErrorOptions & { errorInfo?: unknown; fatal?: boolean | undefined },
	) {
		super(`Cannot read the packet: it exceeds "${option}", ${limit}`, options);
		this.limit = limit;
		this.option = option;
	}
}

/** The stream ended inside a packet. */
export class IncompletePacketError extends DeserializeError {
	override name = "IncompletePacketError";
	constructor(message = "Cannot read the packet: the stream ended inside it", options?: ErrorOptions) {
		super(message, { ...options, fatal: true });
	}
}

/** A well-formed message is not what the converter accepts. */
export class PacketConversionError extends Error {
	override name = "PacketConversionError";
	/** Details for debugging, such as the issues a schema found. */
	readonly errorInfo: unknown;
	constructor(message: string, options?: ErrorOptions & { errorInfo?: unknown }) {
		super(message, options);
		this.errorInfo = options?.errorInfo;
	}
}

/** A received packet cannot be parsed. Thrown in at the handler's `yield`, and by a client's `receivePacket()`. */
export class ProtocolParseError extends Error {
	override name = "ProtocolParseError";
	/** What the serializer or the converter said. */
	readonly error: DeserializeError | PacketConversionError;
	constructor(error: DeserializeError | PacketConversionError) {
		super(`Cannot parse the packet: ${error.message}`, { cause: error });
		this.error = error;
	}
}

/** A received datagram cannot be parsed. */
export class DatagramProtocolParseError extends ProtocolParseError {
	override name = "DatagramProtocolParseError";
}

/** A packet of a stream cannot be parsed. Unless the error is `fatal`, the stream goes on behind it. */
export class StreamProtocolParseError extends ProtocolParseError {
	override name = "StreamProtocolParseError";
	/**
	 * The received bytes behind the packet; the reader keeps them, and parses them next. A view of the receive buffer: copy
	 * it to look at it after the reader was used again.
	 */
	readonly remainingData: Uint8Array;
	/** Whether nothing more can be read from this stream, since it is unknown where the next packet begins. */
	readonly fatal: boolean;
	constructor(error: DeserializeError | PacketConversionError, remainingData: Uint8Array) {
		super(error);
		this.remainingData = remainingData;
		this.fatal = error instanceof DeserializeError && error.fatal;
	}
}

/** A serializer or converter threw something other than its parse error: a bug there, not bad input. */
export class ProtocolCrashError extends Error {
	override name = "ProtocolCrashError";
}
