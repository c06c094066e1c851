/** Worlds in which everything happens at random, from a seed: what must hold at every moment is looked at all the time. */

import type { Simulation } from "../../backends/simulated/mod.ts";
import type { HandlerGenerator } from "../../src/servers/handlers.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { type Client, checkStats, simulated, type World } from "./harness.ts";

const SEEDS = 60;
const PEERS = 30;
const LIMITS = { peers: 12, datagramsPerPeer: 4, queuedBytes: 200, peerIdleTimeout: 400, abandonTimeout: 50 };

/** What handlers do, each step chosen at random. */
async function* wild(client: Client, random: () => number): HandlerGenerator<string> {
	const { backend } = client;
	const among = <T>(...options: T[]): T => options[Math.floor(random() * options.length)] as T;
	if (random() < 0.05) return;
	if (random() < 0.05) throw new Error("before the first yield");
	const request = yield;
	try {
		for (let steps = Math.floor(random() * 5); steps > 0; steps--) {
			switch (Math.floor(random() * 12)) {
				case 0:
					await backend.sleep(random() * 50);
					break;
				case 1:
					await client.sendPacket(request);
					break;
				case 2:
					yield { timeout: random() * 60 };
					break;
				case 3:
					yield* backend.moveOnAfter(random() * 60, async function* () {
						yield;
						await backend.sleep(random() * 20);
						yield { timeout: random() * 30 };
					});
					break;
				case 4:
					yield* backend.timeout(random() * 40, async function* () {
						yield;
					});
					break;
				case 5:
					await backend.shield(() => backend.sleep(random() * 30));
					break;
				case 6:
					client.markValidated();
					break;
				case 7:
					throw among<unknown>(new Error("wild"), "text", undefined);
				case 8:
					await backend.taskGroup((group) => void group.startSoon(() => backend.sleep(random() * 20)));
					break;
				case 9:
					yield among<unknown>(5, null, { timeout: -1 }) as undefined;
					break;
				default:
					yield;
			}
		}
	} catch (error) {
		if (random() < 0.3) yield;
		throw error;
	} finally {
		const ending = random();
		if (ending < 0.1) await backend.sleep(random() * 20);
		else if (ending < 0.2) await backend.shield(() => backend.sleep(random() * 80));
		else if (ending < 0.22) await new Promise<never>(() => undefined);
		else if (ending < 0.25) yield;
	}
}

async function live(world: World, simulation: Simulation): Promise<void> {
	const { backend } = world;
	const random = (): number => simulation.random();
	const overflow = random() < 0.5 ? "drop-newest" : "drop-oldest";
	const limits = random() < 0.5 ? LIMITS : { ...LIMITS, amplification: 2 };
	const server = await world.serve(
		{
			serviceInit(exitStack) {
				exitStack.use(backend.openTaskGroup()).startSoon(() => backend.sleepForever());
			},
			handle: (client) => wild(client, random),
		},
		{ overflow, limits },
	);
	const check = (): void => {
		const stats = server.stats();
		checkStats(stats);
		assert(stats.peers <= LIMITS.peers, `${stats.peers} peers`);
		assert(stats.handlers <= 2 * LIMITS.peers, `${stats.handlers} handlers`);
		assert(stats.queued <= stats.handlers * (LIMITS.datagramsPerPeer + 1) + 1_000);
	};
	for (let event = 0; event < 300; event++) {
		const what = random();
		if (what < 0.85) {
			const peer = Math.floor(random() * PEERS);
			world.inject(server, { host: `10.0.0.${peer}`, port: 9 }, "x".repeat(Math.floor(random() * 60)));
		} else if (what < 0.98) {
			await backend.sleep(random() * 30);
		} else {
			const stops = [server.shutdown({ drain: random() < 0.5 ? 0 : random() * 100 })];
			if (random() < 0.3) stops.push(server.shutdown({ drain: random() * 50 }));
			await Promise.all(stops);
			check();
			assertEquals([server.stats().handlers, server.stats().peers], [0, 0]);
			if (random() < 0.3) await backend.sleep(random() * 20);
			await server.start();
		}
		check();
	}
	await server.shutdown({ drain: random() * 100 });
	check();
	// Shielded clean-ups that were abandoned may still sleep.
	await backend.sleep(100);
}

for (let seed = 1; seed <= SEEDS; seed++) {
	simulated(`a wild world keeps its promises, seed ${seed}`, (world) => live(world, world.simulation as Simulation), {
		seed,
	});
}
