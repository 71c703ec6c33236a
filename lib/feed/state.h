/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of libmcring-feed share. In the order of who may call whom: flows.c (which line a
 * message is of), arena.c (payloads that leave the rings), hours.c (when a feed is sent), dial.c (a
 * connection), ask.c (the engine's declaration), hold.c (held packets), time.c (the feed's time,
 * and what is looked at now and then), join.c, source.c (a channel: attached, lost, attached
 * again), wait.c, open.c, reattach.c, insert.c, info.c, poll.c, take.c, inline.c. */
#ifndef MCR_FEED_STATE_H
#define MCR_FEED_STATE_H

#include <stdint.h>
#include <time.h>

#include <mcring/consumer.h>
#include <mcring/feed.h>

#include "core/error.h"
#include "core/feed/arbiter.h"
#include "core/feed/declaration.h"
#include "core/feed/feed_config.h"
#include "feed/arena.h"
#include "feed/ask.h"
#include "feed/flows.h"
#include "feed/hours.h"

#define MCR_FEED_BATCH    32 /* messages taken from a ring at a time */
#define MCR_FEED_PATH_MAX 128
#define MCR_FEED_LOOK_NS  UINT64_C(10000000) /* between looks at what changes slowly */
#define MCR_FEED_TORN     0xfdu /* as a message's line: it was overwritten before it was read */

/* One ring, and what was taken from it and is not passed on yet: batch[at..count). */
struct mcr_feed_reader {
	struct mcr_consumer *c; /* the source's, or a cursor of it */
	struct mcr_feed_source *source;
	const struct mcr_feed_seen *last; /* the flow of the last message */
	uint32_t ring;
	unsigned at, count;
	int is_over;       /* nothing comes any more */
	int is_unreleased; /* messages of it are not released yet */
	uint32_t unlooked; /* messages since the last look at what is held of the ring */
	uint64_t host_lost, host_looked_ns; /* as it was last looked at; 0 = never */
	uint64_t stood_ns;      /* up to when it was read when it was found to be far behind ... */
	uint64_t stands_ns;     /* ... since when it stands there, CLOCK_MONOTONIC ... */
	uint64_t stood_seen_ns; /* ... and when that was looked at last */
	uint64_t room;          /* messages that the ring holds: the most that was seen */
	uint8_t lines[MCR_FEED_BATCH]; /* of each message; MCR_FEED_NO_LINE and below */
	struct mcr_feed_packet packets[MCR_FEED_BATCH];
	struct mcr_msg batch[MCR_FEED_BATCH];
};

/* How far a channel is that is attached, or attached again. */
enum mcr_feed_step {
	MCR_FEED_SEEK,      /* an engine is sought, and its channel */
	MCR_FEED_DECLARE,   /* it is asked for its declaration */
	MCR_FEED_INTERFACE, /* ... for its interface number `asked` */
	MCR_FEED_JOIN,      /* ... for the join of flow `asked` of line `asked_line` */
	MCR_FEED_ATTACHED,
};

/* One channel of one engine. */
struct mcr_feed_source {
	struct mcr_feed *feed;
	char run_dir[MCR_FEED_PATH_MAX];
	char channel[MCR_NAME_MAX];
	uint32_t lines;         /* bits */
	struct mcr_consumer *c; /* waits for nobody */
	enum mcr_feed_step step;
	unsigned asked, asked_line;
	int was_attached;
	int is_anew; /* the consumer that was attached was given up */
	int is_stalled;
	int is_refused; /* the engine declares another feed */
	int is_left;    /* its engine is gone, and packets are held that are still in its rings */

	/* CLOCK_MONOTONIC: when to look whether the next step can be done, when to do it whatever
	 * its descriptors say, and how long to pause after an engine that is not for us. */
	uint64_t look_ns, due_ns, pause_ns;
	struct mcr_feed_flows flows;
	struct mcr_feed_reader *readers; /* of each ring */
	unsigned n_readers;
	unsigned beats; /* polls until the consumer of cursors looks whether the engine lives */

	/* Links: DPDK ports as bits. */
	uint64_t ports_down;
	uint64_t line_ports[MCR_FEED_LINES_MAX];

	struct mcr_feed_ask ask; /* the engine's declaration */
};

struct mcr_feed {
	struct mcr_arbiter *arbiter;
	struct mcr_feed_reader **readers; /* of all sources that are attached */
	unsigned n_readers;
	struct mcr_feed_source *of_line[MCR_FEED_LINES_MAX];
	unsigned polls;
	unsigned idles, stride; /* polls that found nothing, since and between looks at the time */
	unsigned turn;          /* the ring that was taken last */
	int has_left;           /* something of a ring was taken and not passed on, or may be */
	int is_stopped;         /* this poll must end: what it hands out is the arbiter's memory */
	int is_troubled;        /* a source is not attached */
	int is_ending;          /* nothing comes any more of a ring */
	int is_armed;           /* mcr_feed_arm announced that the program sleeps */
	int is_changed;         /* MCR_FEED_CHANGED is due */
	int was_empty;          /* the last poll found nothing, and the last wait did not sleep */
	uint32_t n_forgotten;
	uint64_t look_ns; /* in the feed's time: the next look at what changes slowly */
	uint64_t time_ns; /* the feed's time */

