/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the consumer share. In the order of who may call whom: attach.c (to mapped
 * memory), share.c (what cursors read too), select.c (a part of the channel), watch.c (whether the
 * engine lives), message.h (messages out of records), merge.c (several rings in the order of time),
 * seek.c (places in the rings), report.c (what the engine sees of us), open.c (options, start),
 * cursor.c (more readers of one attachment), next.c (how the next engine is found), reattach.c
 * (going on with it), wait.c (sleeping), info.c (where the rings are), request.c (what the engine
 * is asked), consumer.c (poll and what follows it), take.c (both in one call), hold.c (memory that
 * outlives them). */
#ifndef MCR_CLIENT_STATE_H
#define MCR_CLIENT_STATE_H

#include <stdint.h>

#include <mcring/consumer.h>

#include "client/attach.h"
#include "client/select.h"
#include "client/share.h"
#include "core/error.h"
#include "core/ring_reader.h"
#include "core/sized.h"

#define MCR_CLIENT_CHUNK 32 /* messages looked at between two looks at what is overwritten */

struct mcr_client_ring {
	struct mcr_ring_reader reader;
	struct mcr_ring_mark done; /* released before it */

	/* The time before which nothing can come any more: rx_ns of the last message passed or,
	 * merged, a later watermark; 0 = unknown, UINT64_MAX = nothing comes at all. */
	uint64_t floor_ns;

	/* Merged order: what was copied ahead, ahead[at..count). */
	struct mcr_ring_message *ahead;
	unsigned at, count;
	int stalled;         /* silent for too long: the others do not wait for it ... */
	uint64_t stalled_ns; /* ... until it is past the message that it held up */
};

/* Messages since the consumer was opened. */
struct mcr_client_counts {
	uint64_t received, lost, stale, skipped;
};

/* Whether the engine stalls, and whether poll has reported it. */
enum mcr_client_stall {
	MCR_CLIENT_STALL_NONE,
	MCR_CLIENT_STALL_DUE,
	MCR_CLIENT_STALL_REPORTED,
	MCR_CLIENT_STALL_OVER, /* which is to be reported too */
};

/* What watch.c knows of the engine. */
struct mcr_client_watch {
	unsigned polls, stride; /* since, and between looks at the clock */
	uint64_t looked_ns;
	uint64_t beat_ns, silent_ns; /* the newest heartbeat; last look that found it old */
	unsigned silent_looks;       /* that found it old by a second */
	uint64_t hung_up_ns; /* when the engine was seen to have closed the connection; 0 = not */
	uint64_t stall_ns;   /* how long it may be silent */
	enum mcr_client_stall stall;
	uint64_t silent_since_ns; /* its last heartbeat before that */
};

/* How the next engine is found. */
struct mcr_client_next {
	int is_sought;  /* from the first reattach to the one that succeeds */
	int inotify_fd; /* -1 = none, as the others */
	int watch;      /* of a directory, in inotify_fd */
	int timer_fd;
	uint64_t due_ns;             /* when to try again, whatever else happens */
	struct mcr_attachment asked; /* a hello was sent, and is to be answered by due_ns */
};

struct mcr_consumer {
	struct mcr_client_ring *rings; /* those that are read */
	unsigned n_rings;
	unsigned first; /* index in the channel of rings[0] */
	unsigned turn;  /* the ring that the next poll begins with */
	struct mcr_client_counts counts;
	struct mcr_client_select select;
	uint64_t skips_end; /* this poll gives up when so many were skipped */

	uint32_t order;      /* enum mcr_order */
	uint64_t hold_ns;    /* merged: how long others wait for a silent ring */
	uint64_t last_ns;    /* merged: rx_ns of the latest message given out */
	uint64_t blocked_ns; /* merged: since when the next one waits for another ring; 0 = it does
				not */

	struct mcr_client_watch watch;

	uint64_t arms; /* times it was armed */
	int armed;
	uint32_t requests;   /* sent to the engine */
	uint64_t ask_end_ns; /* no_wait: by when the last one is to be answered; 0 = it was */

	/* What it reads belongs to the map; the socket is its own. A cursor has none, and the page
	 * of its seat. */
	struct mcr_attachment attachment;
	struct mcr_client_map *map;
	struct mcr_client_share *share;
	struct mcr_client_seat *seat; /* a cursor's; else NULL */
	int has_cursors;

