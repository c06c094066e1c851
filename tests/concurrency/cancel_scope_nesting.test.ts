import { CancelledError } from "../../src/errors.ts";
import { assert, assertEquals, assertRejects, fail } from "../support/assert.ts";
import { simTest } from "../support/backend_test.ts";

simTest("cancelling the outer scope ends waits in the inner one; the outer catches", async (backend) => {
	const outer = backend.openCancelScope();
	const inner = backend.openCancelScope();
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await backend.sleep(10);
			outer.cancel();
		});
		await backend.runScope(outer, async () => {
			await backend.runScope(inner, () => backend.sleepForever());
			fail("the inner scope must not swallow it");
		});
	});
	assert(outer.cancelledCaught);
	assert(!inner.cancelCalled);
	assert(!inner.cancelledCaught);
});

simTest("cancelling the inner scope leaves the outer one alone", async (backend) => {
	const outer = backend.openCancelScope();
	const inner = backend.openCancelScope();
	await backend.runScope(outer, async () => {
		await backend.runScope(inner, async () => {
			inner.cancel();
			await backend.sleepForever();
		});
		await backend.sleep(10);
	});
	assert(inner.cancelledCaught);
	assert(!outer.cancelCalled);
	assertEquals(backend.now(), 10);
});

simTest("both cancelled: the outermost catches, whichever was first", async (backend) => {
	for (const innerFirst of [true, false]) {
		const outer = backend.openCancelScope();
		const inner = backend.openCancelScope();
		await backend.runScope(outer, async () => {
			await backend.runScope(inner, async () => {
				for (const scope of innerFirst ? [inner, outer] : [outer, inner]) scope.cancel();
				await backend.checkpoint();
			});
			fail();
		});
		assert(outer.cancelledCaught);
		assert(!inner.cancelledCaught);
	}
});

simTest(
	"the outer scope cancelled while the inner cancellation is on its way out: the outer catches",
	async (backend) => {
		const outer = backend.openCancelScope();
		const inner = backend.openCancelScope();
		await backend.runScope(outer, async () => {
			await backend.runScope(inner, async () => {
				inner.cancel();
				try {
					await backend.checkpoint();
				} finally {
					outer.cancel();
				}
			});
			fail();
		});
		assert(outer.cancelledCaught);
		assert(!inner.cancelledCaught);
	},
);

simTest(
	"T-BK-31 outer cancelled, inner cancelled with an empty body: the outer catches at the next wait",
	async (backend) => {
		const outer = backend.openCancelScope();
		const inner = backend.openCancelScope();
		await backend.runScope(outer, async () => {
			outer.cancel();
			await backend.runScope(inner, () => inner.cancel());
			assert(inner.cancelCalled);
			assert(!inner.cancelledCaught);
			await backend.checkpoint();
			fail();
		});
		assert(outer.cancelledCaught);
	},
);

simTest(
	"T-BK-32 inner, then outer cancelled across shielded turns: the outer catches at the first plain one",
	async (backend) => {
		const outer = backend.openCancelScope();
		const inner = backend.openCancelScope();
		await backend.runScope(outer, async () => {
			await backend.runScope(inner, async () => {
				inner.cancel();
				await backend.shieldedCheckpoint();
				outer.cancel();
				await backend.shieldedCheckpoint();
			});
			assert(!inner.cancelledCaught);
			await backend.shieldedCheckpoint();
			await backend.checkpoint();
			fail();
		});
		assert(outer.cancelledCaught);
	},
);

simTest("T-BK-37 a wait inside of an inner cancelled scope still throws in a cancelled outer one", async (backend) => {
	const outer = backend.openCancelScope();
	const checkIfCancelled = async (): Promise<void> => {
		const scope = backend.openCancelScope();
		scope.cancel();
		await backend.runScope(scope, () => backend.sleepForever());
	};
	await checkIfCancelled();
	await backend.runScope(outer, async () => {
		outer.cancel();
		await assertRejects(checkIfCancelled, CancelledError);
		await checkIfCancelled();
		fail();
	});
	assert(outer.cancelledCaught);
});

simTest("a shield keeps the outer cancellation outside until it is left", async (backend) => {
	const outer = backend.openCancelScope();
	const log: string[] = [];
	await backend.runScope(outer, async () => {
		outer.cancel();
		await backend.runScope(backend.openCancelScope({ shield: true }), async () => {
			await backend.sleep(10);
			log.push(`slept until ${backend.now()}`);
		});
		await backend.checkpoint();
		log.push("never");
	});
	assertEquals(log, ["slept until 10"]);
	assert(outer.cancelledCaught);
});

simTest("a shielded scope has its own cancellation, and catches it in a cancelled outer scope", async (backend) => {
	const outer = backend.openCancelScope();
	await backend.runScope(outer, async () => {
		outer.cancel();
		const inner = backend.openCancelScope({ shield: true, deadline: backend.now() + 30 });
		await backend.runScope(inner, () => backend.sleepForever());
		assert(inner.cancelledCaught);
		assertEquals(backend.now(), 30);
	});
	assert(!outer.cancelledCaught);
});

simTest("an unshielded scope inside of a shield is protected, too", async (backend) => {
	const outer = backend.openCancelScope();
	await backend.runScope(outer, async () => {
		outer.cancel();
		await backend.shield(async () => {
			await backend.moveOnAfter(50, () => backend.sleep(20));
			await backend.taskGroup((group) => void group.startSoon(() => backend.sleep(20)));
		});
		assertEquals(backend.now(), 40);
	});
});

