import { CancelledError, TimeoutError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("set() wakes all who wait, in the order of their calls", async (backend) => {
	const event = backend.createEvent();
	const log: number[] = [];
	await backend.taskGroup(async (group) => {
		for (let i = 0; i < 5; i++) group.startSoon(() => event.wait().then(() => void log.push(i)));
		await backend.sleep(1);
		assertEquals(log, []);
		assert(!event.isSet);
		event.set();
		event.set();
		assert(event.isSet);
	});
	assertEquals(log, [0, 1, 2, 3, 4]);
});

simTest("waiting for what has happened takes no turn of the event loop", async (backend) => {
	const event = backend.createEvent();
	event.set();
	let turned = false;
	const turn = backend.shieldedCheckpoint().then(() => {
		turned = true;
	});
	await event.wait();
	await event.wait({ timeout: 0 });
	assert(!turned);
	await turn;
});

simTest("wait takes a limit and a signal, and obeys the scope", async (backend) => {
	const event = backend.createEvent();
	await assertRejects(() => event.wait({ timeout: 10 }), TimeoutError);
	await assertRejects(() => event.wait({ timeout: 0 }), TimeoutError);
	const controller = new AbortController();
	const waiting = event.wait({ signal: controller.signal, timeout: 100 });
	controller.abort(new RangeError("enough"));
	await assertRejects(() => waiting, RangeError, "enough");
	const scope = backend.openCancelScope({ deadline: backend.now() + 10 });
	await backend.runScope(scope, async () => {
		await assertRejects(() => event.wait(), CancelledError);
		event.set();
		await event.wait();
	});
	assert(scope.cancelledCaught, "also what has happened is not waited for in a cancelled scope");
	assertEquals(backend.now(), 20);
});

simTest("set, then cancelled in the same turn: the wait ends normally", async (backend) => {
	const event = backend.createEvent();
	const log: string[] = [];
	await backend.taskGroup(async (group) => {
		const task = group.startSoon(async () => {
			await event.wait();
			log.push("woke up");
			await backend.checkpoint();
			log.push("never");
		});
		await backend.checkpoint();
		event.set();
		task.cancel();
	});
	assertEquals(log, ["woke up"]);
});
