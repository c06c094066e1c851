import { AsyncExitStack } from "../../src/concurrency/exit_stack.ts";
import { CancelledError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows, fail } from "../support/assert.ts";
import { clockBackend, clockTest, simTest } from "../support/backend_test.ts";

const boom = new RangeError("boom");

simTest("close() waits for the tasks, once, whoever calls it", async (backend) => {
	const group = backend.openTaskGroup();
	let ended = 0;
	for (const delay of [10, 20]) group.startSoon(() => backend.sleep(delay).then(() => void ended++));
	await Promise.all([group.close(), group.close()]);
	await group.close();
	assertEquals(ended, 2);
	assertEquals(backend.now(), 20);
	assertThrows(() => group.startSoon(() => fail()), Error, "closed");
});

simTest("on an exit stack: the tasks end before what was added earlier is disposed of", async (backend) => {
	const log: string[] = [];
	const stack = new AsyncExitStack();
	stack.defer(() => log.push("earlier resource"));
	const group = stack.use(backend.openTaskGroup());
	group.startSoon(async () => {
		await backend.sleep(10);
		log.push("task");
	});
	log.push("body");
	await stack.disposeAsync();
	assertEquals(log, ["body", "task", "earlier resource"]);
});

simTest(
	"a failing task cancels its siblings and the scope around the call; close() throws the failure",
	async (backend) => {
		const scope = backend.openCancelScope();
		let siblingCancelled = false;
		const error = await assertRejects(() =>
			backend.runScope(scope, async () => {
				const stack = new AsyncExitStack();
				try {
					const group = stack.use(backend.openTaskGroup());
					group.startSoon(async () => {
						await backend.sleep(10);
						throw boom;
					});
					group.startSoon(async () => {
						await assertRejects(() => backend.sleepForever(), CancelledError);
						siblingCancelled = true;
					});
					await backend.sleepForever();
					fail();
				} finally {
					await stack.disposeAsync();
				}
			}),
		);
		assertStrictEquals(error, boom);
		assert(siblingCancelled);
		assert(scope.cancelCalled);
		assertEquals(backend.now(), 10);
	},
);

simTest("several failures become one AggregateError", async (backend) => {
	const bang = new TypeError("bang");
	await backend.runScope(backend.openCancelScope(), async () => {
		const group = backend.openTaskGroup();
		group.startSoon(() => Promise.reject(boom));
		group.startSoon(() => Promise.reject(bang));
		const error = await assertRejects(() => group.close(), AggregateError);
		assertEquals(error.errors, [boom, bang]);
		await assertRejects(() => group.close(), AggregateError);
	});
});

simTest("cancelling the scope around ends the tasks; close() then throws nothing", async (backend) => {
	const scope = backend.openCancelScope({ deadline: 10 });
	await backend.runScope(scope, async () => {
		const group = backend.openTaskGroup();
		const task = group.startSoon(() => backend.sleepForever());
		await group.close();
		assert(task.cancelled);
		assertEquals(backend.now(), 10);
	});
	assert(!scope.cancelledCaught);
});

simTest("the group's scope ends its tasks and nobody else", async (backend) => {
	const group = backend.openTaskGroup();
	const task = group.startSoon(() => backend.sleepForever());
	await backend.sleep(5);
	group.scope.cancel();
	await group.close();
	assert(task.cancelled);
	await backend.checkpoint();
});

simTest("a group that outlives the scope it was opened in belongs to the scope around that", async (backend) => {
	const outer = backend.openCancelScope();
	await assertRejects(
		() =>
			backend.runScope(outer, async () => {
				const group = await backend.timeout(10, async () => backend.openTaskGroup());
				group.startSoon(async () => {
					await backend.sleep(50);
					throw boom;
				});
				try {
					await backend.sleepForever();
				} finally {
					assertEquals(backend.now(), 50);
					await group.close();
				}
			}),
		RangeError,
	);
	assert(outer.cancelCalled);
});

clockTest("outside of every scope, a failing task cancels nothing else", async (backend) => {
	const group = backend.openTaskGroup();
	const sibling = group.startSoon(() => backend.sleepForever());
	group.startSoon(() => Promise.reject(boom));
	await backend.sleep(1);
	await backend.timeout(1_000, () => backend.checkpoint());
	assert(sibling.cancelled);
	assertStrictEquals(await assertRejects(() => group.close()), boom);
	await backend.checkpoint();
});

clockTest("nor does it cancel the root of another backend, in whose code it was opened", async (backend) => {
	await backend.scheduler.detached(async () => {
		const group = clockBackend().openTaskGroup();
		group.startSoon(() => Promise.reject(boom));
		await assertRejects(() => group.close(), RangeError);
		await backend.checkpoint();
	});
});
