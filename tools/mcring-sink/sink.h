/* SPDX-License-Identifier: BSD-3-Clause */
/* All that a sink knows: its sources with their lanes, the units that are under way, the broker.
 * One thread changes it, the sink's; what shows it (stats.c) reads it between two rounds. */
#ifndef MCR_SINK_H
#define MCR_SINK_H

#include <stdint.h>

#include <jansson.h>

#include <mcring/types.h>

#include "../common/line_log.h"
#include "broker.h"
#include "options.h"
#include "place.h"
#include "unit.h"

/* Octets of what the calls `where`, `more` and `id` of a source write, with the NUL. */
#define SOURCE_WHERE_MAX 512
#define SOURCE_MORE_MAX  256
#define SOURCE_ID_MAX    192

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
	uint64_t cell_octets;  /* of payloads in it */
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

/* loss.c: sums as the log said them last, and what it is to say of the last. */
struct sink_told {
	uint64_t lost, losses, refused, gap_lost, gaps, notices;
	int is_overwritten;
	char lost_at[SOURCE_WHERE_MAX], refused_at[SOURCE_WHERE_MAX], gap_at[SOURCE_WHERE_MAX];
	char why[SINK_WHY_MAX];
};

/* A channel or a feed. */
struct sink_source {
	const struct sink_source_calls *calls; /* source.h: channel.c or feed.c */
	char name[MCR_NAME_MAX];
	int is_feed;
	const char *lost_subject; /* of notices */
	int has_position;         /* the broker had one of it */
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
	struct sink_broker_config config;
	struct sink_broker *broker;
	struct line_log log;
	int epoll_fd;           /* of all that may wake the sink */
	uint64_t started_ns;    /* CLOCK_REALTIME */
	uint64_t instance;      /* random: whose checkpoint it is */
	struct unit_pool pool;  /* of the units' memory */
	struct unit_list ready; /* closed, to be sent, in order */
	uint8_t *payload;       /* pack.c's: what pack_reserve gave */
	int is_between;         /* the last unit sent ended a cell: a checkpoint may be made */
	int is_moved;           /* the position is another one than that of the last checkpoint */
	uint64_t open;          /* units of cells that have not ended */
	uint64_t in_flight;     /* units that the broker has */
	uint64_t checkpoints;   /* that the broker took, stored or not */
	uint64_t checkpoint_due_ns; /* CLOCK_MONOTONIC, as is ... */
	uint64_t log_due_ns;        /* ... of loss_log */
	uint64_t took_ns;           /* ... and when the broker took a unit last */
	int is_held;                /* it takes units, but no more just now: see hold.h */
	int is_pressed;             /* though it was, a ring was nearly full */
	int is_ending;              /* sink_finish was called */
	json_t *others;             /* of the position: what is of no source here */
	uint64_t trouble_ns;  /* CLOCK_MONOTONIC since when the broker takes nothing; 0 = it does */
	int is_trouble_told;  /* the log has it */
	uint64_t position_ns; /* CLOCK_REALTIME: what was found at the start; 0 = nothing */
	struct sink_source *sources[SINK_SOURCES_MAX];
	unsigned n_sources;
};

/* sink_open connects to the broker, takes the position, and makes what sources are read with: of
 * s only options, log and started_ns are set. Returns 0, or -errno with err filled. sink_close
 * frees all, also what was half made; units that are under way are forgotten. */
int sink_open(struct sink *s, struct mcr_error *err);
void sink_close(struct sink *s);

/* sink_round does what is due, and waits for nothing. now_ns: CLOCK_MONOTONIC. Returns how much
 * there was to do; 0 = nothing. */
unsigned sink_round(struct sink *s, uint64_t now_ns);

/* sink_arm is called before the sink sleeps on s->epoll_fd. Returns for how many ms at most, 0 =
 * not at all. */
int sink_arm(struct sink *s);

/* sink_finish is called in place of sink_round when the sink is to end: it reads nothing more.
 * Returns 1 when the broker has stored all, and the position. */
int sink_finish(struct sink *s, uint64_t now_ns);

/* sink_tell_trouble: a line of the log when the broker has taken nothing for a second, and one when
 * it is over. Call it ten times a second. */
void sink_tell_trouble(struct sink *s, uint64_t now_ns);

/* sink_fatal: why the sink cannot go on, in a buffer of SINK_FATAL_MAX octets. Returns 0 when it
 * can, else the exit status to end with. */
#define SINK_FATAL_MAX 512
int sink_fatal(const struct sink *s, char *why);

/* sink_behind: messages of a source that are in its rings and were not read yet. */
uint64_t sink_behind(const struct sink_source *src);

/* sink_oldest_ns: arrival, CLOCK_REALTIME, of the oldest message that the broker has not stored;
 * about that while it was not read. 0 = there is none. */
uint64_t sink_oldest_ns(const struct sink_source *src);

#endif
