// UDP echo load for Linux: N connected sockets, W datagrams outstanding on each, every reply compared with what was sent.
//
//   load PORT CLIENTS WINDOW SIZE DURATION_MS WARMUP_MS bytes|json
//
// A duration of 0 sends one datagram from each client, waits for the replies, and keeps every socket open until then.
// Prints one JSON object. `messages` counts every reply, warm-up and drain included; the rate and the percentiles do not.

#ifdef OWN_DECLARATIONS
#include "linux.h"
#else
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#endif

enum {
	BATCH = 64,
	MAX_SIZE = 65507,
	ID_BASE_DIGITS = 15, // ids start at 10^14: always 15 digits, exact as a JavaScript number
	JSON_PREFIX = 6,     // {"id":
	SUB_BUCKETS = 64,    // a bucket is at most 1/64 wide
	BUCKETS = 64 * SUB_BUCKETS,
	TOUCH_WINDOW = 64, // outstanding in all when each client sends one datagram
};
static const uint64_t ID_BASE = 100000000000000;
static const uint64_t MS = 1000000;
static const uint64_t RETRY_AFTER = 100 * 1000000;
static const uint64_t DRAIN_FOR = 20 * 1000000;
static const uint64_t TOUCH_FOR = 20000 * 1000000ul;

struct slot {
	uint64_t sequence;
	uint64_t answered; // bit k: the datagram k + 1 before this one was answered
	uint64_t sent_at;
	uint8_t *bytes;
	int pending;
};

static int clients, window, size, json, touch;
static int *sockets;
static struct slot *slots;
static uint64_t histogram[BUCKETS];
static uint64_t replies, measured, lost, late, wrong, pending;
static int measuring, sending;
static struct mmsghdr incoming[BATCH], outgoing[BATCH];
static struct iovec incoming_parts[BATCH], outgoing_parts[BATCH];
static uint8_t *incoming_bytes;
static int outgoing_count;

static uint64_t read_clock(int clock) {
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint64_t now(void) {
	return read_clock(CLOCK_MONOTONIC);
}

static void record(uint64_t nanoseconds) {
	int shift = 0;
	while ((nanoseconds >> shift) >= 2 * SUB_BUCKETS) shift++;
	histogram[shift * SUB_BUCKETS + (nanoseconds >> shift)]++;
}

static double percentile(double p) {
	uint64_t wanted = (uint64_t)(p * measured), seen = 0;
	for (int i = 0; i < BUCKETS; i++) {
		seen += histogram[i];
		if (seen <= wanted) continue;
		int shift = i < 2 * SUB_BUCKETS ? 0 : i / SUB_BUCKETS - 1;
		return (double)((uint64_t)(i - shift * SUB_BUCKETS) << shift) / 1000;
	}
	return 0;
}

static void put_number(uint8_t *at, uint64_t number) {
	for (int i = ID_BASE_DIGITS - 1; i >= 0; i--, number /= 10) at[i] = '0' + number % 10;
}

static uint64_t identifier(const uint8_t *bytes) {
	uint64_t number = 0;
	if (!json) {
		memcpy(&number, bytes, 8);
		return number;
	}
	for (int i = 0; i < ID_BASE_DIGITS; i++) number = number * 10 + (uint64_t)(bytes[JSON_PREFIX + i] - '0');
	return number - ID_BASE;
}

static void fill(int index) {
	uint8_t *bytes = slots[index].bytes;
	for (int i = 0; i < size; i++) bytes[i] = json ? 'a' + (i + index) % 26 : (uint8_t)(i * 31 + index);
	if (!json) return;
	memcpy(bytes, "{\"id\":", JSON_PREFIX);
	memcpy(bytes + JSON_PREFIX + ID_BASE_DIGITS, ",\"text\":\"", 9);
	memcpy(bytes + size - 2, "\"}", 2);
}

// What the kernel does not take at once stays pending and is retried like a datagram that was lost.
static void flush_outgoing(int client) {
	int sent = 0;
	while (sent < outgoing_count) {
		int n = sendmmsg(sockets[client], outgoing + sent, outgoing_count - sent, MSG_DONTWAIT);
		if (n <= 0) break;
		sent += n;
	}
	outgoing_count = 0;
}

static void queue(int index, uint64_t time) {
	struct slot *slot = &slots[index];
	uint64_t id = slot->sequence * clients * window + index;
	if (json) {
		put_number(slot->bytes + JSON_PREFIX, ID_BASE + id);
	} else {
		memcpy(slot->bytes, &id, 8);
		memcpy(slot->bytes + 8, &time, 8);
	}
	slot->sent_at = time;
	if (!slot->pending) pending++;
	slot->pending = 1;
	outgoing_parts[outgoing_count++].iov_base = slot->bytes;
	if (outgoing_count == BATCH) flush_outgoing(index / window);
}

static void next(int index, int answered, uint64_t time) {
	struct slot *slot = &slots[index];
	slot->answered = slot->answered << 1 | answered;
	slot->sequence++;
	if (answered) {
		slot->pending = 0;
		pending--;
	}
	if (sending) queue(index, time);
}

static void receive(int client, const uint8_t *bytes, int length, uint64_t time) {
	uint64_t id = length == size ? identifier(bytes) : 0;
	int index = id % ((uint64_t)clients * window);
	uint64_t sequence = id / ((uint64_t)clients * window);
	struct slot *slot = &slots[index];
	uint64_t age = slot->sequence - sequence;
	if (length != size || index / window != client) {
		wrong++;
	} else if (age == 0 && slot->pending && memcmp(bytes, slot->bytes, size) == 0) {
		replies++;
		if (measuring) {
			measured++;
			record(time - slot->sent_at);
		}
		next(index, 1, time);
	} else if (sequence < slot->sequence && (age > 64 || !(slot->answered >> (age - 1) & 1))) {
		if (age <= 64) slot->answered |= (uint64_t)1 << (age - 1);
		replies++;
		late++;
	} else {
		wrong++;
	}
}

static void read_from(int client) {
	int n = recvmmsg(sockets[client], incoming, BATCH, MSG_DONTWAIT, NULL);
	uint64_t time = now();
	for (int i = 0; i < n; i++) {
		receive(client, incoming_parts[i].iov_base, incoming[i].msg_len, time);
	}
	flush_outgoing(client);
}

static void retry_lost(uint64_t time) {
	for (int client = 0; client < clients; client++) {
		for (int index = client * window; index < (client + 1) * window; index++) {
			if (!slots[index].pending || time - slots[index].sent_at < RETRY_AFTER) continue;
			lost++;
			next(index, 0, time);
		}
		flush_outgoing(client);
	}
}

static int open_sockets(int epoll, int port) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	struct sockaddr_in server;
	memset(&server, 0, sizeof server);
	server.sin_family = AF_INET;
	server.sin_port = htons(port);
	server.sin_addr.s_addr = htonl(0x7f000001);
	for (int i = 0; i < clients; i++) {
		sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
		struct epoll_event event;
		event.events = EPOLLIN;
		event.data.u64 = i;
		if (sockets[i] < 0 || connect(sockets[i], (struct sockaddr *)&server, sizeof server) < 0 ||
			epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event) < 0) {
			perror("Cannot open a client socket");
			return 0;
		}
	}
	return 1;
}

