import { test } from "node:test";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { runInSimulation } from "../support/backend_test.ts";

test("a test that leaves a wait behind fails", async () => {
	await assertRejects(
		() => runInSimulation((backend) => void backend.createEvent().wait()),
		Error,
		"Expected nothing to be left behind",
	);
});

test("a test that leaves a timer behind fails", async () => {
	await assertRejects(
		() => runInSimulation((backend) => void backend.sleep(10)),
		Error,
		"Expected nothing to be left behind",
	);
});

test("a test that leaves a task behind fails", async () => {
	await assertRejects(
		() =>
			runInSimulation((backend) => {
				backend.openTaskGroup().startSoon(() => new Promise(() => {}));
			}),
		Error,
		"Expected nothing to be left behind",
	);
});

test("a test whose body throws fails with that", async () => {
	await assertRejects(
		() =>
			runInSimulation(async () => {
				throw new RangeError("mine");
			}),
		RangeError,
		"mine",
	);
});

test("a test that leaves nothing behind passes", async () => {
	let runs = 0;
	await runInSimulation(async (backend) => {
		await backend.timeout(10, () => backend.sleep(5));
		runs++;
	});
	assertEquals(runs, 1);
});
