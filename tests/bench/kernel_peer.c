/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel_peer HOW INTERFACE PORT SECONDS GROUP...: what a program does that receives multicast
 * through the kernel. HOW is recvfrom or recvmmsg (join, bind, receive) or packet (AF_PACKET with a
 * TPACKET_V3 ring). Prints "ready", and after SECONDS a JSON object: datagrams, CPU time, and the
 * time from the sender's stamp (tools/probe.h) to here. SIGTERM ends it earlier. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "../../tools/probe.h"

#define BATCH        32
#define BUFFER_BYTES (8 << 20)
#define BLOCK_BYTES  (1 << 18)
#define BLOCKS       64
#define SAMPLES_MAX  (1u << 21)

struct peer {
	int fd;
	uint16_t port; /* UDP, host order */
	uint64_t received;
	uint32_t *samples; /* ns */
	uint32_t n_samples;
	uint8_t *ring; /* of AF_PACKET */
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = 1;
}

static int fail(const char *what)
{
	fprintf(stderr, "kernel_peer: %s: %s\n", what, strerror(errno));
	return -1;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void took(struct peer *p, const uint8_t *payload, size_t len, uint64_t now)
{
	uint64_t stamp;

	p->received++;
	if (len < PROBE_MIN_BYTES || p->n_samples == SAMPLES_MAX)
		return;
	memcpy(&stamp, payload + 8, sizeof(stamp));
	stamp = be64toh(stamp);
	p->samples[p->n_samples++] = now > stamp ? (uint32_t)(now - stamp) : 0;
}

/* ---- sockets ---- */

static int open_socket(struct peer *p, const char *interface, char **groups, int n)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(p->port)};
	struct timeval patience = {.tv_usec = 100000};
	int bytes = BUFFER_BYTES;

	p->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (p->fd < 0 || bind(p->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail("bind");
	if (setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (int i = 0; i < n; i++) {
		struct ip_mreqn join = {.imr_ifindex = (int)if_nametoindex(interface)};

		if (inet_pton(AF_INET, groups[i], &join.imr_multiaddr) != 1 ||
		    setsockopt(p->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)) < 0)
			return fail(groups[i]);
	}
	return 0;
}

static void receive_one(struct peer *p)
{
	uint8_t payload[9000];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n =
	    recvfrom(p->fd, payload, sizeof(payload), 0, (struct sockaddr *)&from, &from_len);

	if (n >= 0)
		took(p, payload, (size_t)n, now_ns());
}

static void receive_many(struct peer *p)
{
	static uint8_t payloads[BATCH][9000];
	struct mmsghdr msgs[BATCH];
	struct iovec parts[BATCH];
	uint64_t now;
	int n;

	memset(msgs, 0, sizeof(msgs));
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){payloads[i], sizeof(payloads[i])};
		msgs[i].msg_hdr.msg_iov = &parts[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(p->fd, msgs, BATCH, MSG_WAITFORONE, NULL);
	now = now_ns();
	for (int i = 0; i < n; i++)
		took(p, payloads[i], msgs[i].msg_len, now);
}

/* ---- AF_PACKET ---- */

static int open_packet(struct peer *p, const char *interface, char **groups, int n)
{
	struct tpacket_req3 ring = {.tp_block_size = BLOCK_BYTES,
				    .tp_block_nr = BLOCKS,
				    .tp_frame_size = 2048,
				    .tp_frame_nr = BLOCK_BYTES / 2048 * BLOCKS,
				    .tp_retire_blk_tov = 1};
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETH_P_IP),
				      .sll_ifindex = (int)if_nametoindex(interface)};
	int version = TPACKET_V3;

	(void)groups;
	(void)n;
	p->fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (p->fd < 0 ||
	    setsockopt(p->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
	    setsockopt(p->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)) < 0)
		return fail("TPACKET_V3");
	p->ring =
	    mmap(NULL, (size_t)BLOCK_BYTES * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	if (p->ring == MAP_FAILED || bind(p->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(interface);
	return 0;
}

static void take_frame(struct peer *p, const struct tpacket3_hdr *header, uint64_t now)
{
	const uint8_t *frame = (const uint8_t *)header + header->tp_mac;
	struct udphdr udp;

	if (header->tp_snaplen < sizeof(struct ether_header) + sizeof(struct iphdr) + sizeof(udp))
		return;
	memcpy(&udp, frame + sizeof(struct ether_header) + sizeof(struct iphdr), sizeof(udp));
	if (frame[23] == IPPROTO_UDP && ntohs(udp.dest) == p->port)
		took(p, frame + 42, header->tp_snaplen - 42, now);
}

static void receive_block(struct peer *p)
{
	static unsigned turn;
	struct tpacket_block_desc *block = (void *)(p->ring + (size_t)turn * BLOCK_BYTES);
	struct pollfd wait = {.fd = p->fd, .events = POLLIN};
	const uint8_t *at;
	uint64_t now;

	if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
		poll(&wait, 1, 100);
		return;
	}
	now = now_ns();
	at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;
	for (unsigned i = 0; i < block->hdr.bh1.num_pkts; i++) {
		const struct tpacket3_hdr *header = (const void *)at;

		take_frame(p, header, now);
		at += header->tp_next_offset;
	}
	__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	turn = (turn + 1) % BLOCKS;
}

/* ---- account ---- */

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t at_part(const struct peer *p, double part)
{
	return p->n_samples ? p->samples[(size_t)(part * (p->n_samples - 1))] : 0;
}

static uint64_t cpu_ns(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return ((uint64_t)use.ru_utime.tv_sec + (uint64_t)use.ru_stime.tv_sec) * 1000000000u +
	       ((uint64_t)use.ru_utime.tv_usec + (uint64_t)use.ru_stime.tv_usec) * 1000u;
}

static void print(struct peer *p, uint64_t cpu)
{
	qsort(p->samples, p->n_samples, sizeof(*p->samples), compare);
	printf("{\"received\": %" PRIu64 ", \"cpu_ns\": %.1f, \"p50_ns\": %u, \"p99_ns\": %u, "
	       "\"p999_ns\": %u, \"max_ns\": %u}\n",
	       p->received, p->received ? (double)cpu / (double)p->received : 0, at_part(p, 0.5),
	       at_part(p, 0.99), at_part(p, 0.999), at_part(p, 1));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*open)(struct peer *, const char *, char **, int);
		void (*receive)(struct peer *);
	} ways[] = {
	    {"recvfrom", open_socket, receive_one},
	    {"recvmmsg", open_socket, receive_many},
	    {"packet", open_packet, receive_block},
	};
	struct peer p = {.samples = malloc(SAMPLES_MAX * sizeof(*p.samples))};
	uint64_t end_ns, cpu;
	size_t way = 0;

	while (argc >= 6 && way < sizeof(ways) / sizeof(ways[0]) &&
	       strcmp(argv[1], ways[way].name) != 0)
		way++;
	if (argc < 6 || way == sizeof(ways) / sizeof(ways[0]) || p.samples == NULL) {
		fprintf(stderr,
			"usage: kernel_peer recvfrom|recvmmsg|packet INTERFACE PORT SECONDS "
			"GROUP...\n");
		return 2;
	}
	memset(p.samples, 0xff, SAMPLES_MAX * sizeof(*p.samples)); /* no page fault later */
	signal(SIGTERM, on_signal);
	p.port = (uint16_t)atoi(argv[3]);
	if (ways[way].open(&p, argv[2], argv + 5, argc - 5) < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	cpu = cpu_ns();
	end_ns = now_ns() + (uint64_t)(atof(argv[4]) * 1e9);
	while (!stop && now_ns() < end_ns)
		ways[way].receive(&p);
	print(&p, cpu_ns() - cpu);
	return 0;
}
