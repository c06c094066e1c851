/**
 * The load client where there is neither a C compiler nor TinyCC: same arguments, same output as load.c, for a few
 * tens of thousands of messages per second. Runs under Bun.
 */
interface Slot {
	sequence: number;
	sentAt: number;
	isPending: boolean;
	readonly bytes: Buffer;
}
interface Client {
	send(data: Uint8Array): boolean;
	close(): void;
}
interface ClientOptions {
	connect: { hostname: string; port: number };
	socket: { data(socket: Client, data: Buffer): void; error(): void };
}
const { Bun } = globalThis as unknown as {
	Bun: { udpSocket(options: ClientOptions): Promise<Client>; nanoseconds(): number };
};

const ID_BASE = 10 ** 14;
const RETRY_AFTER = 100e6;
const DRAIN_FOR = 20e6;
const TOUCH_FOR = 20e9;
const TOUCH_WINDOW = 64;

const values = process.argv.slice(2);
const payload = values.pop();
const [port = 0, clients = 0, window = 0, size = 0, duration = 0, warmUp = 0] = values.map(Number);
const isJson = payload === "json";
const isTouch = duration === 0;
const total = clients * window;

let [replies, measured, lost, late, wrong, pending] = [0, 0, 0, 0, 0, 0];
let isMeasuring = isTouch;
let isSending = !isTouch;
const roundTrips: number[] = [];

const slots: Slot[] = Array.from({ length: total }, (_, index) => {
	const text = String.fromCharCode(97 + (index % 26)).repeat(size);
	return { sequence: 0, sentAt: 0, isPending: false, bytes: Buffer.from(text) };
});

const sockets: Client[] = [];
for (let index = 0; index < clients; index++) {
	const socket = {
		data: (_: Client, data: Buffer): void => receive(index, data),
		error(): void {},
	};
	sockets.push(await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port }, socket }));
}

function send(index: number): void {
	const slot = slots[index] as Slot;
	const id = slot.sequence * total + index;
	slot.sentAt = Bun.nanoseconds();
	if (isJson) {
		const start = `{"id":${ID_BASE + id},"text":"`;
		slot.bytes.write(start);
		slot.bytes.write('"}', size - 2);
	} else {
		slot.bytes.writeDoubleLE(id, 0);
		slot.bytes.writeDoubleLE(slot.sentAt, 8);
	}
	if (!slot.isPending) pending++;
	slot.isPending = true;
	// What the kernel does not take is retried like a datagram that was lost.
	sockets[Math.floor(index / window)]?.send(slot.bytes);
}

function receive(client: number, data: Buffer): void {
	const id =
		data.length !== size
			? Number.NaN
			: isJson
				? Number(data.toString("latin1", 6, 21)) - ID_BASE
				: data.readDoubleLE(0);
	const index = id % total;
	const slot = slots[index];
	const sequence = Math.floor(id / total);
	if (slot === undefined || Math.floor(index / window) !== client || sequence > slot.sequence) {
		wrong++;
	} else if (sequence < slot.sequence) {
		// Only load.c tells a late reply from a second one.
		replies++;
		late++;
	} else if (!slot.isPending || !data.equals(slot.bytes)) {
		wrong++;
	} else {
		replies++;
		if (isMeasuring) {
			measured++;
			roundTrips.push(Bun.nanoseconds() - slot.sentAt);
		}
		slot.sequence++;
		slot.isPending = false;
		pending--;
		if (isSending) send(index);
	}
}

const start = Bun.nanoseconds();
const measureFrom = start + warmUp * 1e6;
const stop = isTouch ? start + TOUCH_FOR : measureFrom + duration * 1e6;
let [measuredSince, stoppedAt, touched] = [0, 0, 0];
if (!isTouch) for (let index = 0; index < total; index++) send(index);
for (;;) {
	while (isTouch && touched < clients && pending < TOUCH_WINDOW) send(touched++);
	await new Promise((resolve) => setTimeout(resolve, 1));
	const time = Bun.nanoseconds();
	for (const [index, slot] of slots.entries()) {
		if (!slot.isPending || time - slot.sentAt < RETRY_AFTER || stoppedAt > 0) continue;
		lost++;
		slot.sequence++;
		send(index);
	}
	if (measuredSince === 0 && time >= measureFrom) {
		measuredSince = time;
		isMeasuring = true;
		lost = late = 0;
	}
	if (stoppedAt === 0 && (time >= stop || (isTouch && replies >= clients))) {
		stoppedAt = time;
		isMeasuring = isSending = false;
	}
	if (stoppedAt > 0 && (pending === 0 || time >= stoppedAt + DRAIN_FOR)) break;
}
roundTrips.sort((a, b) => a - b);
const percentile = (p: number): number => (roundTrips[Math.floor(p * measured)] ?? 0) / 1000;
const messagesPerSecond = Math.round(measured / ((stoppedAt - measuredSince) / 1e9));
const { user, system } = process.cpuUsage();
const counts = { lost, late, wrong, messages: replies, cpu: user + system };
console.log(JSON.stringify({ messagesPerSecond, p50: percentile(0.5), p99: percentile(0.99), ...counts }));
process.exit(0);
