import { test } from "node:test";
import { type DatagramFaults, Simulation, type SimulationOptions } from "../../backends/simulated/mod.ts";
import { type UdpBindOptions, UdpSocket } from "../../src/sockets/udp_socket.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "../support/assert.ts";

interface Outcome {
	/** The number in each datagram that arrived, in order. */
	readonly arrived: number[];
	/** When each arrived. */
	readonly times: number[];
	readonly simulation: Simulation;
	readonly kernelDrops: number | undefined;
}

/** Sends numbered datagrams to one socket, one every `pause` milliseconds. */
async function flow(
	options: SimulationOptions,
	{ count = 1_000, pause = 1, size = 2, bind = {} as UdpBindOptions, draws = 0 } = {},
): Promise<Outcome> {
	const simulation = new Simulation(options);
	const arrived: number[] = [];
	const times: number[] = [];
	const kernelDrops = await simulation.run(async (backend) => {
		const server = await UdpSocket.bind({ backend, host: "127.0.0.1", ...bind });
		server.core.consume((data) => {
			arrived.push(((data[0] ?? 0) << 8) + (data[1] ?? 0));
			times.push(backend.now());
		});
		const client = await UdpSocket.bind({ backend, host: "127.0.0.1" });
		for (let n = 0; n < count; n++) {
			for (let i = 0; i < draws; i++) simulation.random();
			const data = new Uint8Array(size);
			data.set([n >> 8, n & 255]);
			await client.send(data, server.localAddress);
			if (pause > 0) await backend.sleep(pause);
		}
		await backend.sleep(1_000);
		return server.core.raw.kernelDrops?.();
	});
	return { arrived, times, simulation, kernelDrops };
}

const ordered = (numbers: readonly number[]): boolean =>
	numbers.every((n, i) => i === 0 || n > (numbers[i - 1] as number));
const linesWith = ({ simulation }: Outcome, what: string): number =>
	simulation.trace.filter((line) => line.includes(` ${what} `)).length;

test("without faults everything arrives at once, in order", async () => {
	const { arrived, times } = await flow({});
	assertEquals(arrived.length, 1_000);
	assert(ordered(arrived));
	assertEquals(times, arrived);
});

test("loss takes its share, and says so in the trace", async () => {
	const outcome = await flow({ seed: 11, faults: { loss: 0.3 } }, { count: 4_000 });
	assertAlmostEquals(outcome.arrived.length, 2_800, 120);
	assert(ordered(outcome.arrived));
	assertEquals(linesWith(outcome, "drop-loss"), 4_000 - outcome.arrived.length);
});

test("certain loss loses all, certain duplication doubles all", async () => {
	assertEquals((await flow({ faults: { loss: 1 } })).arrived.length, 0);
	const { arrived } = await flow({ faults: { duplication: 1 } });
	assertEquals(arrived.length, 2_000);
	assertEquals(new Set(arrived).size, 1_000);
});

test("duplication doubles its share", async () => {
	const outcome = await flow({ seed: 11, faults: { duplication: 0.2 } }, { count: 4_000 });
	assertAlmostEquals(outcome.arrived.length, 4_800, 120);
	assertEquals(linesWith(outcome, "duplicate"), outcome.arrived.length - 4_000);
});

test("delays are spread over their range, and let datagrams overtake each other", async () => {
	const { arrived, times } = await flow({ faults: { delay: { min: 10, max: 50 } } });
	const delays = arrived.map((n, i) => (times[i] as number) - n);
	assertEquals(arrived.length, 1_000);
	assert(Math.min(...delays) >= 10 && Math.min(...delays) < 11, `${Math.min(...delays)}`);
	assert(Math.max(...delays) < 50 && Math.max(...delays) > 49, `${Math.max(...delays)}`);
	assert(!ordered(arrived));
	const fixed = await flow({ faults: { delay: { min: 7, max: 7 } } });
	assertEquals(
		fixed.times,
		fixed.arrived.map((n) => n + 7),
	);
});

test("packets over the mtu are lost, headers included", async () => {
	assertEquals((await flow({ faults: { mtu: 1_500 } }, { count: 3, size: 1_472 })).arrived.length, 3);
	const outcome = await flow({ faults: { mtu: 1_500 } }, { count: 3, size: 1_473 });
	assertEquals(outcome.arrived.length, 0);
	assertEquals(linesWith(outcome, "drop-mtu"), 3);
});

