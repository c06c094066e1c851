import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import type { CancelScope } from "../../src/concurrency/cancel_scope.ts";
import type { ScopedBody } from "../../src/concurrency/scoped.ts";
import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

type Limit = <T>(backend: AsyncBackend, limit: number, body: ScopedBody<T>) => Promise<T | undefined>;

const throwing: Record<string, Limit> = {
	timeout: (backend, limit, body) => backend.timeout(limit, body),
	timeoutAt: (backend, limit, body) => backend.timeoutAt(backend.now() + limit, body),
};
const movingOn: Record<string, Limit> = {
	moveOnAfter: (backend, limit, body) => backend.moveOnAfter(limit, body),
	moveOnAt: (backend, limit, body) => backend.moveOnAt(backend.now() + limit, body),
};

for (const [name, limit] of Object.entries({ ...throwing, ...movingOn })) {
	simTest(`T-BK-05 ${name}: a body in time gives its result`, async (backend) => {
		const result = await limit(backend, 50, async () => {
			await backend.sleep(20);
			return "in time";
		});
		assertEquals(result, "in time");
		assertEquals(backend.now(), 20);
		assertEquals(backend.liveResources().timers, 0);
	});

	simTest(`T-BK-05 ${name}: a cancellation from outside wins`, async (backend) => {
		const outer = backend.openCancelScope();
		await backend.taskGroup(async (group) => {
			group.startSoon(async () => {
				await backend.sleep(10);
				outer.cancel();
			});
			await backend.runScope(outer, async () => {
				const error = await assertRejects(() => limit(backend, 50, () => backend.sleepForever()), CancelledError);
				throw error;
			});
		});
		assert(outer.cancelledCaught);
		assertEquals(backend.now(), 10);
	});

	simTest(`T-BK-05 ${name}: an error of the body comes out as it is, late or not`, async (backend) => {
		const boom = new RangeError("boom");
		const inTime = async (): Promise<never> => {
			throw boom;
		};
		const late = async (): Promise<never> => {
			await assertRejects(() => backend.sleepForever(), CancelledError);
			throw boom;
		};
		assertStrictEquals(await assertRejects(() => limit(backend, 50, inTime)), boom);
		assertStrictEquals(await assertRejects(() => limit(backend, 50, late)), boom);
	});

	simTest(`${name}: a limit of Infinity sets no timer`, async (backend) => {
		await limit(backend, Infinity, async (scope) => {
			assertEquals(scope.deadline, Infinity);
			assertEquals(backend.liveResources().timers, 0);
		});
	});

	simTest(`${name}: the limit can be moved from inside`, async (backend) => {
		await limit(backend, 10, async (scope) => {
			scope.reschedule(backend.now() + 100);
			await backend.sleep(50);
		});
		assertEquals(backend.now(), 50);
	});
}

for (const [name, limit] of Object.entries(throwing)) {
	simTest(`T-BK-05 ${name}: a body that is late is cancelled, and TimeoutError thrown`, async (backend) => {
		let scope: CancelScope | undefined;
		const error = await assertRejects(
			() =>
				limit(backend, 50, async (given) => {
					scope = given;
					await assertRejects(() => backend.sleep(1_000), CancelledError);
					await backend.checkpoint();
					fail();
				}),
			TimeoutError,
			"Timed out",
		);
		assertInstanceOf(error, TimeoutError);
		assertEquals(backend.now(), 50);
		assert(scope?.cancelledCaught);
	});

	simTest(`${name}: scope.cancel() counts as timed out`, async (backend) => {
		await assertRejects(
			() =>
				limit(backend, 50, async (scope) => {
					scope.cancel();
					await backend.checkpoint();
				}),
			TimeoutError,
		);
		assertEquals(backend.now(), 0);
	});

	simTest(`${name}: the TimeoutError of an inner limit is an ordinary error to the outer one`, async (backend) => {
		const result = await limit(backend, 50, async () => {
			await assertRejects(() => limit(backend, 10, () => backend.sleepForever()), TimeoutError);
			await backend.sleep(10);
			return backend.now();
		});
		assertEquals(result, 20);
	});
}

for (const [name, limit] of Object.entries(movingOn)) {
	simTest(`T-BK-05 ${name}: a body that is late is cancelled, and the result undefined`, async (backend) => {
		let scope: CancelScope | undefined;
		const result = await limit(backend, 50, async (given) => {
			scope = given;
			await backend.sleep(1_000);
			return "late";
		});
		assertEquals(result, undefined);
		assertEquals(backend.now(), 50);
		assert(scope?.cancelledCaught);
	});
}

simTest("a body that ends late, without a wait of ours to cancel, gives its result", async (backend) => {
	const result = await backend.timeout(10, () => backend.shield(() => backend.sleep(50).then(() => "late")));
	assertEquals(result, "late");
});

simTest("T-BK-06 sleepForever ends by cancellation only", async (backend) => {
	const scope = backend.openCancelScope();
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await backend.sleep(1e9);
			scope.cancel();
		});
		await backend.runScope(scope, async () => {
			await backend.sleepForever();
			fail();
		});
	});
	assert(scope.cancelledCaught);
	assertEquals(backend.now(), 1e9);
});

simTest("sleep takes its time, a limit and a signal", async (backend) => {
	await backend.sleep(10);
	await backend.sleepUntil(25);
	assertEquals(backend.now(), 25);
	await assertRejects(() => backend.sleep(100, { timeout: 5 }), TimeoutError);
	assertEquals(backend.now(), 30);
	const aborted = AbortSignal.abort(new RangeError("enough"));
	await assertRejects(() => backend.sleep(100, { signal: aborted }), RangeError, "enough");
	await assertRejects(() => backend.sleep(0, { signal: aborted }), RangeError, "enough");
	await assertRejects(() => backend.sleepUntil(0, { timeout: -1 }), RangeError, '"timeout"');
	assertEquals(backend.now(), 30);
});
