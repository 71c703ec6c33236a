/* SPDX-License-Identifier: BSD-3-Clause */
/* feed-handler RUN_DIR CHANNEL [wait|stay]: reads a channel of a running mcring until the engine
 * ends. With `wait` it sleeps while nothing comes; with `stay` it also goes on with the next
 * engine, and ends at SIGINT or SIGTERM.
 *
 *     cc feed_handler_main.c feed_handler.c $(pkg-config --cflags --libs libmcring-client) */
#include "feed_handler.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SECOND_NS UINT64_C(1000000000)

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	stopping = 1;
}

/* One core belongs to this loop: it never sleeps, so a message is seen within a microsecond. A
 * handler that may take 100 microseconds waits, and costs nothing. */
static int follow(struct feed_handler *handler, struct mcr_consumer *c, int waits)
{
	int n = 0;

	while (!stopping && (n = feed_handler_step(handler, c)) >= 0)
		if (n == 0 && waits)
			mcr_consumer_wait(c, SECOND_NS);
	return n;
}

/* Waits for the next engine. In an event loop: when mcr_consumer_fd is readable. */
static void find_next(struct mcr_consumer *c)
{
	while (!stopping && mcr_consumer_reattach(c, NULL) < 0)
		mcr_consumer_wait(c, SECOND_NS);
}

int main(int argc, char **argv)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;
	struct feed_handler handler = {0};
	struct mcr_consumer *c;
	struct mcr_error err;
	int n, stays = argc == 4 && strcmp(argv[3], "stay") == 0;

	if (argc != 3 && argc != 4) {
		fprintf(stderr, "usage: feed-handler RUN_DIR CHANNEL [wait|stay]\n");
		return 2;
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	opts.run_dir = argv[1];
	opts.channel = argv[2];
	opts.start = MCR_START_OLDEST;
	if (mcr_consumer_open(&c, &opts, &err) < 0) {
		fprintf(stderr, "feed-handler: %s\n", err.text);
		return 1;
	}
	while ((n = follow(&handler, c, argc == 4)) == -EPIPE && stays)
		find_next(c);
	mcr_consumer_close(c);
	printf("%" PRIu64 " messages, %" PRIu64 " octets, %" PRIu64 " lost\n", handler.messages,
	       handler.bytes, handler.lost);
	return n >= 0 || n == -EPIPE ? 0 : 1;
}
