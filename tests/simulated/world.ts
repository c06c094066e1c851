import { Simulation } from "../../backends/simulated/mod.ts";
import type { AsyncBackend } from "../../src/backend/async_backend.ts";
import { TimeoutError } from "../../src/errors.ts";
import { UdpSocket } from "../../src/sockets/udp_socket.ts";

/** How a run of {@linkcode busyWorld} went. */
export interface WorldResult {
	readonly simulation: Simulation;
	/** How many requests were answered, were sent again, and were given up. */
	readonly answered: number;
	readonly retried: number;
	readonly failed: number;
	/** How many generators of the server have ended, one for each client. */
	readonly finalised: number;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (data: Uint8Array): string => new TextDecoder().decode(data);

/** A server's conversation with one client: an async generator that takes requests and gives answers, with locks and pauses on the way. */
async function* conversation(
	backend: AsyncBackend,
	random: () => number,
	onEnd: () => void,
): AsyncGenerator<string, void, string> {
	let request = yield "";
	try {
		for (let n = 0; ; n++) {
			if (random() < 0.3) await backend.sleep(random() * 20);
			request = yield `${request} is request ${n}`;
		}
	} finally {
		await backend.shield(() => backend.sleep(1));
		onEnd();
	}
}

/** A server with a task for each peer, and clients on hosts of their own that send requests again when no answer comes. */
export async function busyWorld(seed: number | bigint, clients: number, requests: number): Promise<WorldResult> {
	const faults = { loss: 0.15, duplication: 0.1, delay: { min: 1, max: 30 } };
	const simulation = new Simulation({ seed, faults });
	const serverHost = simulation.host("10.0.0.1", "server.test");
	const counts = { answered: 0, retried: 0, failed: 0, finalised: 0 };
	const random = (): number => simulation.random();

	async function serve(socket: UdpSocket): Promise<void> {
		await serverHost.taskGroup(async (group) => {
			const queues = new Map<string, (request: string) => boolean>();
			for await (const { data, address } of socket) {
				let put = queues.get(address.toString());
				if (put === undefined) {
					const queue = serverHost.createQueue<string>(4);
					put = (request) => queue.tryPut(request);
					queues.set(address.toString(), put);
					group.startSoon(async () => {
						const answers = conversation(serverHost, random, () => counts.finalised++);
						try {
							await answers.next();
							for await (const request of queue) {
								const { value } = await answers.next(request);
								await socket.send(encode(value as string), address);
							}
						} finally {
							await answers.return();
						}
					});
				}
				put(decode(data));
			}
		});
	}

	async function request(backend: AsyncBackend, socket: UdpSocket, id: string): Promise<boolean> {
		for (let attempt = 0; attempt < 5; attempt++) {
			if (attempt > 0) counts.retried++;
			await socket.send(encode(id));
			try {
				return await backend.timeout(80, async () => {
					while (!decode((await socket.receive()).data).startsWith(`${id} `));
					return true;
				});
			} catch (error) {
				if (!(error instanceof TimeoutError)) throw error;
			}
		}
		return false;
	}

	await simulation.run(async (backend) => {
		const socket = await UdpSocket.bind({ backend: serverHost, port: 53 });
		await backend.taskGroup(async (group) => {
			const server = group.startSoon(() => serve(socket));
			const hosts = Array.from({ length: clients }, (_, n) => simulation.host(`10.0.1.${n + 1}`));
			await backend.gather(
				hosts.map((host, n) => async () => {
					const client = await UdpSocket.connect({ backend: host, host: "server.test", port: 53 });
					for (let i = 0; i < requests; i++) {
						if (await request(host, client, `${n}.${i}`)) counts.answered++;
						else counts.failed++;
						await host.sleep(simulation.random() * 10);
					}
					await client.close();
				}),
			);
			server.cancel();
		});
		await socket.close();
	});
	return { simulation, ...counts };
}
