/* SPDX-License-Identifier: BSD-3-Clause */
/* What the arbiter costs: arbiter_cost STREAMS PACKETS. Two lines, one packet behind each other, in
 * order: the packet that is next, and its copy. Prints nanoseconds for each. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/feed/arbiter.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned streams = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 10;
	uint64_t packets = argc > 2 ? strtoull(argv[2], NULL, 0) : 20000000;
	struct mcr_arbiter_config config = {.n_lines = 2, .keys_max = streams + 1};
	struct mcr_feed_packet packet = {.count = 1};
	struct mcr_msg msg = {.len = 86};
	struct mcr_feed_msg item;
	struct mcr_arbiter *a;
	struct mcr_error err;
	uint64_t handed_out = 0;

	if (mcr_arbiter_create(&a, &config, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	double start = now();

	for (uint64_t i = 0; i < packets; i++) {
		packet.scope[0] = i % streams;
		packet.seq = 1 + i / streams;
		msg.rx_ns = i * 100;
		for (unsigned line = 0; line < 2; line++) {
			handed_out += (unsigned)mcr_arbiter_put(a, line, &packet, &msg, &item);
			while (mcr_arbiter_pending(a) && mcr_arbiter_next(a, &item))
				handed_out += item.kind == MCR_FEED_DATA;
		}
	}
	double ns = (now() - start) / (double)packets;

	printf("%u streams: %.1f ns a number on two lines, %.1f ns a packet\n", streams, ns,
	       ns / 2);
	mcr_arbiter_destroy(a);
	if (handed_out != packets)
		fprintf(stderr, "%" PRIu64 " of %" PRIu64 " were handed out\n", handed_out,
			packets);
	return handed_out != packets;
}
