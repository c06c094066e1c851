// Async work that nobody awaits outlives the scope that it was started in. Trio cannot have it; JavaScript cannot
// prevent it. It goes on in the nearest scope that is still open, and what was cancelled stays cancelled.

import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import type { CancelScope } from "../../src/concurrency/cancel_scope.ts";
import { CancelledError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

/** What a stray work ended with. */
interface Stray {
	error: unknown;
	at: number;
}

function stray(backend: AsyncBackend, work: () => Promise<unknown>): Stray {
	const result: Stray = { error: undefined, at: NaN };
	void work().then(
		() => {
			result.at = backend.now();
		},
		(error) => {
			result.error = error;
			result.at = backend.now();
		},
	);
	return result;
}

/** Runs `body` in a scope that is cancelled at 50. */
async function until50(backend: AsyncBackend, body: (outer: CancelScope) => Promise<unknown>): Promise<void> {
	const outer = backend.openCancelScope({ deadline: 50 });
	await backend.runScope(outer, async () => {
		await body(outer);
		await backend.sleepForever();
	});
	assert(outer.cancelledCaught);
}

simTest("a stray wait is cancelled with the scope around the one it was left behind in", async (backend) => {
	let work: Stray | undefined;
	await until50(backend, async () => {
		await backend.moveOnAfter(1_000, async () => {
			work = stray(backend, () => backend.sleepForever());
		});
		assertEquals(backend.liveResources(), { sockets: 0, tasks: 1, waits: 1, timers: 1 });
	});
	assertInstanceOf(work?.error, CancelledError);
	assertEquals(work.at, 50);
});

simTest("a stray wait is counted, and ends normally", async (backend) => {
	const event = backend.createEvent();
	let work: Stray | undefined;
	await backend.moveOnAfter(1_000, async () => {
		work = stray(backend, () => event.wait());
	});
	assertEquals(backend.liveResources().waits, 1);
	await backend.sleep(10);
	event.set();
	await backend.sleep(0);
	assertEquals(work, { error: undefined, at: 10 });
});

simTest("a stray inner scope is cancelled from outside, and its own deadline works", async (backend) => {
	let cancelled: Stray | undefined;
	let timedOut: Stray | undefined;
	await until50(backend, async () => {
		await backend.moveOnAfter(1_000, async () => {
			await backend.runScope(backend.openCancelScope(), async () => {
				cancelled = stray(backend, () => backend.timeout(500, () => backend.sleepForever()));
				timedOut = stray(backend, () => backend.moveOnAfter(20, () => backend.sleepForever()));
			});
		});
		assertEquals(backend.liveResources().waits, 2);
	});
	assertInstanceOf(cancelled?.error, CancelledError);
	assertEquals(cancelled.at, 50);
	assertEquals(timedOut, { error: undefined, at: 20 });
});

simTest("stray work enters new scopes inside of the open ones, not of the one that was left", async (backend) => {
	let work: Stray | undefined;
	await until50(backend, async () => {
		await backend.moveOnAfter(1_000, async () => {
			work = stray(backend, async () => {
				await backend.sleep(10);
				await backend.moveOnAfter(1_000, () => backend.sleepForever());
			});
		});
	});
	assertInstanceOf(work?.error, CancelledError);
	assertEquals(work.at, 50);
});

simTest("stray work of a cancelled scope stays cancelled, also in new scopes", async (backend) => {
	let release = (): void => {};
	const released = new Promise<void>((resolve) => {
		release = resolve;
	});
	const log: string[] = [];
	let work: Stray | undefined;
	await backend.moveOnAfter(10, async () => {
		work = stray(backend, async () => {
			await released;
			await assertRejects(() => backend.checkpoint(), CancelledError);
			await assertRejects(() => backend.timeout(1_000, () => backend.sleep(1)), CancelledError);
			await backend.shield(() => backend.sleep(5));
			log.push(`shielded work ended at ${backend.now()}`);
			await backend.sleep(1);
			log.push("never");
		});
		await backend.sleepForever();
	});
	await backend.sleep(10);
	release();
	await backend.sleep(100);
	assertEquals(log, ["shielded work ended at 25"]);
	assertInstanceOf(work?.error, CancelledError);
	assertEquals(work.at, 25);
});

simTest("the loser of a Promise.race inside of a limit ends with it", async (backend) => {
	let loser: Stray | undefined;
	const scope = backend.openCancelScope();
	await backend.runScope(scope, async () => {
		const slow = backend.sleep(1_000);
		loser = stray(backend, () => slow);
		await Promise.race([slow, backend.sleep(10)]);
		scope.cancel();
	});
	assertEquals(backend.liveResources().waits, 0);
	await backend.checkpoint();
	assertInstanceOf(loser?.error, CancelledError);
	assertEquals(backend.now(), 10);
});

simTest("a shield ends with its scope: what it left behind is cancelled", async (backend) => {
	let plain: Stray | undefined;
	let inScope: Stray | undefined;
	let shielded: Stray | undefined;
	const outer = backend.openCancelScope();
	await backend.runScope(outer, async () => {
		outer.cancel();
		await backend.shield(async () => {
			plain = stray(backend, () => backend.sleep(100));
			inScope = stray(backend, () => backend.timeout(90, () => backend.sleep(100)));
			shielded = stray(backend, () => backend.shield(() => backend.sleep(100)));
			await backend.sleep(10);
		});
	});
	await backend.checkpoint();
	assertInstanceOf(plain?.error, CancelledError);
	assertInstanceOf(inScope?.error, CancelledError);
	assertEquals([plain.at, inScope.at], [10, 10]);
	await backend.sleepUntil(200);
	assertEquals(shielded, { error: undefined, at: 100 });
});

simTest("a shielded scope that strays keeps its shield, and obeys when it is taken away", async (backend) => {
	const shielded = backend.openCancelScope({ shield: true });
	let work: Stray | undefined;
	await backend.moveOnAfter(10, async () => {
		work = stray(backend, () => backend.runScope(shielded, () => backend.sleep(1_000)));
		await backend.sleepForever();
	});
	await backend.sleep(10);
	assertEquals(backend.liveResources().waits, 1);
	shielded.shield = false;
	await backend.sleep(10);
	assertInstanceOf(work?.error, CancelledError);
	assertEquals(work.at, 20);
});

simTest("work that passes itself on from scope to scope does not build a chain of scopes", async (backend) => {
	let rounds = 0;
	const tick = async (): Promise<void> => {
		await backend.sleep(1);
		if (++rounds < 20_000) void backend.timeout(5, async () => void tick());
	};
	await tick();
	// With a chain of scopes, each round would be slower than the last, and the deepest overflow the stack.
	await backend.sleepUntil(30_000);
	assertEquals(rounds, 20_000);
});
