/* SPDX-License-Identifier: BSD-3-Clause */
/* feed_sender TRUTH SEED LOSS DELAY_US INTERFACE...: the lines of a feed, MoldUDP64, each on
 * an interface of its own, group 239.1.1.1 + line, UDP port 5000, with faults that it makes itself
 * and writes down. A line packs the messages as it likes, loses LOSS of 1,000 packets, often
 * several in a row, and sends a tenth of them up to DELAY_US later.
 *
 * Each line of standard input is a run: how many ms, and messages a second. At its end all lines
 * have been through, and say so with heartbeats; it prints {"next": N, "lost": [messages of each
 * line]}. TRUTH has an octet for each message from 1 on: bit i = it was sent on line i. At the end
 * of the input: the end of the session. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../../tools/common/clock.h"

#define LINES_MAX    8
#define PACK_MAX     5 /* messages of a packet */
#define MESSAGE      30
#define HEADER       20
#define PACKET_MAX   (HEADER + PACK_MAX * (2 + MESSAGE))
#define LATER_MAX    4096
#define TICK_NS      100000
#define HEARTBEATS   10
#define BEAT_NS      20000000 /* a port that loses some does not lose all */
#define END          0xffff
#define TRUTH_MAX    (1u << 26)
#define LOST_IN_ROW  4 /* packets, on average */
#define ONE_MS_IN_NS UINT64_C(1000000)

struct later {
	uint64_t due_ns;
	uint64_t first;
	unsigned count;
};

struct line {
	const char *interface;
	int fd;
	uint64_t packed; /* the first message that is in no packet yet */
	unsigned pack;   /* messages of the next packet */
	unsigned is_losing;
	uint64_t lost; /* messages */
	struct later later[LATER_MAX];
	unsigned n_later;
};

static struct line lines[LINES_MAX];
static unsigned n_lines, loss, delay_us;
static uint8_t *truth;
static uint64_t next_message = 1, state;

static uint32_t random_below(uint32_t n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((state >> 33) % n);
}

/* The interface may be another one of the same name by now. */
static void open_line(unsigned i)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(5000)};
	struct ip_mreqn from = {.imr_ifindex = (int)if_nametoindex(lines[i].interface)};

	if (lines[i].fd >= 0)
		close(lines[i].fd);
	to.sin_addr.s_addr = htonl(0xef010101 + i);
	lines[i].fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (from.imr_ifindex &&
	    (setsockopt(lines[i].fd, IPPROTO_IP, IP_MULTICAST_IF, &from, sizeof(from)) < 0 ||
	     connect(lines[i].fd, (struct sockaddr *)&to, sizeof(to)) < 0))
		perror(lines[i].interface);
}

/* Returns whether it is on its way. */
static int send_packet(unsigned i, uint64_t first, unsigned count)
{
	uint8_t packet[PACKET_MAX] = "truth00001";
	const unsigned messages = count == END ? 0 : count;
	const uint64_t first_be = htobe64(first);
	const uint16_t count_be = htons((uint16_t)count), len_be = htons(MESSAGE);
	uint8_t *at = packet + HEADER;

	memcpy(packet + 10, &first_be, sizeof(first_be));
	memcpy(packet + 18, &count_be, sizeof(count_be));
	for (unsigned m = 0; m < messages; m++, at += sizeof(len_be) + MESSAGE) {
		const uint64_t number = first + m;

		memcpy(at, &len_be, sizeof(len_be));
		memcpy(at + sizeof(len_be), &number, sizeof(number));
	}
	return send(lines[i].fd, packet, (size_t)(at - packet), 0) == at - packet;
}

static void send_data(unsigned i, uint64_t first, unsigned count)
{
	if (!send_packet(i, first, count)) { /* the interface is gone */
		lines[i].lost += count;
		return;
	}
	for (unsigned m = 0; m < count; m++)
		truth[first + m] |= (uint8_t)(1u << i);
}

