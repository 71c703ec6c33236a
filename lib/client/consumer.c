/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "client/message.h"
#include "client/state.h"

/* User-visible layout: programs that were compiled against an older header must keep working. */
_Static_assert(sizeof(struct mcr_msg) == 128, "struct mcr_msg is part of the ABI");
_Static_assert(sizeof(struct mcr_pos) == 24, "struct mcr_pos is part of the ABI");

#define SKIPS_MAX 4096 /* a poll ends soon after it has skipped so many messages */

/* What a walk along a ring has come to. */
struct walk {
	struct mcr_ring_mark at;
	uint64_t last_ns; /* of the last message */
	int used;         /* messages given out */
	int ret;          /* of the last look; 1 before it */
	int chunk_ended;  /* a consumer that had caught up has what was published at once */
};

/* Gives out up to n messages of one ring, and counts none yet: they may turn out to be overwritten.
 * A consumer that had caught up gets one chunk, so that it does not touch the line that the writer
 * is about to fill. */
static inline __attribute__((always_inline)) void walk(struct mcr_consumer *c,
						       const struct mcr_ring_reader *r,
						       struct mcr_msg *msgs, int n, struct walk *w)
{
	int most = MCR_CLIENT_CHUNK;
	struct mcr_ring_ahead ahead = {0, 0};
	struct mcr_ring_message m;
	uint32_t more;

	mcr_ring_reader_fetch(r, w->at.offset);
	for (int i = 0; i < most && w->used < n; i++) {
		w->ret = mcr_ring_reader_look(r, &w->at, &m, &more);
		if (w->ret <= 0)
			break;
		if (i == 0 && r->caught_up && (int)more + 1 < most) {
			most = (int)more + 1;
			w->chunk_ended = 1;
		}
		mcr_ring_reader_ahead(r, &ahead, w->at.offset, more, w->at.offset - m.at.offset);
		w->last_ns = m.record.rx_ns;
		if (mcr_client_select_wants(&c->select, &m))
			mcr_client_fill_data(r, &msgs[w->used++], &m);
	}
}

/* Gives up to n messages of one ring. *drained, 0 before: no more are there, or the rest of them is
 * just being written. Returns how many, or -EPROTO. */
static int poll_ring(struct mcr_consumer *c, struct mcr_client_ring *ring, struct mcr_msg *msgs,
		     int n, int *drained)
{
	struct mcr_ring_reader *r = &ring->reader;
	struct walk w = {.at = r->at, .ret = 1};
	uint64_t lost = 0, looked;
	int events = 0;

	walk(c, r, msgs, n, &w);
	for (int chase = 0; mcr_ring_reader_overrun(r, r->at.offset); chase++) {
		if (chase == MCR_RING_CHASES_MAX) {
			w = (struct walk){.at = r->at, .ret = 1};
			*drained = 1; /* for this poll; it knows nothing */
			break;
		}
		if (lost == 0)
			mcr_client_fill_lost(r, msgs, r->at.position, 0);
		lost += mcr_ring_reader_lapped(r);
		events = lost > 0;
		w = (struct walk){.at = r->at, .ret = 1};
		walk(c, r, msgs + events, n - events, &w);
	}
	if (lost > 0)
		msgs->lost = lost;
	c->counts.lost += lost;
	looked = w.at.position - r->at.position;
	/* Behind a chunk of which nothing was wanted there may be more: it looks on. */
	*drained |= w.ret == 0 || (w.chunk_ended && w.used > 0);
	if (w.ret < 0)
		return events > 0 ? events : w.ret;
	c->counts.received += (uint64_t)w.used;
	c->counts.skipped += looked - (uint64_t)w.used;
	r->caught_up = w.ret == 0;
	r->at = w.at;
	if (looked > 0)
		ring->floor_ns = w.last_ns;
	return events + w.used;
}

/* Poll has found nothing: returns -EPIPE when nothing will come any more, else 0. A ring's state is
 * loaded before the look at its next message, so that all that was published before a stop has been
 * seen. */
static int nothing(struct mcr_consumer *c)
{
	for (unsigned i = 0; i < c->n_rings; i++)
		if (!mcr_client_ended(c, &c->rings[i]) || mcr_client_waiting(&c->rings[i]))
			return 0;
	return -EPIPE;
}

