/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the consumer share: open.c (options, start), consumer.c (poll and what follows
 * it), merge.c (several rings in the order of time), select.c (a part of the channel), watch.c
 * (whether the engine lives), wait.c (sleeping), join.c (groups of its own), reattach.c (the next
 * engine). */
#ifndef MCR_CLIENT_STATE_H
#define MCR_CLIENT_STATE_H

#include <stdint.h>

#include <mcring/consumer.h>

#include "client/attach.h"
#include "client/select.h"
#include "core/ring_reader.h"

#define MCR_CLIENT_CHUNK 32 /* descriptors copied at a time */

struct mcr_client_ring {
	struct mcr_ring_reader reader;
	uint64_t done, done_offset; /* position released */

	/* The time before which nothing can come any more: rx_ns of the last message passed or,
	 * merged, a later watermark; 0 = unknown, UINT64_MAX = nothing comes at all. */
	uint64_t floor_ns;

	/* Merged order: what was copied ahead, descs[at..count). */
	struct mcr_desc *descs;
	unsigned at, count;
	int stalled;         /* silent for too long: the others do not wait for it ... */
	uint64_t stalled_ns; /* ... until it is past the message that it held up */
};

/* Whether the engine stalls, and whether poll has said so. */
enum mcr_client_stall {
	MCR_CLIENT_STALL_NONE,
	MCR_CLIENT_STALL_DUE,
	MCR_CLIENT_STALL_TOLD,
	MCR_CLIENT_STALL_OVER, /* to be said too */
};

struct mcr_consumer {
	struct mcr_client_ring *rings; /* those that are read */
	unsigned n_rings;
	unsigned first; /* index in the channel of rings[0] */
	unsigned turn;  /* the ring that the next poll begins with */
	uint64_t received, lost, stale, skipped;
	struct mcr_client_select select;
	uint64_t skips_end; /* this poll gives up when so many were skipped */

	uint32_t order;      /* enum mcr_order */
	uint64_t hold_ns;    /* merged: how long others wait for a silent ring */
	uint64_t last_ns;    /* merged: rx_ns of the latest message given out */
	uint64_t blocked_ns; /* merged: since when the next one waits for another ring; 0 = it does
				not */

	unsigned polls, stride; /* until, and between looks at the clock */
	uint64_t looked_ns;
	uint64_t beat_ns, silent_ns; /* the newest heartbeat; last look that found it old */
	unsigned silent_looks;       /* that found it old by a second */
	uint64_t
	    hung_up_ns; /* when the engine was seen to have closed the connection; 0 = it has not */
	int is_dead;    /* nothing comes any more */
	uint64_t stall_ns; /* how long it may be silent */
	enum mcr_client_stall stall;
	uint64_t silent_since_ns; /* its last heartbeat before that */

	uint64_t arms; /* times it was armed */
	int armed;
	uint32_t requests; /* sent to the engine */

	struct mcr_attachment attachment;

	/* For reattach: how it was opened, and what a page of this engine must not count. */
	struct mcr_consumer_opts opts; /* without fd, groups and ids */
	char *strings;                 /* that opts points to */
	struct {
		uint64_t received, lost, stale, skipped;
	} before;
	int restarted;     /* an MCR_RESTART is due */
	uint64_t since_ns; /* for it */
};

/* The position of the first message of a ring that poll has not given out. */
static inline uint64_t mcr_client_next(const struct mcr_client_ring *ring, uint64_t *offset)
{
	if (ring->at < ring->count) {
		*offset = ring->descs[ring->at].offset;
		return ring->descs[ring->at].seq - 1;
	}
	*offset = ring->reader.next_offset;
	return ring->reader.next;
}

/* 1 when the ring's writer will publish no more, as far as one can know; look before at what it
 * published. */
static inline int mcr_client_ended(const struct mcr_consumer *c, const struct mcr_client_ring *ring)
{
	return c->is_dead || mcr_ring_reader_stopped(&ring->reader);
}

void mcr_client_fill_data(const struct mcr_ring_reader *r, struct mcr_msg *m,
			  const struct mcr_desc *d);
void mcr_client_fill_lost(const struct mcr_ring_reader *r, struct mcr_msg *m, uint64_t first,
			  uint64_t lost);

/* mcr_client_look reads the clock: tells the engine that this consumer lives, and watches whether
 * the engine does. */
void mcr_client_look(struct mcr_consumer *c);

/* watch.c: mcr_client_watch judges the engine by its newest heartbeat, at the time now.
 * mcr_client_stall writes the MCR_ENGINE_STALL that is due. */
void mcr_client_watch(struct mcr_consumer *c, uint64_t beat, uint64_t now);
void mcr_client_stall(struct mcr_consumer *c, struct mcr_msg *m);

static inline int mcr_client_is_stall_due(const struct mcr_consumer *c)
{
	return c->stall == MCR_CLIENT_STALL_DUE || c->stall == MCR_CLIENT_STALL_OVER;
}

/* wait.c: takes back what mcr_consumer_arm announced. */
void mcr_client_disarm(struct mcr_consumer *c);

/* merge.c: makes a consumer's rings fit for it, and polls them. Errors: -ENOMEM; as
 * mcr_consumer_poll. */
int mcr_client_merge_init(struct mcr_consumer *c, uint64_t hold_ns, struct mcr_error *err);
void mcr_client_merge_fini(struct mcr_consumer *c);
int mcr_client_merge_poll(struct mcr_consumer *c, struct mcr_msg *msgs, int n);
/* mcr_client_open_rings makes the readers of an attachment, standing where opts says. */
int mcr_client_open_rings(struct mcr_consumer *c, const struct mcr_consumer_opts *opts,
			  struct mcr_error *err);

/* mcr_client_begin fills the page of a new attachment. */
void mcr_client_begin(struct mcr_consumer *c);

/* mcr_client_restarted writes the MCR_RESTART that is due. Returns 1, or 0 when the new engine has
 * not begun to receive: nothing else can come before. */
int mcr_client_restarted(struct mcr_consumer *c, struct mcr_msg *m);

static inline void mcr_client_store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* mcr_client_tell writes how far the consumer is into its page. */
void mcr_client_tell(struct mcr_consumer *c);

#endif
