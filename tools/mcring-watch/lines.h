/* SPDX-License-Identifier: BSD-3-Clause */
/* Of which feed's line a message of a channel is, by what the feeds declare. Thread: the watch's.
 */
#ifndef MCR_WATCH_LINES_H
#define MCR_WATCH_LINES_H

#include <stdint.h>

#include <mcring/consumer.h>

#include "core/feed/feed_config.h"
#include "feed/flows.h"
#include "watch.h"

#define LINES_NONE UINT16_MAX

/* A feed as it is declared. */
struct lines_feed {
	struct watch_feed *feed;
	struct mcr_feed_config config;
	struct mcr_feed_publishers publishers;
	uint64_t digest;
};

/* All feeds that are open. */
struct lines {
	struct lines_feed *feeds;
	unsigned n;
	uint64_t made_of; /* w->feed_changes, when they were looked at last */
};

/* A line in a channel. */
struct lines_slot {
	struct watch_line *line;
	const struct lines_feed *feed;
	unsigned interface; /* of the channel's recording */
};

/* The feeds in a channel. */
struct lines_channel {
	struct {
		const struct lines_feed *feed;
		struct mcr_feed_flows flows;
		uint16_t slots[MCR_FEED_LINES_MAX]; /* of its lines; LINES_NONE: elsewhere */
	} * feeds;
	unsigned n;
	struct lines_slot *slots;
	uint16_t n_slots;
};

/* What a message leads to. */
struct lines_hit {
	uint16_t slot;  /* LINES_NONE: to no line */
	uint64_t scope; /* for lines_id */
};

/* lines_update looks at the feeds anew if they changed; all lines_channel have to be made anew
 * then. Returns 1 if so, else 0. lines_destroy frees what it made. */
int lines_update(struct watch *w);
void lines_destroy(struct watch *w);

/* lines_of makes what a channel has of the feeds, without interfaces, in place of what it had.
 * Without memory some lines are missing in it. lines_free: of NULL too. */
struct lines_channel *lines_of(struct watch *w, const struct watch_channel *c);
void lines_free(struct lines_channel *l);

/* lines_name says what the engine's interface i is called. */
void lines_name(struct lines_channel *l, unsigned i, const char *name);

/* lines_find finds a message's line. What was found stays so until the lines are made anew. */
struct lines_hit lines_find(struct lines_channel *l, const struct mcr_msg *m);

/* lines_id gives a number that copies of a packet on several lines share; 0 = the packet has no
 * number of its own. payload: len octets. */
uint64_t lines_id(const struct lines_slot *slot, uint64_t scope, const uint8_t *payload,
		  size_t len);

#endif
