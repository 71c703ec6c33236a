/* SPDX-License-Identifier: BSD-3-Clause */
/* The two lines of a feed without a wire: frames that a thread of ours hands to an engine without
 * ports, MoldUDP64 with one message a packet and a key. What is read of them: by a consumer of each
 * line, and by the feed. */
#ifndef MCR_BENCH_LINES_H
#define MCR_BENCH_LINES_H

#include <mcring/consumer.h>
#include <mcring/feed.h>

#include "../common/frame.h"
#include "bench.h"
#include "engine/portless/portless.h"

#define LINES       2
#define LINES_BURST 32
#define LINES_STAMP 24 /* where in a payload the TSC stands; behind the header and the key */

struct lines {
	const struct bench_options *options;
	char run_dir[64];
	struct mcr_portless *engine;
	uint8_t frames[LINES][FRAME_HEADER_MAX + BENCH_PAYLOAD_MAX + 64]; /* the next of each */
	unsigned header_len;
	uint64_t sent; /* messages; the writer's */

	struct mcr_consumer *consumers[LINES];
	unsigned n_consumers; /* channels */
	struct mcr_feed *feed;
	uint8_t payload[BENCH_PAYLOAD_MAX]; /* the last that was read */
	uint64_t copied_at;                 /* with --rate: TSC when that was there */
	uint64_t plain_read, feed_read;     /* packets, messages */
	uint64_t lost;                      /* messages of the rings; and gaps, resets */
};

/* lines_create starts the engine and attaches both kinds of readers. Returns 0, or -1 after a line
 * on stderr. Free with lines_destroy in any case. */
int lines_create(struct lines *l, const struct bench_options *options);
void lines_destroy(struct lines *l);

/* lines_put writes message number l->sent to a line, lines_publish shows what was put. */
void lines_put(struct lines *l, unsigned line, uint64_t stamp);
void lines_publish(struct lines *l);

/* lines_plain polls the consumers once and copies what they give; lines_fed the feed. They return
 * how many came, or less than 0. */
int lines_plain(struct lines *l);
int lines_fed(struct lines *l);

#endif
