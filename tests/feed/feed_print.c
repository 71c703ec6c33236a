/* SPDX-License-Identifier: BSD-3-Clause */
/* feed_print FEED [OPTION...]: what a handler of the feed gets, one item a line (items.h), then the
 * counters, when its engines have ended and all was handed out. Options: late, compare,
 * unsequenced, as_they_come, hold_on_gap. MCRING_RUN_DIR says where the engine is,
 * MCRING_FEED_CONFIG has the text of a feed that the engine does not know. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "items.h"

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "feed_print: %s: %s\n", what, why);
	exit(2);
}

static void set(struct mcr_feed_opts *opts, const char *option)
{
	if (strcmp(option, "late") == 0)
		opts->late = 1;
	else if (strcmp(option, "compare") == 0)
		opts->compare = 1;
	else if (strcmp(option, "unsequenced") == 0)
		opts->unsequenced = 1;
	else if (strcmp(option, "as_they_come") == 0)
		opts->order = MCR_FEED_AS_THEY_COME;
	else if (strcmp(option, "hold_on_gap") == 0)
		opts->hold_on_gap = 1;
	else
		fail("no such option", option);
}

static void print_counters(const struct mcr_feed *f)
{
	struct mcr_feed_stats stats = {.size = sizeof(stats)};

	if (mcr_feed_stats_info(f, &stats) != 0)
		fail("mcr_feed_stats_info", "");
	print_feed(&stats);
	for (uint32_t i = 0; i < stats.lines; i++) {
		struct mcr_feed_line line = {.size = sizeof(line)};

		if (mcr_feed_line_info(f, i, &line) != 0)
			fail("mcr_feed_line_info", "");
		print_line(i, &line);
	}
}

/* Payloads must be whole, and be those that were published. */
static void check_payload(struct mcr_feed *f, const struct mcr_feed_msg *m)
{
	static uint8_t payload[65536];
	int64_t len = mcr_feed_read(f, m, payload, sizeof(payload));

	if (len < 0)
		fail("mcr_feed_read", strerror((int)-len));
	if (len != m->msg->len)
		fail("mcr_feed_read", "another length");
}

int main(int argc, char **argv)
{
	struct mcr_feed_opts opts = MCR_FEED_OPTS_INIT;
	struct mcr_feed_msg msgs[32];
	struct mcr_error err = {0};
	struct mcr_feed *f;
	int n;

	if (argc < 2)
		fail("usage", "feed_print FEED [OPTION...]");
	opts.feed = argv[1];
	opts.config = getenv("MCRING_FEED_CONFIG");
	opts.start = MCR_START_OLDEST;
	for (int i = 2; i < argc; i++)
		set(&opts, argv[i]);
	if (mcr_feed_open(&f, &opts, &err) != 0)
		fail("mcr_feed_open", err.text);
	while ((n = mcr_feed_poll(f, msgs, 32)) >= 0) {
		for (int i = 0; i < n; i++) {
			if (msgs[i].kind == MCR_FEED_DATA)
				check_payload(f, &msgs[i]);
			print_item(&msgs[i]);
		}
		mcr_feed_release(f);
		if (n == 0)
			mcr_feed_wait(f, 100000000);
	}
	if (n != -EPIPE)
		fail("mcr_feed_poll", strerror(-n));
	print_counters(f);
	mcr_feed_close(f);
	return fflush(stdout) == 0 ? 0 : 2;
}
