/* SPDX-License-Identifier: BSD-3-Clause */
/* feed-handler RUN_DIR CHANNEL [wait]: reads a channel of a running mcring until the engine ends.
 *
 *     cc feed_handler_main.c feed_handler.c $(pkg-config --cflags --libs libmcring-client) */
#include "feed_handler.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct feed_handler handler = {0};
	struct mcr_consumer *c;
	struct mcr_error err;
	int n;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: feed-handler RUN_DIR CHANNEL [wait]\n");
		return 2;
	}
	opts.run_dir = argv[1];
	opts.channel = argv[2];
	opts.start = MCR_START_OLDEST;
	if (mcr_consumer_open(&c, &opts, &err) < 0) {
		fprintf(stderr, "feed-handler: %s\n", err.text);
		return 1;
	}
	/* One core belongs to this loop: it never sleeps, so a message is seen within a
	 * microsecond. A handler that may take 100 microseconds waits, and costs nothing. */
	while ((n = feed_handler_step(&handler, c)) >= 0)
		if (n == 0 && argc == 4)
			mcr_consumer_wait(c, UINT64_MAX);
	mcr_consumer_close(c);
	printf("%" PRIu64 " messages, %" PRIu64 " octets, %" PRIu64 " lost\n", handler.messages,
	       handler.bytes, handler.lost);
	return n == -EPIPE ? 0 : 1;
}