simTest("taking the shield away while something waits delivers the cancellation", async (backend) => {
	const outer = backend.openCancelScope();
	const inner = backend.openCancelScope({ shield: true });
	let deeper: unknown;
	await backend.taskGroup(async (group) => {
		group.startSoon(async () => {
			await backend.sleep(10);
			outer.cancel();
			await backend.sleep(10);
			assert(inner.shield);
			inner.shield = false;
		});
		await backend.runScope(outer, async () => {
			await backend.runScope(inner, async () => {
				deeper = await backend
					.runScope(backend.openCancelScope(), () => backend.sleepForever())
					.catch((error) => error);
				await backend.sleepForever();
			});
			fail();
		});
		assertEquals(backend.now(), 20);
	});
	assert(deeper instanceof CancelledError);
	assert(outer.cancelledCaught);
	assert(!inner.cancelledCaught);
});

simTest("raising a shield protects what comes after", async (backend) => {
	const outer = backend.openCancelScope();
	const inner = backend.openCancelScope();
	await backend.runScope(outer, async () => {
		outer.cancel();
		await backend.runScope(inner, async () => {
			await assertRejects(() => backend.checkpoint(), CancelledError);
			inner.shield = true;
			await backend.sleep(5);
			inner.shield = false;
			await backend.checkpoint();
		});
		fail();
	});
	assert(outer.cancelledCaught);
	assertEquals(backend.now(), 5);
});

simTest(
	"a shield raised while the outer cancellation is on its way out: who was cancelled catches",
	async (backend) => {
		for (const innerCancelled of [true, false]) {
			const outer = backend.openCancelScope();
			const inner = backend.openCancelScope();
			await backend.runScope(outer, async () => {
				outer.cancel();
				await backend.runScope(inner, async () => {
					try {
						await backend.checkpoint();
					} finally {
						inner.shield = true;
						if (innerCancelled) inner.cancel();
					}
				});
				assert(innerCancelled);
			});
			assertEquals([inner.cancelledCaught, outer.cancelledCaught], [innerCancelled, !innerCancelled]);
		}
	},
);

simTest("T-BK-25 a zero timeout around shielded work that then ends raises nothing", async (backend) => {
	let seen: { cancelCalled: boolean; cancelledCaught: boolean } | undefined;
	const result = await backend.timeout(0, async (scope) => {
		seen = scope;
		return backend.shield(async () => {
			await backend.sleep(10);
			return "done";
		});
	});
	assertEquals(result, "done");
	assert(seen?.cancelCalled);
	assert(!seen.cancelledCaught);
	await backend.checkpoint();
});

simTest(
	"T-BK-26 three nested zero limits with shielded work: the outer catches at the first wait after it",
	async (backend) => {
		const scopes = [0, 1, 2].map(() => backend.openCancelScope({ deadline: backend.now() }));
		const [outer, middle, inner] = scopes as [(typeof scopes)[0], (typeof scopes)[0], (typeof scopes)[0]];
		await backend.runScope(outer, async () => {
			await backend.runScope(middle, async () => {
				await backend.runScope(inner, async () => {
					await backend.shield(() => backend.sleep(10));
				});
				assert(!inner.cancelledCaught);
				await backend.shieldedCheckpoint();
			});
			assert(!middle.cancelledCaught);
			await backend.checkpoint();
			fail();
		});
		assert(scopes.every((scope) => scope.cancelCalled));
		assertEquals(
			scopes.map((scope) => scope.cancelledCaught),
			[true, false, false],
		);
	},
);

simTest(
	"T-BK-27 a cancelled task in shielded work inside scopes: delivered after, scopes do not swallow it",
	async (backend) => {
		const log: string[] = [];
		await backend.taskGroup(async (group) => {
			const task = group.startSoon(async () => {
				const inner = backend.openCancelScope({ deadline: backend.now() + 5 });
				await backend.moveOnAfter(1_000, async () => {
					await backend.runScope(inner, async () => {
						await backend.shield(() => backend.sleep(20));
						log.push("shielded work done");
						await backend.checkpoint();
					});
					log.push("never");
				});
				log.push("never");
			});
			await backend.sleep(10);
			task.cancel();
			await task.wait();
			assert(task.cancelled);
			assertEquals(backend.now(), 20);
		});
		assertEquals(log, ["shielded work done"]);
	},
);

simTest(
	"T-BK-28 outer deadline passed in a shielded sleep, then inner.cancel(): the outer catches",
	async (backend) => {
		const outer = backend.openCancelScope({ deadline: 10 });
		const inner = backend.openCancelScope();
		await backend.runScope(outer, async () => {
			await backend.runScope(inner, async () => {
				await backend.shield(() => backend.sleep(20));
				inner.cancel();
				await backend.checkpoint();
			});
			fail();
		});
		assert(inner.cancelCalled);
		assert(!inner.cancelledCaught);
		assert(outer.cancelledCaught);
	},
);

simTest(
	"T-BK-29 inner deadline passed in shielded sleep within extra scopes: not caught, the outer one works",
	async (backend) => {
		const outer = backend.openCancelScope({ deadline: 50 });
		const inner = backend.openCancelScope({ deadline: 10 });
		await backend.runScope(outer, async () => {
			await backend.runScope(inner, async () => {
				await backend.runScope(backend.openCancelScope(), () => backend.shield(() => backend.sleep(20)));
			});
			assert(inner.cancelCalled);
			assert(!inner.cancelledCaught);
			assert(!outer.cancelCalled);
			await backend.sleepForever();
		});
		assert(outer.cancelledCaught);
		assertEquals(backend.now(), 50);
	},
);
