/* SPDX-License-Identifier: BSD-3-Clause */
/* All that a sink knows: its sources with their lanes, the units that are under way, the broker.
 * One thread changes it, the sink's; what shows it (stats.c) reads it between two rounds. */
#ifndef MCR_SINK_H
#define MCR_SINK_H

#include <stdint.h>

#include <mcring/types.h>

#include "../common/line_log.h"
#include "broker.h"
#include "options.h"
#include "place.h"
#include "unit.h"

#define SINK_SOURCES_MAX (SINK_NAMES_MAX * 2)

struct sink;
struct sink_source;
struct sink_source_calls;

/* What has an order, and a place in the position: a ring of a channel, a stream of a feed. Its
 * source makes it, as a part of what it keeps of it. */
struct sink_lane {
	struct sink_source *source;
	struct sink_place sent; /* all below was handed to the broker: what a checkpoint says */
	uint64_t sent_ns;       /* arrival of the last message below; 0 = none yet */
	/* pack.c's: */
	struct unit *last;     /* its last unit that waits in sink.ready; NULL = none does */
	struct unit_list cell; /* of the cell that has not ended, in the order of their beginning */
};

/* What was counted since the sink started. */
struct sink_counts {
	uint64_t read, octets;   /* messages, and of their payloads, that were read */
	uint64_t stored;         /* messages that the broker stored ... */
	uint64_t stored_before;  /* ... that it had already: sent again, or by another host */
	uint64_t units;          /* that it stored or had */
	uint64_t refused;        /* messages that it never takes */
	uint64_t lost;           /* messages that the sink lost: its ring lapped it */
	uint64_t losses;         /* stretches of them */
	uint64_t restarts;       /* of the engine, with what was missed meanwhile unknown */
	uint64_t gaps, gap_lost; /* of a feed, and the messages in them: nobody's here */
};

/* loss.c: sums as the log said them last, and the last of what it has not said. */
struct sink_told {
	uint64_t lost, losses, refused, gap_lost, gaps;
	char lost_at[96], refused_at[96], why[SINK_WHY_MAX], gap_at[96];
};

/* A channel or a feed. */
struct sink_source {
	const struct sink_source_calls *calls; /* source.h: channel.c or feed.c */
	char name[MCR_NAME_MAX];
	int is_feed;
	int is_attached;
	char error[SINK_WHY_MAX]; /* why it is not; "" = its engine is asked */
	struct sink_counts counts;
	struct unit *oldest, *newest; /* its units until they are settled, linked by live_next */
	struct sink_told told;        /* loss.c: what the log has said */
	void *state;                  /* the calls' */
};

struct sink {
	const struct sink_options *options;
	const struct sink_broker_calls *calls;
	struct sink_broker *broker;
	struct line_log log;
	int epoll_fd;                /* of all that may wake the sink */
	uint64_t started_ns;         /* CLOCK_REALTIME */
	uint64_t instance;           /* random: whose checkpoint it is */
	struct unit_pool pool;       /* of the units' memory */
	struct unit_list ready;      /* closed, to be sent, in order */
	int is_between;              /* the last unit sent ended a cell: a checkpoint may be made */
	uint64_t sent;               /* units, to the broker ... */
	uint64_t sent_at_checkpoint; /* ... when the last checkpoint was made */
	uint64_t checkpointed_ns;    /* CLOCK_MONOTONIC of that */
	uint64_t position_ns;        /* CLOCK_REALTIME: what was found at the start; 0 = nothing */
	struct sink_source *sources[SINK_SOURCES_MAX];
	unsigned n_sources;
};

/* sink_behind: messages of a source that are in its rings and were not read yet. */
uint64_t sink_behind(const struct sink_source *src);

/* sink_oldest_ns: arrival, CLOCK_REALTIME, of the oldest message that the broker has not stored; 0
 * = there is none. */
uint64_t sink_oldest_ns(const struct sink_source *src);

#endif
