import { test } from "node:test";
import { ContextVar } from "../../src/concurrency/context_var.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";
import { HandlerDriver } from "../support/handler_driver.ts";

test("without a task: the default, or an error; nothing can be set", () => {
	assertEquals(new ContextVar("color", "red").get(), "red");
	assertEquals(new ContextVar<string | undefined>("color", undefined).get(), undefined);
	const color = new ContextVar<string>("color");
	assertEquals(color.name, "color");
	assertThrows(() => color.get(), ReferenceError, 'Cannot get the context variable "color"');
	assertThrows(() => color.set("red"), Error, 'Cannot set the context variable "color": no task is running');
});

simTest("a task starts with the values of the code that started it", async (backend) => {
	const color = new ContextVar("color", "none");
	const log: string[] = [];
	await backend.taskGroup(async (group) => {
		color.set("red");
		group.startSoon(async () => void log.push(`child: ${color.get()}`));
		color.set("green");
		const child = await group.start(async () => {
			await backend.checkpoint();
			return color.get();
		});
		color.set("blue");
		log.push(`started: ${await child.join()}`);
	});
	assertEquals(log, ["child: red", "started: green"]);
});

simTest("what a task sets stays in it and in the tasks it starts later", async (backend) => {
	const color = new ContextVar("color", "none");
	const log: string[] = [];
	await backend.taskGroup(async (group) => {
		color.set("red");
		const siblings = ["green", "blue"].map((own) =>
			group.startSoon(async () => {
				color.set(own);
				await backend.sleep(10);
				log.push(`${own}: ${color.get()}`);
				await backend.taskGroup((inner) => void inner.startSoon(() => log.push(`${own}'s child: ${color.get()}`)));
			}),
		);
		for (const sibling of siblings) await sibling.wait();
		log.push(`parent: ${color.get()}`);
	});
	assertEquals(log, ["green: green", "blue: blue", "green's child: green", "blue's child: blue", "parent: red"]);
});

simTest("a value set in a scope, a shield or a called function is set for the task", async (backend) => {
	const color = new ContextVar("color", "none");
	await backend.moveOnAfter(10, async () => color.set("red"));
	assertEquals(color.get(), "red");
	await backend.shield(async () => {
		await backend.checkpoint();
		color.set("green");
	});
	assertEquals(color.get(), "green");
	await backend.taskGroup(() => color.set("blue"));
	assertEquals(color.get(), "blue");
	await backend.gather([() => color.set("black")]);
	assertEquals(color.get(), "black");
});

simTest("variables of the same name are apart, and undefined is a value", async (backend) => {
	const one = new ContextVar<string | undefined>("color", "none");
	const two = new ContextVar<string | undefined>("color", "none");
	one.set(undefined);
	assertEquals([one.get(), two.get()], [undefined, "none"]);
	await backend.checkpoint();
	assertEquals([one.get(), two.get()], [undefined, "none"]);
});

simTest("a handler keeps its values from step to step", async (backend) => {
	const color = new ContextVar("color", "none");
	color.set("of the driver");
	const handler = async function* (): AsyncGenerator<string, void, string> {
		yield color.get();
		color.set(yield "set");
		yield* backend.timeout(50, async function* () {
			yield color.get();
			await backend.checkpoint();
			color.set("later");
			yield color.get();
		});
		yield color.get();
	};
	const one = new HandlerDriver(backend, handler);
	const two = new HandlerDriver(backend, handler);
	const seen: unknown[] = [];
	for (let i = 0; i < 5; i++) {
		for (const [name, driver] of [
			["one", one],
			["two", two],
		] as const) {
			seen.push((await driver.step("next", name)).value);
		}
	}
	await backend.gather([one.step("return"), two.step("return")]);
	assertEquals(seen, ["none", "none", "set", "set", "one", "two", "later", "later", "later", "later"]);
	assertEquals(color.get(), "of the driver");
});