static int poll_rings(struct mcr_consumer *c, struct mcr_msg *msgs, int n)
{
	int got = 0, k;

	for (unsigned i = 0; i < c->n_rings && got < n && c->counts.skipped < c->skips_end; i++) {
		struct mcr_client_ring *ring = &c->rings[c->turn];
		int drained = 0;

		/* The next poll begins with the next ring, so that a busy one starves none. */
		c->turn = c->turn + 1 < c->n_rings ? c->turn + 1 : 0;
		while (!drained && got < n && c->counts.skipped < c->skips_end) {
			k = poll_ring(c, ring, msgs + got, n - got, &drained);
			if (k < 0)
				return got > 0 ? got : k;
			got += k;
		}
	}
	return got;
}

/* Not inline: a poll that finds nothing saves no registers for it. */
static __attribute__((noinline)) int poll_all(struct mcr_consumer *c, struct mcr_msg *msgs, int n)
{
	int got = 0, k;

	if (c->armed)
		mcr_client_disarm(c);
	c->skips_end = c->counts.skipped + SKIPS_MAX;
	if (mcr_client_is_stall_due(c) && n > 0)
		mcr_client_fill_stall(c, &msgs[got++]);
	if (c->restarted && got < n) {
		if (!mcr_client_fill_restart(c, &msgs[got]))
			return got > 0 ? got : nothing(c);
		got++;
	}
	k = c->order == MCR_ORDER_MERGED ? mcr_client_merge_poll(c, msgs + got, n - got)
					 : poll_rings(c, msgs + got, n - got);
	if (k < 0 && got == 0)
		return k;
	got += k > 0 ? k : 0;
	return got > 0 || n <= 0 ? got : nothing(c);
}

/* The last poll has found the end of each ring, and it is still there. */
static int is_quiet(const struct mcr_consumer *c)
{
	if (c->order != MCR_ORDER_RINGS || c->armed || c->restarted || mcr_client_is_stall_due(c))
		return 0;
	for (unsigned i = 0; i < c->n_rings; i++)
		if (!c->rings[i].reader.caught_up || mcr_ring_reader_waiting(&c->rings[i].reader))
			return 0;
	return 1;
}

int mcr_consumer_poll(struct mcr_consumer *c, struct mcr_msg *msgs, int n)
{
	if (++c->watch.polls >= c->watch.stride) {
		c->watch.polls = 0;
		mcr_client_look(c);
	}
	return is_quiet(c) && n > 0 ? nothing(c) : poll_all(c, msgs, n);
}

/* ---- what a message allows ---- */

static const struct mcr_ring_reader *reader_of(const struct mcr_consumer *c,
					       const struct mcr_msg *m)
{
	uint32_t i = m->pos.ring - c->first;
	const struct mcr_ring_reader *r;

	if (i >= c->n_rings)
		return NULL;
	r = &c->rings[i].reader;
	/* From before a reattach, which may map the same ring elsewhere, or from no poll. */
	if (m->pos.epoch != r->epoch || (uintptr_t)m->data - (uintptr_t)r->data >= r->bytes)
		return NULL;
	return r;
}

int64_t mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf, size_t cap)
{
	const struct mcr_ring_reader *r = reader_of(c, m);

	if (m->len == 0)
		return 0;
	if (!r)
		return -ESTALE;
	mcr_ring_copy_out(buf, m->data, m->len < cap ? m->len : cap);
	if (mcr_ring_reader_overrun(r, m->offset)) {
		c->counts.stale++;
		return -ESTALE;
	}
	return m->len;
}

int mcr_consumer_intact(const struct mcr_consumer *c, const struct mcr_msg *m)
{
	const struct mcr_ring_reader *r = reader_of(c, m);

	return m->len == 0 || (r && !mcr_ring_reader_overrun(r, m->offset));
}

void mcr_consumer_release(struct mcr_consumer *c)
{
	for (unsigned i = 0; i < c->n_rings; i++)
		c->rings[i].done = mcr_client_next(&c->rings[i]);
	if (c->map)
		mcr_client_report(c);
}

uint64_t mcr_consumer_headroom(const struct mcr_consumer *c)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < c->n_rings; i++) {
		const struct mcr_client_ring *ring = &c->rings[i];
		uint64_t headroom = mcr_ring_reader_headroom(&ring->reader, ring->done);

		least = headroom < least ? headroom : least;
	}
	return least;
}

uint32_t mcr_consumer_rings(const struct mcr_consumer *c)
{
	return c->attachment.n_rings;
}