	/* The user's descriptor, an epoll: of the attachment's socket, or of what tells of the next
	 * engine. A cursor's is -EINVAL. */
	int fd;

	/* For reattach: how it was opened, and what a page of this engine must not count. */
	struct mcr_attach_target target;
	struct mcr_consumer_opts opts; /* its numbers */
	struct mcr_client_next next;
	struct mcr_client_counts before;
	int restarted;     /* an MCR_RESTART is due */
	uint64_t since_ns; /* for it */
};

/* The place of the first message of a ring that poll has not given out. */
static inline struct mcr_ring_mark mcr_client_next(const struct mcr_client_ring *ring)
{
	return ring->at < ring->count ? ring->ahead[ring->at].at : ring->reader.at;
}

/* 1 when poll has something to look at in the ring. */
static inline int mcr_client_waiting(const struct mcr_client_ring *ring)
{
	return ring->at < ring->count || mcr_ring_reader_waiting(&ring->reader);
}

/* The time up to which everything that arrived in the ring was polled; 0 = unknown. */
static inline uint64_t mcr_client_until(const struct mcr_client_ring *ring)
{
	uint64_t polled_ns = mcr_ring_reader_polled(&ring->reader);
	uint64_t until = ring->floor_ns != UINT64_MAX ? ring->floor_ns : 0;

	/* Looked at after the watermark was loaded: then all that it covers has been polled. */
	return polled_ns > until && !mcr_client_waiting(ring) ? polled_ns : until;
}

/* 1 when the ring's writer will publish no more, as far as one can know. Load this before what it
 * published. */
static inline int mcr_client_ended(const struct mcr_consumer *c, const struct mcr_client_ring *ring)
{
	return mcr_client_map_is_over(c->map) || mcr_ring_reader_stopped(&ring->reader);
}

/* watch.c: mcr_client_look reads the clock, shows the engine that this consumer lives, and looks
 * whether the engine does. mcr_client_fill_stall makes the MCR_ENGINE_STALL that is due. */
void mcr_client_look(struct mcr_consumer *c);
void mcr_client_fill_stall(struct mcr_consumer *c, struct mcr_msg *m);

static inline int mcr_client_is_stall_due(const struct mcr_consumer *c)
{
	return c->watch.stall == MCR_CLIENT_STALL_DUE || c->watch.stall == MCR_CLIENT_STALL_OVER;
}

/* wait.c: mcr_client_disarm takes back what mcr_consumer_arm announced. */
void mcr_client_disarm(struct mcr_consumer *c);

/* merge.c: mcr_client_merge_init gives the rings room to copy ahead; -ENOMEM. mcr_client_merge_poll
 * polls them; errors as mcr_consumer_poll. */
int mcr_client_merge_init(struct mcr_consumer *c, uint64_t hold_ns, struct mcr_error *err);
void mcr_client_merge_fini(struct mcr_consumer *c);
int mcr_client_merge_poll(struct mcr_consumer *c, struct mcr_msg *msgs, int n);

/* seek.c: mcr_client_start stands where opts says. Errors as mcr_consumer_open. */
int mcr_client_start(struct mcr_client_ring *ring, const struct mcr_consumer_opts *opts,
		     struct mcr_error *err);

/* open.c: mcr_client_take_opts copies a program's options. Errors: -EINVAL. */
int mcr_client_take_opts(struct mcr_consumer_opts *out, const struct mcr_consumer_opts *opts,
			 struct mcr_error *err);

/* mcr_client_stand makes the readers of c->attachment's rings, standing where opts says, in place
 * of rings that c does not own; and the map that owns their memory, if c has none. Errors as
 * mcr_consumer_open. In any case mcr_client_disconnect frees them, leaves the map and closes the
 * socket. */
int mcr_client_stand(struct mcr_consumer *c, const struct mcr_consumer_opts *opts,
		     struct mcr_error *err);
void mcr_client_disconnect(struct mcr_consumer *c);

/* mcr_client_new makes a consumer or a cursor that is attached nowhere, one more user of the share:
 * of which it is the only one if it is new. Returns NULL when there is no memory, or no share. */
struct mcr_consumer *mcr_client_new(const struct mcr_consumer_opts *opts,
				    struct mcr_client_share *share);

