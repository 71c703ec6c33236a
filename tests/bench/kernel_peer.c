/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel_peer [--times] [--count-file FILE] HOW INTERFACE PORT GROUP...: what a program does that
 * receives multicast through the kernel. HOW is recvfrom, poll or recvmmsg (join, bind, receive;
 * poll never sleeps) or packet (AF_PACKET with a TPACKET_V3 ring). Prints "ready", and after
 * SIGTERM a JSON object: datagrams, CPU time, and with --times how long they were on the way
 * (tools/common/probe.h). Meanwhile the count stands in FILE. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
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

#include "../../tools/common/receipt.h"

#define BATCH        32
#define BUFFER_BYTES (8 << 20)
#define BLOCK_BYTES  (1 << 18)
#define BLOCKS       64

struct peer {
	int fd;
	uint16_t port; /* UDP, host order */
	uint8_t *ring; /* of AF_PACKET */
	struct receipt receipt;
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

static void receive_one(struct peer *p, int flags)
{
	uint8_t payload[9000];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n =
	    recvfrom(p->fd, payload, sizeof(payload), flags, (struct sockaddr *)&from, &from_len);

	if (n >= 0)
		receipt_took(&p->receipt, payload, (size_t)n, receipt_now_ns(&p->receipt));
}

static void receive_asleep(struct peer *p)
{
	receive_one(p, 0);
}

static void receive_awake(struct peer *p)
{
	receive_one(p, MSG_DONTWAIT);
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
	now = receipt_now_ns(&p->receipt);
	for (int i = 0; i < n; i++)
		receipt_took(&p->receipt, payloads[i], msgs[i].msg_len, now);
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
		receipt_took(&p->receipt, frame + 42, header->tp_snaplen - 42, now);
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
	now = receipt_now_ns(&p->receipt);
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

static uint64_t cpu_ns(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return ((uint64_t)use.ru_utime.tv_sec + (uint64_t)use.ru_stime.tv_sec) * 1000000000u +
	       ((uint64_t)use.ru_utime.tv_usec + (uint64_t)use.ru_stime.tv_usec) * 1000u;
}

static void print(struct peer *p, uint64_t cpu)
{
	uint64_t n = p->receipt.received;

	printf("{");
	receipt_print(&p->receipt, stdout);
	printf(", \"cpu_ns\": %.1f}\n", n ? (double)cpu / (double)n : 0);
}

struct way {
	const char *name;
	int (*open)(struct peer *, const char *, char **, int);
	void (*receive)(struct peer *);
};

static const struct way *find_way(const char *name)
{
	static const struct way ways[] = {
	    {"recvfrom", open_socket, receive_asleep},
	    {"poll", open_socket, receive_awake},
	    {"recvmmsg", open_socket, receive_many},
	    {"packet", open_packet, receive_block},
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(name, ways[i].name) == 0)
			return &ways[i];
	return NULL;
}

static int receive(struct peer *p, const struct way *way, char **args, int n)
{
	uint64_t start;

	p->port = (uint16_t)atoi(args[2]);
	if (way->open(p, args[1], args + 3, n - 3) < 0)
		return -1;
	signal(SIGTERM, on_signal);
	puts("ready");
	fflush(stdout);
	start = cpu_ns();
	while (!stop)
		way->receive(p);
	print(p, cpu_ns() - start);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"times", no_argument, NULL, 't'}, {"count-file", required_argument, NULL, 'c'}, {0}};
	const char *count_file = NULL;
	const struct way *way = NULL;
	struct peer p = {.fd = -1};
	int times = 0, id, status;

	while ((id = getopt_long(argc, argv, "", options, NULL)) == 't' || id == 'c')
		if (id == 't')
			times = 1;
		else
			count_file = optarg;
	if (argc - optind >= 4)
		way = find_way(argv[optind]);
	if (id != -1 || !way) {
		fprintf(stderr, "usage: kernel_peer [--times] [--count-file FILE] "
				"recvfrom|poll|recvmmsg|packet INTERFACE PORT GROUP...\n");
		return 2;
	}
	errno = -receipt_open(&p.receipt, count_file, times);
	status = errno != 0 ? fail("--count-file") : receive(&p, way, argv + optind, argc - optind);
	receipt_close(&p.receipt);
	return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
