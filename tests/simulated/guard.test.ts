import { test } from "node:test";
import { NonDeterminismError, Simulation } from "../../backends/simulated/mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../support/assert.ts";

const sources: readonly (readonly [name: string, call: () => unknown])[] = [
	["Date.now", () => Date.now()],
	["performance.now", () => performance.now()],
	["Math.random", () => Math.random()],
	["setTimeout", () => setTimeout(() => undefined, 0)],
	["setInterval", () => setInterval(() => undefined, 1)],
];

function descriptors(): (PropertyDescriptor | undefined)[] {
	return [
		Object.getOwnPropertyDescriptor(Date, "now"),
		Object.getOwnPropertyDescriptor(performance, "now"),
		Object.getOwnPropertyDescriptor(Math, "random"),
		Object.getOwnPropertyDescriptor(globalThis, "setTimeout"),
		Object.getOwnPropertyDescriptor(globalThis, "setInterval"),
	];
}

for (const [name, call] of sources) {
	test(`${name} throws inside a simulation, and names itself`, async () => {
		await new Simulation().run(async (backend) => {
			const error = assertThrows(call, NonDeterminismError, `Cannot call "${name}" while a simulation runs`);
			assertEquals(error.function, name);
			await backend.sleep(1);
			assertThrows(call, NonDeterminismError);
		});
	});
}

test("the guard leaves every function as it was, after success and after failure", async () => {
	const before = descriptors();
	await new Simulation().run((backend) => backend.sleep(1));
	assertEquals(descriptors(), before);
	await assertRejects(() => new Simulation().run(() => Promise.reject(new Error("no"))), Error, "no");
	assertEquals(descriptors(), before);
	await assertRejects(() => new Simulation().run((backend) => backend.sleepForever()));
	assertEquals(descriptors(), before);
	assert(Date.now() > 0 && performance.now() > 0 && Math.random() < 1);
	await new Promise((resolve) => setTimeout(resolve, 0));
});

test("of two simulations at the same time, the last to end lifts the guard", async () => {
	const long = new Simulation().run(async (backend) => {
		for (let i = 0; i < 50; i++) await backend.sleep(1);
		assertThrows(() => Date.now(), NonDeterminismError);
	});
	await new Simulation().run((backend) => backend.sleep(1));
	assertThrows(() => Date.now(), NonDeterminismError);
	await long;
	assert(Date.now() > 0);
});

test("console, errors with stacks and structured data work inside a simulation", async () => {
	await new Simulation().run(async (backend) => {
		console.log("printed inside a simulation");
		await backend.sleep(1);
		assert(typeof new Error("with a stack").stack === "string");
		assertEquals(structuredClone({ a: [1] }), { a: [1] });
		assertEquals(new TextDecoder().decode(new TextEncoder().encode("ü")), "ü");
	});
});
