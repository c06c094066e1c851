import type { AsyncBackend } from "../backend/async_backend.ts";
import type { CancelScope } from "../concurrency/cancel_scope.ts";
import { ServerClosedError } from "../errors.ts";
import type { UdpSocket } from "../sockets/udp_socket.ts";

/** @internal What the sockets of a server need from it. */
export interface SocketsHost {
	/** Opens the sockets, all or none. */
	open(backend: AsyncBackend): Promise<UdpSocket[]>;
	/** Told of errors that no call can report. */
	onError(what: string, error: Error): void;
	/** Told when the system closed a socket. */
	onBroken(error: Error): void;
}

/** @internal The sockets of a server: opened once, whoever asks for it, and closed once. */
export class ServerSockets {
	/** All that were opened, closed ones included. */
	all: readonly UdpSocket[] = [];
	/** Whether the server is closed. */
	closed = false;
	/** What closed a socket that the server did not close. */
	broken: Error | undefined;
	readonly #host: SocketsHost;
	#opening: Promise<void> | undefined;
	#scope: CancelScope | undefined;

	constructor(host: SocketsHost) {
		this.#host = host;
	}

	/** Those that are open. */
	get usable(): UdpSocket[] {
		return this.closed ? [] : this.all.filter((socket) => !socket.closed);
	}

	/** Whether all are open. */
	isListening(): boolean {
		return this.all.length > 0 && this.usable.length === this.all.length;
	}

	/** Opens them, unless they are open. Nobody's cancellation ends it; when it failed, it can be tried again. */
	open(backend: AsyncBackend): Promise<void> {
		this.#opening ??= backend.scheduler
			.detached(() => this.#open(backend))
			.catch((error) => {
				this.#opening = undefined;
				throw error;
			});
		return this.#opening;
	}

	/** From now on the server is closed: what is being opened is given up. */
	refuse(): void {
		this.closed = true;
		this.#scope?.cancel();
	}

	/** Closes them. Resolves when the ports are free. */
	async close(): Promise<void> {
		this.refuse();
		await this.#opening?.catch(() => undefined);
		await Promise.all(this.all.map((socket) => socket.close()));
	}

	async #open(backend: AsyncBackend): Promise<void> {
		this.#scope = backend.openCancelScope();
		const sockets = await backend.runScope(this.#scope, () => this.#host.open(backend));
		if (this.closed) {
			await Promise.all((sockets ?? []).map((socket) => socket.close()));
			throw new ServerClosedError("Cannot use the server: it was closed while it was activated");
		}
		this.all = sockets ?? [];
		for (const { core } of this.all) {
			core.onError = (what, error) => this.#host.onError(what, error);
			core.onBroken = (error) => {
				this.broken ??= error;
				this.#host.onBroken(error);
			};
		}
	}
}