test("IPv6 headers take 20 bytes more of the mtu", async () => {
	const simulation = new Simulation({ faults: { mtu: 1_500 } });
	await simulation.run(async (backend) => {
		const socket = await UdpSocket.bind({ backend, host: "::1" });
		for (const size of [1_452, 1_453]) await socket.send(new Uint8Array(size), socket.localAddress);
		await backend.sleep(1);
		assertEquals(socket.core.queuedDatagrams, 1);
		assertEquals((await socket.receive()).data.length, 1_452);
	});
});

test("what the receive buffer cannot hold is dropped and counted", async () => {
	const burst = { count: 1_000, pause: 0, size: 256 };
	const outcome = await flow({ faults: { receiveBuffer: 10 * 1_024 } }, burst);
	assertEquals(outcome.kernelDrops, linesWith(outcome, "drop-buffer"));
	assertEquals(outcome.kernelDrops, 990);
	assertEquals(outcome.arrived.length, 10);
	const own = await flow({}, { ...burst, bind: { receiveBufferSize: 4 << 20 } });
	assertEquals([own.arrived.length, own.kernelDrops], [1_000, 0]);
	// What Linux 6 keeps with its default size, measured: 256 datagrams of 64 bytes.
	const linux = await flow({}, { count: 2_000, pause: 0, size: 64 });
	assertEquals([linux.arrived.length, linux.kernelDrops], [256, 1_744]);
	const tiny = await flow({ faults: { receiveBuffer: 0 } }, { count: 10 });
	assertEquals([tiny.arrived.length, tiny.kernelDrops], [10, 0]);
});

test("the same seed gives the same fate, another seed another", async () => {
	const faults = { loss: 0.2, duplication: 0.1, delay: { min: 1, max: 9 } };
	const [one, same, other] = [
		await flow({ seed: 5, faults }),
		await flow({ seed: 5n, faults }),
		await flow({ seed: 6, faults }),
	];
	assertEquals(same.arrived, one.arrived);
	assertEquals(same.simulation.trace, one.simulation.trace);
	assertEquals(same.simulation.traceHash, one.simulation.traceHash);
	assertNotEquals(other.simulation.traceHash, one.simulation.traceHash);
});

test("draws of the user do not move the network's, and loss does not move delays", async () => {
	const delay = { min: 1, max: 9 };
	const plain = await flow({ faults: { delay } });
	const drawing = await flow({ faults: { delay } }, { draws: 3 });
	assertEquals(drawing.simulation.traceHash, plain.simulation.traceHash);
	const arrival = ({ arrived, times }: Outcome): Map<number, number> =>
		new Map(arrived.map((n, i) => [n, times[i] as number]));
	const all = arrival(plain);
	const some = arrival(await flow({ faults: { delay, loss: 0.4 } }));
	assert(some.size > 500 && some.size < 700, `${some.size}`);
	for (const [n, time] of some) assertEquals(time, all.get(n));
});

test("faults out of range are refused", () => {
	const wrong: readonly (readonly [Partial<DatagramFaults>, string])[] = [
		[{ loss: 1.1 }, 'Cannot use 1.1 as "loss"'],
		[{ loss: -0.1 }, 'Cannot use -0.1 as "loss"'],
		[{ duplication: Number.NaN }, 'Cannot use NaN as "duplication"'],
		[{ mtu: -1 }, 'Cannot use -1 as "mtu"'],
		[{ receiveBuffer: "1" as unknown as number }, 'Cannot use 1 as "receiveBuffer"'],
		[{ delay: { min: 5, max: 4 } }, 'Cannot use 5 as "delay.min": "delay.max" is 4'],
		[{ delay: { min: 0, max: Infinity } }, 'Cannot use Infinity as "delay.max"'],
	];
	for (const [faults, message] of wrong) {
		const error = assertThrows(() => new Simulation({ faults }), Error, message);
		assert(error instanceof TypeError || error instanceof RangeError);
	}
	assertThrows(() => new Simulation({ maxEvents: -1 }), RangeError, '"maxEvents"');
	assertThrows(() => new Simulation({ maxVirtual: Number.NaN }), TypeError, '"maxVirtual"');
});
