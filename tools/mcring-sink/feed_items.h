/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of what a feed hands out: messages go into cells, what is missing is told, what was
 * read before is passed over. */
#ifndef MCR_SINK_FEED_ITEMS_H
#define MCR_SINK_FEED_ITEMS_H

#include <mcring/feed.h>

#include "feed_link.h"
#include "feed_stream.h"

#define FEED_BATCH 64

struct feed {
	struct sink *s;
	struct sink_source *src;
	struct feed_link link;
	struct feed_stream **streams;
	unsigned n_streams;
	struct feed_stream **by_key; /* the open feed's keys, from 0; NULL: no room for it */
	uint32_t n_keys;
	struct mcr_feed_msg items[FEED_BATCH];
	int n, at; /* of items: they are taken from `at` on */
	uint64_t until_ns;
	char lost_subject[SUBJECT_MAX];
	unsigned n_open; /* streams with an open cell */
	int is_changed;  /* the declaration is another one: it is to be opened again */
	int is_full;     /* there are more streams than there is room for: it was said */
};

/* feed_take takes the item `at`. Returns 0, or -ENOBUFS: there is no memory now, call it again with
 * the same item. */
int feed_take(struct feed *f);

/* feed_end_cell ends the stream's cell where it is now. */
void feed_end_cell(struct feed *f, struct feed_stream *st);

/* feed_add takes over a stream. Returns 0, -ENOMEM, or -ENOSPC: there are too many; then it is the
 * caller's. */
int feed_add(struct feed *f, struct feed_stream *st);

#endif
