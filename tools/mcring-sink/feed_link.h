/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed's way to its engine: asked for the declaration, opened, closed when no engine of it runs
 * any more or when the declaration is another one. Waits for nobody. */
#ifndef MCR_SINK_FEED_LINK_H
#define MCR_SINK_FEED_LINK_H

#include <mcring/feed.h>

#include "feed/ask.h"
#include "sink.h"

struct feed_link {
	struct mcr_feed *feed; /* NULL = it is not open */
	unsigned n_epoch;      /* fields that make an epoch */
	uint64_t turn;         /* numbers until they wrap; 0 = they do not */
	char lines[MCR_FEED_LINES_MAX][MCR_LABEL_MAX];
	struct mcr_feed_ask ask;
	int is_asked;
	int is_read;     /* its lines are attached, as far as they can be */
	int was_read;    /* in this life of the sink */
	int is_watched;  /* the feed wakes the sink */
	uint64_t due_ns; /* CLOCK_MONOTONIC: when to ask again, to give up an answer, or to go on
			  * without a line that is not attached yet */
};

#define FEED_LINK_NONE             \
	{                          \
		.ask = {.fd = -1}, \
	}

/* feed_link_step does what is due. Returns 1: the feed may be polled; else 0. What is wrong stands
 * in src->error. It is not polled before all of its lines are attached whose engines answer: what
 * one of them has may be older than what the others have. */
int feed_link_step(struct sink *s, struct sink_source *src, struct feed_link *l, uint64_t now_ns);

/* feed_link_close closes the feed, and what is asked. It may be opened again: after pause_ns. */
void feed_link_close(struct sink *s, struct feed_link *l, uint64_t pause_ns);

/* feed_link_waits: whether all rings of a feed that is read are left as they are: hold_ring. */
int feed_link_waits(struct sink *s, const struct feed_link *l);

/* feed_link_watch: whether a feed that is read wakes the sink. */
void feed_link_watch(const struct sink *s, struct feed_link *l, int is_watched);

/* feed_link_behind: messages in the rings that were not handed out. */
uint64_t feed_link_behind(const struct feed_link *l);

#endif
