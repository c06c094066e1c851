// Shields inside of shields, and task groups inside of shields.

import { CancelledError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("two scopes cancelled from inside of a shield: the next wait behind it is cancelled", async (backend) => {
	const outer = backend.openCancelScope();
	const inner = backend.openCancelScope();
	await backend.runScope(outer, async () => {
		await backend.runScope(inner, async () => {
			await backend.shield(async () => {
				outer.cancel();
				inner.cancel();
				await backend.sleep(5);
			});
		});
		await backend.checkpoint();
		fail();
	});
	assertEquals([outer.cancelledCaught, inner.cancelledCaught, backend.now()], [true, false, 5]);
});

simTest("a shield inside of a shielded scope that is cancelled: the inner one holds", async (backend) => {
	const outer = backend.openCancelScope({ deadline: 10 });
	const middle = backend.openCancelScope({ shield: true, deadline: 20 });
	const log: string[] = [];
	await backend.runScope(outer, async () => {
		await backend.runScope(middle, async () => {
			await backend.shield(() => backend.sleep(50));
			log.push(`inner shield left at ${backend.now()}`);
			await backend.checkpoint();
			fail();
		});
		log.push("middle caught its own");
		await backend.checkpoint();
		fail();
	});
	assertEquals(log, ["inner shield left at 50", "middle caught its own"]);
	assert(outer.cancelledCaught);
});

simTest("a task group inside of a shield goes on; one around the shield does not", async (backend) => {
	const ended: string[] = [];
	await backend.moveOnAfter(10, () =>
		backend.taskGroup(async (around) => {
			around.startSoon(() => backend.sleepForever().finally(() => void ended.push(`around at ${backend.now()}`)));
			await backend.shield(() =>
				backend.taskGroup((inside) => {
					inside.startSoon(() => backend.sleep(30).then(() => void ended.push(`inside at ${backend.now()}`)));
				}),
			);
		}),
	);
	assertEquals(ended, ["around at 10", "inside at 30"]);
});

simTest("a failure inside of a shield still cancels the group that it is in", async (backend) => {
	const boom = new RangeError("boom");
	let siblingAt = NaN;
	const error = await assertRejects(() =>
		backend.taskGroup((group) => {
			group.startSoon(() => backend.shield(() => backend.sleep(10).then(() => Promise.reject(boom))));
			group.startSoon(async () => {
				await assertRejects(() => backend.sleepForever(), CancelledError);
				siblingAt = backend.now();
			});
		}),
	);
	assertStrictEquals(error, boom);
	assertEquals(siblingAt, 10);
});

simTest(
	"the group's own scope as a shield: its tasks survive the cancellation around, and it is thrown after",
	async (backend) => {
		const outer = backend.openCancelScope({ deadline: 10 });
		let ended = 0;
		await backend.runScope(outer, async () => {
			await backend.taskGroup((group) => {
				group.scope.shield = true;
				group.startSoon(async () => {
					await backend.sleep(30);
					ended++;
				});
			});
			assertEquals([ended, backend.now()], [1, 30]);
			await backend.checkpoint();
			fail();
		});
		assert(outer.cancelledCaught);
	},
);

simTest("repeated cancels of nested scopes while a shielded clean-up runs change nothing", async (backend) => {
	const scopes = Array.from({ length: 4 }, () => backend.openCancelScope());
	const nest = (level: number): Promise<unknown> => {
		const scope = scopes[level];
		if (scope !== undefined) return backend.runScope(scope, () => nest(level + 1)) as Promise<unknown>;
		return backend.shield(() => backend.sleep(20).then(() => "clean"));
	};
	const result = await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			for (let i = 0; i < 8; i++) {
				await backend.sleep(2);
				scopes[i % 4]?.cancel();
			}
		});
		return await nest(0);
	});
	assertEquals(result, "clean");
	assert(scopes.every((scope) => scope.cancelCalled && !scope.cancelledCaught));
	await backend.checkpoint();
});