/* mcr_client_begin fills the page of a new attachment. */
void mcr_client_begin(struct mcr_consumer *c);

/* mcr_client_descriptors lists those that the consumer has open now. Returns how many. */
#define MCR_CLIENT_DESCRIPTORS_MAX 8
size_t mcr_client_descriptors(const struct mcr_consumer *c, int fds[MCR_CLIENT_DESCRIPTORS_MAX]);

/* mcr_client_report_sockets says over the attach socket what sockets the program has, as
 * core/attach_wire.h has it (MCR_REQUEST_SOCKETS), for mcring-ctl sockets. It never waits, and gets
 * no answer; say it once a second at most. c: no cursor. Errors: -EINVAL (too long), -EAGAIN (no
 * room now), -EPIPE (the engine is gone). */
int mcr_client_report_sockets(struct mcr_consumer *c, const char *text, size_t len);

/* mcr_client_fill_restart makes the MCR_RESTART that is due. Returns 1, or 0 when the new engine
 * has not begun to receive: nothing else can come before. */
int mcr_client_fill_restart(struct mcr_consumer *c, struct mcr_msg *m);

/* next.c: mcr_client_seek_next takes a step towards the next engine, without waiting. Returns 0
 * when it is attached: *out is the caller's. Errors as mcr_consumer_reattach: then c->fd becomes
 * readable when the next step is due. */
int mcr_client_seek_next(struct mcr_consumer *c, struct mcr_attachment *out, struct mcr_error *err);

/* mcr_client_retry_next has c->fd become readable soon: the engine that was found is not for us. */
void mcr_client_retry_next(struct mcr_consumer *c);

/* mcr_client_end_next closes all that seeking took. */
void mcr_client_end_next(struct mcr_consumer *c);

/* mcr_client_watch_fd has c->fd follow another descriptor, mcr_client_unwatch_fd no longer: before
 * it is closed, because a forked child may have a copy. */
int mcr_client_watch_fd(const struct mcr_consumer *c, int fd);
void mcr_client_unwatch_fd(const struct mcr_consumer *c, int fd);

/* mcr_client_give fills in a structure of the program. Errors: -EINVAL. */
static inline int mcr_client_give(void *out, const void *from, uint32_t n, struct mcr_error *err)
{
	int ret = mcr_sized_give(out, from, n);

	return ret < 0 ? mcr_error_set(err, ret, "set `size` to the size of the structure") : 0;
}

/* What only the one who is attached can do. Returns 0, or -EINVAL for a cursor. */
static inline int mcr_client_refuse_cursor(const struct mcr_consumer *c, struct mcr_error *err)
{
	return c->seat ? mcr_error_set(err, -EINVAL,
				       "a cursor has no connection: ask its consumer for that")
		       : 0;
}

static inline void mcr_client_store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* mcr_client_describe writes into a page how far one consumer or cursor is. */
static inline void mcr_client_describe(const struct mcr_consumer *c, struct mcr_consumer_page *page)
{
	for (unsigned i = 0; i < c->n_rings; i++) {
		mcr_client_store(&page->rings[c->first + i].next_seq,
				 c->rings[i].done.position + 1);
		mcr_client_store(&page->rings[c->first + i].next_offset, c->rings[i].done.offset);
	}
	mcr_client_store(&page->received, c->counts.received - c->before.received);
	mcr_client_store(&page->lost, c->counts.lost - c->before.lost);
	mcr_client_store(&page->stale, c->counts.stale - c->before.stale);
	mcr_client_store(&page->skipped, c->counts.skipped - c->before.skipped);
}

/* report.c: mcr_client_report_all writes into the consumer's page how far it and its cursors are:
 * the slowest of them in each ring, and the sum of what they counted. */
void mcr_client_report_all(const struct mcr_consumer *c);

/* mcr_client_sit has a cursor's seat show where it is, in a channel that it was not in. */
void mcr_client_sit(struct mcr_consumer *cursor);

/* mcr_client_report writes how far it is where the engine, or the consumer of the cursor, looks. */
static inline void mcr_client_report(const struct mcr_consumer *c)
{
	if (__builtin_expect(c->has_cursors, 0))
		mcr_client_report_all(c);
	else
		mcr_client_describe(c, c->attachment.page);
}

#endif
