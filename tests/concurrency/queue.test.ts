import { CancelledError, ClosedResourceError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, assertThrows, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("first in, first out, also when getters and putters wait", async (backend) => {
	for (const capacity of [0, 1, 3, Infinity]) {
		const queue = backend.createQueue<number>(capacity);
		const got: number[] = [];
		await backend.taskGroup(async (group) => {
			group.startSoon(async () => {
				for (let i = 0; i < 500; i++) {
					await queue.put(i);
					assert(queue.size <= capacity);
					if (i % 7 === 0) await backend.sleep(1);
				}
			});
			for (let i = 0; i < 500; i++) {
				got.push(await queue.get());
				if (i % 5 === 0) await backend.sleep(1);
			}
		});
		assertEquals(
			got,
			Array.from({ length: 500 }, (_, i) => i),
		);
		assertEquals(queue.size, 0);
	}
});

simTest(
	"put waits while the queue is full, and the putters are served in the order of their calls",
	async (backend) => {
		const queue = backend.createQueue<number>(2);
		const log: string[] = [];
		await backend.taskGroup(async (group) => {
			for (let i = 0; i < 5; i++) group.startSoon(() => queue.put(i).then(() => void log.push(`put ${i}`)));
			await backend.checkpoint();
			assertEquals(log, ["put 0", "put 1"]);
			assert(!queue.tryPut(99));
			assertEquals([await queue.get(), await queue.get(), await queue.get()], [0, 1, 2]);
			await backend.checkpoint();
			assertEquals(log, ["put 0", "put 1", "put 2", "put 3", "put 4"]);
			assertEquals([await queue.get(), await queue.get()], [3, 4]);
		});
	},
);

simTest("with capacity 0, put waits for somebody to take the item", async (backend) => {
	const queue = backend.createQueue<string>(0);
	assert(!queue.tryPut("nobody takes it"));
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await backend.sleep(10);
			assertEquals(await queue.get(), "item");
		});
		await queue.put("item");
		assertEquals(backend.now(), 10);
	});
});

simTest("getters are served in the order of their calls, and undefined is an item", async (backend) => {
	const queue = backend.createQueue<number | undefined>(5);
	const log: unknown[] = [];
	await backend.taskGroup(async (group) => {
		for (let i = 0; i < 3; i++) group.startSoon(() => queue.get().then((item) => void log.push([i, item])));
		await backend.checkpoint();
		for (const item of [undefined, 1, 2]) assert(queue.tryPut(item));
		assertEquals(queue.size, 0, "handed over");
	});
	assertEquals(log, [
		[0, undefined],
		[1, 1],
		[2, 2],
	]);
	await queue.put(undefined);
	assertEquals(queue.size, 1);
	assertEquals(await queue.get(), undefined);
});

simTest("no item is lost to a cancellation, whichever comes first", async (backend) => {
	const queue = backend.createQueue<string>(5);
	for (const putFirst of [true, false]) {
		await backend.taskGroup(async (group) => {
			const first = group.startSoon(() => queue.get());
			const second = group.startSoon(() => queue.get());
			await backend.checkpoint();
			if (putFirst) queue.tryPut("a");
			first.cancel();
			queue.tryPut("b");
			if (putFirst) assertEquals(await first.join(), "a");
			else await assertRejects(() => first.join(), CancelledError);
			assertEquals(await second.join(), "b");
		});
	}
	assertEquals(queue.size, 0);
});

simTest("a cancelled put leaves nothing in the queue", async (backend) => {
	const queue = backend.createQueue<string>(1);
	await queue.put("first");
	await backend.moveOnAfter(5, () => queue.put("cancelled"));
	await assertRejects(() => queue.put("late", { timeout: 5 }), TimeoutError);
	await assertRejects(() => queue.put("aborted", { signal: AbortSignal.abort(new RangeError()) }), RangeError);
	assertEquals(await queue.get(), "first");
	await assertRejects(() => queue.get({ timeout: 5 }), TimeoutError);
	assertEquals(queue.size, 0);
});

simTest("in a cancelled scope, nothing is put and nothing is taken", async (backend) => {
	const queue = backend.createQueue<string>(2);
	await queue.put("kept");
	await backend.moveOnAfter(0, async () => {
		await assertRejects(() => queue.put("not put"), CancelledError);
		await queue.get();
		fail();
	});
	assertEquals(queue.size, 1);
});

simTest("close: what is inside can be taken, then get throws; put throws at once", async (backend) => {
	const queue = backend.createQueue<number>(3);
	await queue.put(1);
	await queue.put(2);
	queue.close();
	queue.close();
	await assertRejects(() => queue.put(3), ClosedResourceError, "Cannot put into the queue: it is closed");
	assertThrows(() => queue.tryPut(3), ClosedResourceError);
	assertEquals([await queue.get(), await queue.get()], [1, 2]);
	await assertRejects(() => queue.get(), ClosedResourceError, "Cannot get from the queue: it is closed");
});

simTest("close wakes all who wait, with ClosedResourceError", async (backend) => {
	const empty = backend.createQueue<number>(1);
	const full = backend.createQueue<number>(1);
	await full.put(1);
	await backend.taskGroup(async (group) => {
		for (let i = 0; i < 3; i++) {
			group.startSoon(() => assertRejects(() => empty.get(), ClosedResourceError, "Cannot get"));
			group.startSoon(() => assertRejects(() => full.put(2), ClosedResourceError, "Cannot put"));
		}
		await backend.sleep(1);
		assertEquals(backend.liveResources().waits, 6);
		empty.close();
		full.close();
	});
	assertEquals(await full.get(), 1);
	await assertRejects(() => full.get(), ClosedResourceError);
});

simTest("iteration takes items until the queue is closed and empty", async (backend) => {
	const queue = backend.createQueue<number>(2);
	const got: number[] = [];
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			for await (const item of queue) got.push(item);
			got.push(-1);
		});
		for (let i = 0; i < 5; i++) await queue.put(i);
		await backend.sleep(5);
		await queue.put(5);
		queue.close();
	});
	assertEquals(got, [0, 1, 2, 3, 4, 5, -1]);
});

simTest("iteration obeys the scope around it, and break leaves the rest in the queue", async (backend) => {
	const queue = backend.createQueue<number>(5);
	for (let i = 0; i < 4; i++) await queue.put(i);
	for await (const item of queue) if (item === 1) break;
	assertEquals(queue.size, 2);
	const got: number[] = [];
	await assertRejects(
		() =>
			backend.timeout(10, async () => {
				for await (const item of queue) got.push(item);
			}),
		TimeoutError,
	);
	assertEquals(got, [2, 3]);
});

simTest("capacities that make no queue", async (backend) => {
	for (const capacity of [-1, NaN, 1.5, -Infinity]) {
		assertThrows(() => backend.createQueue(capacity), RangeError, `Cannot make a queue with capacity ${capacity}`);
	}
});

simTest("200,000 items in one queue take no longer each than a few", async (backend) => {
	const queue = backend.createQueue<number>(Infinity);
	for (let i = 0; i < 200_000; i++) queue.tryPut(i);
	let sum = 0;
	for (let i = 0; i < 200_000; i++) sum += await queue.get();
	assertEquals(sum, (200_000 * 199_999) / 2);
	assertEquals(queue.size, 0);
});
