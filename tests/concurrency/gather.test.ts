import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals } from "../support/assert.ts";
import { clockTest, simTest } from "../support/backend_test.ts";

const boom = new RangeError("boom");
const bang = new TypeError("bang");

simTest("T-BK-12 gather of nothing is empty", async (backend) => {
	assertEquals(await backend.gather([]), []);
});

simTest("T-BK-12 results come in the order of the arguments", async (backend) => {
	const work = [30, 10, 20].map((delay) => async () => {
		await backend.sleep(delay);
		return delay;
	});
	assertEquals(await backend.gather(work), [30, 10, 20]);
	assertEquals(backend.now(), 30, "all ran at the same time");
	assertEquals(await backend.gather(new Set([Promise.resolve("a"), Promise.resolve("b")])), ["a", "b"]);
	assertEquals(await backend.gather([() => 1, Promise.resolve(2)]), [1, 2]);
});

simTest("T-BK-12 a promise that is given twice is awaited once", async (backend) => {
	let reads = 0;
	const slow = backend.sleep(10).then(() => {
		reads++;
		return "value";
	});
	assertEquals(await backend.gather([slow, slow]), ["value", "value"]);
	assertEquals(reads, 1);
	const failing = Promise.reject(boom);
	assertStrictEquals(await assertRejects(() => backend.gather([failing, failing])), boom);
});

simTest("T-BK-12 two failures become one aggregate with both, when all have ended", async (backend) => {
	let ended = false;
	const error = await assertRejects(
		() =>
			backend.gather<unknown>([
				() => backend.sleep(10).then(() => Promise.reject(boom)),
				() => {
					throw bang;
				},
				async () => {
					await backend.sleep(50);
					ended = true;
				},
			]),
		AggregateError,
		"2 of the gathered operations failed",
	);
	assertEquals(error.errors, [boom, bang]);
	assert(ended);
	assertEquals(backend.now(), 50);
});

simTest("one failure comes as it is", async (backend) => {
	assertStrictEquals(await assertRejects(() => backend.gather([async () => 1, () => Promise.reject(boom)])), boom);
});

simTest("a limit around gather ends its functions; it is one cancellation", async (backend) => {
	let cleanedUp = 0;
	const work = async (): Promise<void> => {
		try {
			await backend.sleepForever();
		} finally {
			await backend.shield(() => backend.sleep(5));
			cleanedUp++;
		}
	};
	await assertRejects(
		() =>
			backend.timeout(10, async () => {
				throw await assertRejects(() => backend.gather([work, work]), CancelledError);
			}),
		TimeoutError,
	);
	assertEquals(cleanedUp, 2);
	assertEquals(backend.now(), 15, "the functions were waited for");
});

simTest("a limit around gather ends the waiting for a promise that never settles", async (backend) => {
	await assertRejects(() => backend.timeout(10, () => backend.gather([new Promise(() => {})])), TimeoutError);
	assertEquals(backend.now(), 10);
	const scope = backend.openCancelScope();
	await backend.runScope(scope, async () => {
		scope.cancel();
		await backend.gather([Promise.reject(boom), new Promise(() => {})]);
	});
	assert(scope.cancelledCaught, "the cancellation comes first, and the rejection is handled");
});

simTest("a failure during cancellation comes out instead of the cancellation", async (backend) => {
	const error = await assertRejects(() =>
		backend.moveOnAfter(10, () =>
			backend.gather([() => backend.sleepForever(), () => backend.sleepForever().catch(() => Promise.reject(boom))]),
		),
	);
	assertStrictEquals(error, boom);
});

clockTest("gather works outside of every scope", async (backend) => {
	assertEquals(await backend.gather([Promise.resolve(1), () => backend.sleep(1).then(() => 2)]), [1, 2]);
});
