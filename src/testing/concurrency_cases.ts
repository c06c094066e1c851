import { CancelledError, TimeoutError } from "../errors.ts";
import { check, checkEqual, checkRejects } from "./assertions.ts";
import type { CaseDefinition } from "./conformance_case.ts";

/** @internal Cancel scopes and task groups, as far as the driver's clock has a part in them. */
export const concurrencyCases: readonly CaseDefinition[] = [
	{
		id: "scopes.timeout",
		title: "A time limit ends a wait, and one that is not reached does nothing",
		needs: [],
		body: async ({ backend }) => {
			const start = backend.now();
			await checkRejects(
				backend.timeout(10, () => backend.sleepForever()),
				TimeoutError,
				"a wait with a limit",
			);
			check(backend.now() - start >= 10, "the limit not to pass too early");
			checkEqual(await backend.timeout(5_000, async () => "done"), "done", "the result");
			checkEqual(await backend.moveOnAfter(5, () => backend.sleepForever()), undefined, "the result");
			await checkRejects(
				backend.timeout(0, () => backend.checkpoint()),
				TimeoutError,
				"a checkpoint without time",
			);
		},
	},
	{
		id: "scopes.deadline",
		title: "A deadline can be moved while it runs",
		needs: [],
		body: async ({ backend }) => {
			const scope = backend.openCancelScope({ deadline: backend.now() + 10 });
			let end = 0;
			await backend.runScope(scope, async () => {
				scope.deadline = Infinity;
				await backend.sleep(20);
				check(!scope.cancelCalled, "a deadline that was moved not to pass");
				end = backend.now() + 10;
				scope.deadline = end;
				await backend.sleepForever();
			});
			check(scope.cancelledCaught && backend.now() >= end, "the moved deadline to end the scope");
		},
	},
	{
		id: "scopes.shield",
		title: "Shielded work ends before the cancellation around it takes effect",
		needs: [],
		body: async ({ backend }) => {
			const log: string[] = [];
			await backend.moveOnAfter(5, async () => {
				await backend.shield(() => backend.sleep(20));
				log.push("shielded work is done");
				await backend.checkpoint();
				log.push("never");
			});
			checkEqual(log, ["shielded work is done"], "what ran");
		},
	},
	{
		id: "tasks.failure",
		title: "The first task that fails cancels the others of its group, and the error arrives as it is",
		needs: [],
		body: async ({ backend }) => {
			let cancelled = 0;
			const group = backend.taskGroup((tasks) => {
				for (let i = 0; i < 3; i++) {
					tasks.startSoon(async () => {
						try {
							await backend.sleepForever();
						} catch (error) {
							if (error instanceof CancelledError) cancelled++;
							throw error;
						}
					});
				}
				tasks.startSoon(async () => {
					await backend.sleep(5);
					throw new RangeError("failed");
				});
			});
			await checkRejects(group, RangeError, "the group");
			checkEqual(cancelled, 3, "how many tasks were cancelled");
		},
	},
	{
		id: "tasks.turns",
		title: "Tasks that only make checkpoints take turns",
		needs: [],
		body: async ({ backend }) => {
			const counts = [0, 0, 0];
			await backend.moveOnAfter(20, () =>
				backend.taskGroup((tasks) => {
					counts.forEach((_, index) => {
						tasks.startSoon(async () => {
							for (let i = 0; i < 50; i++) {
								(counts[index] as number)++;
								await backend.checkpoint();
							}
						});
					});
				}),
			);
			const [least, most] = [Math.min(...counts), Math.max(...counts)];
			check(most - least <= 2, `the tasks to have made as many steps, got ${counts}`);
		},
	},
];