/* What becomes of the next packet of a line. */
static void pack(unsigned i, unsigned count, uint64_t now_ns)
{
	struct line *line = &lines[i];
	const uint64_t first = line->packed;

	line->packed += count;
	line->pack = 1 + random_below(PACK_MAX);
	if (first == 1) { /* what a line has lost counts from the first packet that it brings */
		send_data(i, first, count);
		return;
	}
	if (line->is_losing ? random_below(LOST_IN_ROW) != 0
			    : random_below(1000 * LOST_IN_ROW) < loss) {
		line->is_losing = 1;
		line->lost += count;
		return;
	}
	line->is_losing = 0;
	if (delay_us > 0 && random_below(10) == 0 && line->n_later < LATER_MAX)
		line->later[line->n_later++] =
		    (struct later){now_ns + random_below(delay_us) * UINT64_C(1000), first, count};
	else
		send_data(i, first, count);
}

static void send_later(unsigned i, uint64_t now_ns)
{
	struct line *line = &lines[i];

	for (unsigned n = 0; n < line->n_later;) {
		if (line->later[n].due_ns > now_ns) {
			n++;
			continue;
		}
		send_data(i, line->later[n].first, line->later[n].count);
		line->later[n] = line->later[--line->n_later];
	}
}

/* all: what is left, though it fills no packet. */
static void send_due(uint64_t now_ns, int all)
{
	for (unsigned i = 0; i < n_lines; i++) {
		struct line *line = &lines[i];

		send_later(i, now_ns);
		while (next_message - line->packed >= (all ? 1 : line->pack)) {
			uint64_t left = next_message - line->packed;

			pack(i, left < line->pack ? (unsigned)left : line->pack, now_ns);
		}
	}
}

static void nap(long ns)
{
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static void run(uint64_t ms, uint64_t rate)
{
	const uint64_t start_ns = monotonic_ns(), end_ns = start_ns + ms * ONE_MS_IN_NS;
	const uint64_t from = next_message;
	uint64_t now_ns;

	for (unsigned i = 0; i < n_lines; i++)
		open_line(i);
	while ((now_ns = monotonic_ns()) < end_ns && next_message < TRUTH_MAX - PACK_MAX) {
		/* No faster than the rate after a pause of the machine. */
		uint64_t due = from + (now_ns - start_ns) * rate / 1000000000;

		next_message = due < next_message + rate / 1000 ? due : next_message + rate / 1000;
		send_due(now_ns, 0);
		nap(TICK_NS);
	}
	send_due(now_ns, 1);
	while (send_due(monotonic_ns(), 1), lines[0].n_later + lines[n_lines - 1].n_later > 0)
		nap(TICK_NS);
	for (unsigned n = 0; n < HEARTBEATS; n++, nap(BEAT_NS))
		for (unsigned i = 0; i < n_lines; i++)
			send_packet(i, next_message, 0);
}

static void write_truth(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(truth + 1, 1, next_message - 1, file) != next_message - 1 ||
	    fclose(file) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	uint64_t ms, rate;

	if (argc < 6 || argc > 5 + LINES_MAX)
		return EXIT_FAILURE;
	state = strtoull(argv[2], NULL, 10);
	loss = (unsigned)atoi(argv[3]);
	delay_us = (unsigned)atoi(argv[4]);
	truth = calloc(1, TRUTH_MAX);
	n_lines = (unsigned)argc - 5;
	for (unsigned i = 0; i < n_lines; i++) {
		lines[i].interface = argv[5 + i];
		lines[i].packed = lines[i].pack = 1;
		lines[i].fd = -1;
	}
	while (truth && scanf("%" SCNu64 " %" SCNu64, &ms, &rate) == 2) {
		run(ms, rate);
		write_truth(argv[1]);
		printf("{\"next\": %" PRIu64 ", \"lost\": [", next_message);
		for (unsigned i = 0; i < n_lines; i++)
			printf("%s%" PRIu64, i ? ", " : "", lines[i].lost);
		puts("]}");
		fflush(stdout);
	}
	for (unsigned n = 0; n < HEARTBEATS; n++, nap(BEAT_NS))
		for (unsigned i = 0; i < n_lines; i++)
			send_packet(i, next_message, END);
	return EXIT_SUCCESS;
}
