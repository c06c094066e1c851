/** Errors in a row after which a socket is given up, and the quiet time in milliseconds that ends a row. */
const LIMIT = 1_000;
const QUIET = 1_000;

/** @internal Tells the odd error from a socket that does nothing but fail, which would take all of the processor. */
export class ErrorStorm {
	#count = 0;
	#last = -Infinity;
	#received = 0;

	/**
	 * Counts an error. Answers whether it is one too many: a thousand in a row, without a datagram or a quiet second
	 * between them.
	 */
	add(now: number, received: number): boolean {
		if (received !== this.#received || now - this.#last >= QUIET) this.#count = 0;
		this.#received = received;
		this.#last = now;
		return ++this.#count >= LIMIT;
	}
}
