import { CancelledError } from "../../src/errors.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("the signal is aborted with the scope, with CancelledError, once", async (backend) => {
	let aborts = 0;
	const scope = backend.openCancelScope();
	await backend.runScope(scope, async () => {
		assertStrictEquals(scope.signal, scope.signal);
		scope.signal.addEventListener("abort", () => aborts++);
		assert(!scope.signal.aborted);
		scope.cancel();
		assert(scope.signal.aborted);
		scope.cancel();
	});
	assertInstanceOf(scope.signal.reason, CancelledError);
	assertEquals(aborts, 1);
});

simTest("what rejects with the signal's reason is recognised as the scope's cancellation", async (backend) => {
	// As `fetch` does.
	const foreign = (signal: AbortSignal): Promise<never> =>
		new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
	const scope = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(scope, () => foreign(scope.signal));
	assert(scope.cancelledCaught);
	await assertRejects(() => backend.timeout(10, ({ signal }) => foreign(signal)), Error, "Timed out");
	assertEquals(backend.now(), 20);
});

simTest("the signal follows the scopes around, through those whose signal nobody asked for", async (backend) => {
	const outer = backend.openCancelScope({ deadline: 10 });
	const inner = backend.openCancelScope();
	await backend.runScope(outer, async () => {
		await backend.runScope(backend.openCancelScope(), async () => {
			await backend.runScope(inner, async () => {
				const { signal } = inner;
				await backend.shield(() => backend.sleep(20));
				assert(signal.aborted);
				assert(!inner.cancelCalled);
				throw signal.reason;
			});
		});
	});
	assert(outer.cancelledCaught);
	assert(!inner.cancelledCaught);
});

simTest("a signal asked for late is aborted already", async (backend) => {
	const outer = backend.openCancelScope();
	await backend.runScope(outer, async () => {
		outer.cancel();
		await backend.runScope(backend.openCancelScope(), (inner) => {
			assert(inner.signal.aborted);
			assertInstanceOf(inner.signal.reason, CancelledError);
		});
		assert(outer.signal.aborted);
	});
});

simTest("a shield keeps the outer cancellation off the signal, until it is taken away", async (backend) => {
	const outer = backend.openCancelScope();
	const inner = backend.openCancelScope({ shield: true });
	await backend.runScope(outer, async () => {
		await backend.runScope(inner, () => {
			const { signal } = inner;
			outer.cancel();
			assert(!signal.aborted);
			inner.shield = false;
			assert(signal.aborted);
		});
	});
});

simTest(
	"a signal taken before entering: aborted by an early cancel(), and by entering a cancelled scope",
	async (backend) => {
		const early = backend.openCancelScope();
		const { signal } = early;
		early.cancel();
		assert(signal.aborted);
		const outer = backend.openCancelScope();
		const inner = backend.openCancelScope();
		assert(!inner.signal.aborted);
		await backend.runScope(outer, async () => {
			outer.cancel();
			await backend.runScope(inner, () => assert(inner.signal.aborted));
		});
		const late = backend.openCancelScope({ deadline: backend.now() });
		assert(!late.signal.aborted);
		await backend.runScope(late, () => assert(late.signal.aborted));
	},
);

simTest("a scope that ends normally does not abort its signal, not even later", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 10 });
	await backend.moveOnAfter(50, async () => {
		await backend.runScope(scope, () => void scope.signal);
		await backend.sleepForever();
	});
	assert(!scope.signal.aborted);
});

simTest("an abort listener may cancel other scopes", async (backend) => {
	const first = backend.openCancelScope();
	const second = backend.openCancelScope();
	await backend.taskGroup(async (group) => {
		group.startSoon(() => backend.runScope(second, () => backend.sleepForever()));
		await backend.runScope(first, async () => {
			await backend.sleep(10);
			first.signal.addEventListener("abort", () => second.cancel());
			first.cancel();
		});
	});
	assert(second.cancelledCaught);
});