	struct mcr_feed_config config;
	struct mcr_feed_opts opts;
	int has_own_config;            /* the program brought it */
	int has_hours;                 /* `hours` is to be cleared */
	char asked[MCR_FEED_PATH_MAX]; /* run directory of the engine that is asked */
	char *text;                    /* the declaration's */
	uint64_t digest;
	uint64_t seed; /* a secret: of the hashes */
	struct mcr_feed_source *sources;
	unsigned n_sources;
	struct mcr_feed_publishers publishers;
	struct mcr_feed_hours hours;
	uint64_t hours_ns; /* when they begin or end next, in the feed's time */

	struct mcr_feed_arena arena;
	uint64_t *forgotten; /* handles to give back with the next poll */
	uint64_t held_copied, held_lost, refused;

	/* Of a feed in the rx lcore. */
	const struct mcr_feed_seen *inline_seen; /* the flow of the last message; NULL = none */
	uint32_t inline_ring, inline_lcore;      /* where its packets come; UINT32_MAX = unknown */

	int fd, timer_fd;
	char label[MCR_LABEL_MAX];
};

static inline uint64_t mcr_feed_clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* hold.c: mcr_feed_hold_ring moves to the arena what is held of a reader's ring and will soon be
 * overwritten; mcr_feed_hold_lines, all that is held of these lines (bits): -ENOSPC when there was
 * not enough room; then something is due, and there is more room behind it.
 * mcr_feed_give_forgotten gives back the memory of what the last poll handed out. */
int mcr_feed_hold_create(struct mcr_feed *f);
void mcr_feed_hold_ring(struct mcr_feed *f, struct mcr_feed_reader *r);
int mcr_feed_hold_lines(struct mcr_feed *f, uint32_t lines);
void mcr_feed_give_forgotten(struct mcr_feed *f);

/* mcr_feed_until: as far as time goes towards ns in one step, which is when the hours begin or end.
 */
static inline uint64_t mcr_feed_until(const struct mcr_feed *f, uint64_t ns)
{
	return f->hours_ns != 0 && ns > f->hours_ns ? f->hours_ns : ns;
}

/* time.c: mcr_feed_now returns the feed's time: the smallest, over the rings, of the time up to
 * which the arbiter has been given all; but for a ring whose watermark stands still. mcr_feed_look
 * looks at what changes slowly: hours, losses of the host, notices. */
uint64_t mcr_feed_now(struct mcr_feed *f);
void mcr_feed_look(struct mcr_feed *f, uint64_t now_ns);

/* join.c: mcr_feed_join joins what the source's lines receive, from s->asked_line and s->asked on,
 * if this user may. Errors as mcr_consumer_join; -EAGAIN: call it again. */
int mcr_feed_join(struct mcr_feed_source *s, struct mcr_error *err);

/* source.c: mcr_feed_source_step takes a step towards an engine, and waits for nobody. Returns 0
 * when the source is attached. Errors: -EAGAIN (somebody was asked: the feed's descriptor says when
 * the next step is due), those of mcr_consumer_reattach, -ESTALE; then it begins anew after a
 * while. mcr_feed_source_look is the same, but does nothing before the step is due.
 * mcr_feed_source_end: its engine is gone. mcr_feed_source_notices takes what the engine says of
 * the declaration. mcr_feed_source_event takes an event of a ring. */
int mcr_feed_source_step(struct mcr_feed_source *s, struct mcr_error *err);
int mcr_feed_source_look(struct mcr_feed_source *s, struct mcr_error *err);
void mcr_feed_source_close(struct mcr_feed_source *s);
void mcr_feed_source_end(struct mcr_feed_source *s);
void mcr_feed_source_notices(struct mcr_feed_source *s);
void mcr_feed_source_event(struct mcr_feed_source *s, const struct mcr_msg *m);
static inline int mcr_feed_source_lives(const struct mcr_feed_source *s)
{
	return s->step == MCR_FEED_ATTACHED;
}

/* mcr_feed_lines_down: the lines (bits) are down. */
void mcr_feed_lines_down(struct mcr_feed *f, uint32_t lines, uint32_t why);

/* open.c: mcr_feed_new makes a feed of its options, and no more. mcr_feed_make_inline makes all
 * that one in the rx lcore needs. */
int mcr_feed_new(struct mcr_feed **out, const struct mcr_feed_opts *opts, struct mcr_error *err);
int mcr_feed_make_inline(struct mcr_feed *f, struct mcr_error *err);

/* watch.c: mcr_feed_watch has the feed's descriptor follow another one, mcr_feed_unwatch no longer:
 * before it is closed, because a forked child may have a copy. */
int mcr_feed_watch(const struct mcr_feed *f, int fd);
void mcr_feed_unwatch(const struct mcr_feed *f, int fd);

/* wait.c: mcr_feed_disarm withdraws what mcr_feed_arm announced. */
void mcr_feed_disarm(struct mcr_feed *f);
int mcr_feed_wait_create(struct mcr_feed *f);

#endif