static void prepare(void) {
	sockets = calloc(clients, sizeof *sockets);
	slots = calloc((size_t)clients * window, sizeof *slots);
	for (int i = 0; i < clients * window; i++) {
		slots[i].bytes = calloc(1, size);
		fill(i);
	}
	// One byte more than expected, so that a longer reply is seen as wrong and not cut to the right size.
	incoming_bytes = calloc(BATCH, size + 1);
	for (int i = 0; i < BATCH; i++) {
		incoming_parts[i].iov_base = incoming_bytes + (size_t)i * (size + 1);
		incoming_parts[i].iov_len = size + 1;
		incoming[i].msg_hdr.msg_iov = &incoming_parts[i];
		incoming[i].msg_hdr.msg_iovlen = 1;
		outgoing_parts[i].iov_len = size;
		outgoing[i].msg_hdr.msg_iov = &outgoing_parts[i];
		outgoing[i].msg_hdr.msg_iovlen = 1;
	}
}

int load(int port, int client_count, int window_size, int payload_size, int duration_ms, int warmup_ms, int is_json) {
	clients = client_count;
	window = window_size;
	size = payload_size;
	json = is_json;
	touch = duration_ms == 0;
	if (port < 1 || clients < 1 || window < 1 || size < (json ? 40 : 16) || size > MAX_SIZE || duration_ms < 0) return 2;
	int epoll = epoll_create1(0);
	prepare();
	if (!open_sockets(epoll, port)) return 1;

	struct epoll_event events[256];
	uint64_t start = now(), measure_from = start + warmup_ms * MS;
	uint64_t stop = touch ? start + TOUCH_FOR : measure_from + duration_ms * MS;
	uint64_t time = start, next_retry = start + RETRY_AFTER / 4, measured_since = 0, stopped = 0;
	int touched = 0;
	measuring = touch;
	sending = !touch;
	for (int client = 0; client < clients && !touch; client++) {
		for (int i = 0; i < window; i++) queue(client * window + i, now());
		flush_outgoing(client);
	}
	for (;;) {
		while (touch && touched < clients && pending < TOUCH_WINDOW) {
			queue(touched, now());
			flush_outgoing(touched++);
		}
		int n = epoll_wait(epoll, events, 256, 5);
		for (int i = 0; i < n; i++) read_from((int)events[i].data.u64);
		time = now();
		if (time >= next_retry) {
			sending = !stopped;
			retry_lost(time);
			sending = !stopped && !touch;
			next_retry = time + RETRY_AFTER / 4;
		}
		if (!measured_since && time >= measure_from) {
			measured_since = time;
			measuring = 1;
			lost = late = 0;
		}
		if (!stopped && (time >= stop || (touch && replies >= (uint64_t)clients))) {
			stopped = time;
			measuring = sending = 0;
		}
		if (stopped && (pending == 0 || time >= stopped + DRAIN_FOR)) break;
	}
	double seconds = (double)(stopped - measured_since) / 1e9;
	printf("{\"messagesPerSecond\":%.0f,\"p50\":%.2f,\"p99\":%.2f,", seconds > 0 ? measured / seconds : 0, percentile(0.5), percentile(0.99));
	printf("\"lost\":%lu,\"late\":%lu,\"wrong\":%lu,\"messages\":%lu,", lost, late, wrong, replies);
	printf("\"cpu\":%lu}\n", read_clock(CLOCK_PROCESS_CPUTIME_ID) / 1000);
	fflush(stdout);
	return 0;
}

#ifndef OWN_DECLARATIONS
int main(int count, char **values) {
	if (count != 8) {
		fprintf(stderr, "Usage: load PORT CLIENTS WINDOW SIZE DURATION_MS WARMUP_MS bytes|json\n");
		return 2;
	}
	int n[7];
	for (int i = 1; i < 7; i++) n[i] = atoi(values[i]);
	return load(n[1], n[2], n[3], n[4], n[5], n[6], strcmp(values[7], "json") == 0);
}
#endif
