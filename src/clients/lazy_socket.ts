import type { AsyncBackend } from "../backend/async_backend.ts";
import { detectBackend } from "../backend/detect.ts";
import type { CancelScope } from "../concurrency/cancel_scope.ts";
import { checkDuration } from "../concurrency/durations.ts";
import { park, type Waiter, type WaitOptions } from "../concurrency/waiter.ts";
import { ClientClosedError, ClosedResourceError, SocketError } from "../errors.ts";
import type { UdpSocket } from "../sockets/udp_socket.ts";

/**
 * @internal A socket that is opened when it is first needed. All who need it meanwhile share one attempt, which none of
 * them ends by giving up; a failed attempt can be repeated.
 */
export class LazySocket {
	readonly #open: (backend: AsyncBackend) => Promise<UdpSocket>;
	readonly #waiters: Set<Waiter<UdpSocket>> = new Set();
	#backend: AsyncBackend | undefined;
	#attempt: { readonly scope: CancelScope; readonly ended: Promise<void> } | undefined;
	#socket: UdpSocket | undefined;
	#closing: Promise<void> | undefined;

	constructor(backend: AsyncBackend | undefined, open: (backend: AsyncBackend) => Promise<UdpSocket>) {
		this.#backend = backend;
		this.#open = open;
	}

	/** Whether it was closed by this program. */
	get closed(): boolean {
		return this.#closing !== undefined;
	}

	/** Whether there is a socket that works. */
	get isOpen(): boolean {
		return this.#closing === undefined && this.#socket?.closed === false;
	}

	/**
	 * The open socket.
	 *
	 * @throws {ClientClosedError} after it was closed.
	 * @throws {SocketError} with `ENOTCONN` before it is open.
	 */
	get current(): UdpSocket {
		if (this.closed) throw new ClientClosedError();
		if (this.#socket === undefined)
			throw new SocketError("Cannot get the address: the socket is not open yet", "ENOTCONN");
		return this.#socket;
	}

	/**
	 * Runs `body` with the open socket, and with what opening it has left of the time limit.
	 *
	 * @throws {ClientClosedError} when it is closed, also while this waits.
	 */
	async use<T>(options: WaitOptions, body: (socket: UdpSocket, left: WaitOptions) => Promise<T> | T): Promise<T> {
		const timeout = checkDuration("timeout", options.timeout);
		try {
			if (this.closed) throw new ClientClosedError();
			if (this.#socket !== undefined) return await body(this.#socket, options);
			this.#backend ??= await detectBackend();
			const deadline = this.#backend.now() + timeout;
			const socket = await this.#wait(this.#backend, options);
			return await body(socket, { ...options, timeout: Math.max(0, deadline - this.#backend.now()) });
		} catch (error) {
			throw this.closed && error instanceof ClosedResourceError ? new ClientClosedError() : error;
		}
	}

	/** Closes the socket, or ends the attempt to open it. Resolves when nothing is left of it. Idempotent. */
	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	#wait(backend: AsyncBackend, options: WaitOptions): Promise<UdpSocket> {
		return park<UdpSocket>(backend.scheduler, { ...options, waitsFor: "a socket to open" }, (waiter) => {
			if (this.closed) throw new ClientClosedError();
			if (this.#socket !== undefined) return void waiter.resolve(this.#socket);
			this.#waiters.add(waiter);
			this.#attempt ??= this.#start(backend);
			return () => this.#waiters.delete(waiter);
		});
	}

	#start(backend: AsyncBackend): { scope: CancelScope; ended: Promise<void> } {
		const scope = backend.openCancelScope();
		// Outside of all scopes: it belongs to everybody who waits for it, not to the one who came first.
		const opening = backend.scheduler.detached(() => backend.runScope(scope, () => this.#open(backend)));
		return { scope, ended: this.#finish(opening) };
	}

	/** If it was closed meanwhile, `close()` goes on to close the socket. */
	async #finish(opening: Promise<UdpSocket | undefined>): Promise<void> {
		try {
			const socket = await opening;
			this.#attempt = undefined;
			if (socket === undefined) return;
			this.#socket = socket;
			this.#settle((waiter) => waiter.resolve(socket));
		} catch (error) {
			this.#attempt = undefined;
			this.#settle((waiter) => waiter.reject(error));
		}
	}

	async #close(): Promise<void> {
		const attempt = this.#attempt;
		this.#settle((waiter) => waiter.reject(new ClientClosedError()));
		attempt?.scope.cancel();
		await attempt?.ended;
		await this.#socket?.close();
	}

	#settle(settle: (waiter: Waiter<UdpSocket>) => void): void {
		const waiters = [...this.#waiters];
		this.#waiters.clear();
		for (const waiter of waiters) settle(waiter);
	}
}
