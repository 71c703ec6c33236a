/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "client/message.h"
#include "client/state.h"

/* User-visible layout: programs that were compiled against an older header must keep working. */
_Static_assert(sizeof(struct mcr_msg) == 128, "struct mcr_msg is part of the ABI");
_Static_assert(sizeof(struct mcr_pos) == 24, "struct mcr_pos is part of the ABI");

#define SKIPS_MAX 4096 /* a poll ends soon after it has skipped so many messages */

/* Gives up to n messages of one ring. *drained: there are no more. Returns how many, or -EPROTO. */
static int poll_ring(struct mcr_consumer *c, struct mcr_client_ring *ring, struct mcr_msg *msgs,
		     int n, int *drained)
{
	struct mcr_ring_reader *r = &ring->reader;
	struct mcr_desc descs[MCR_CLIENT_CHUNK];
	int want = n < MCR_CLIENT_CHUNK ? n : MCR_CLIENT_CHUNK, count, used = 0;
	uint64_t before = r->next, lost;

	count = mcr_ring_reader_poll(r, descs, want, &lost);
	*drained = count < want;
	if (lost > 0) {
		mcr_client_fill_lost(r, &msgs[used++], before, lost);
		c->counts.lost += lost;
		if (count == n) { /* no room for the last one: the next poll gives it */
			count--;
			r->next--;
			r->next_offset = descs[count].offset;
		}
	}
	if (count < 0)
		return used > 0 ? used : count;
	if (count > 0)
		ring->floor_ns = descs[count - 1].rx_ns;
	for (int i = 0; i < count; i++) {
		if (mcr_client_select_wants(&c->select, &descs[i])) {
			/* It comes out of the rx lcore's cache while the loop goes on. */
			__builtin_prefetch(mcr_ring_reader_bytes(r, descs[i].offset));
			__builtin_prefetch(mcr_ring_reader_bytes(r, descs[i].offset + 64));
			mcr_client_fill_data(r, &msgs[used++], &descs[i]);
			c->counts.received++;
		} else {
			c->counts.skipped++;
		}
	}
	return used;
}

/* Poll has found nothing: returns -EPIPE when nothing will come any more, else 0. A ring's state is
 * loaded before its position, so that all that was published before a stop has been seen. */
static int nothing(struct mcr_consumer *c)
{
	uint64_t offset;

	for (unsigned i = 0; i < c->n_rings; i++)
		if (!mcr_client_ended(c, &c->rings[i]) ||
		    mcr_ring_reader_published(&c->rings[i].reader) !=
			mcr_client_next(&c->rings[i], &offset))
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

int mcr_consumer_poll(struct mcr_consumer *c, struct mcr_msg *msgs, int n)
{
	int got = 0, k;

	if (c->armed)
		mcr_client_disarm(c);
	c->skips_end = c->counts.skipped + SKIPS_MAX;
	if (++c->watch.polls >= c->watch.stride) {
		c->watch.polls = 0;
		mcr_client_look(c);
	}
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

/* ---- what a message allows ---- */

static const struct mcr_ring_reader *reader_of(const struct mcr_consumer *c,
					       const struct mcr_msg *m)
{
	uint32_t i = m->pos.ring - c->first;

	if (i >= c->n_rings || m->pos.epoch != c->rings[i].reader.epoch)
		return NULL; /* from before a reattach, or from no poll */
	return &c->rings[i].reader;
}

int64_t mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf, size_t cap)
{
	const struct mcr_ring_reader *r = reader_of(c, m);

	if (m->len == 0)
		return 0;
	if (!r)
		return -ESTALE;
	mcr_ring_copy_out(buf, m->data, m->len < cap ? m->len : cap);
	if (mcr_ring_reader_overrun(r, m->pos.seq - 1, m->offset)) {
		c->counts.stale++;
		return -ESTALE;
	}
	return m->len;
}

int mcr_consumer_intact(const struct mcr_consumer *c, const struct mcr_msg *m)
{
	const struct mcr_ring_reader *r = reader_of(c, m);

	return m->len == 0 || (r && !mcr_ring_reader_overrun(r, m->pos.seq - 1, m->offset));
}

void mcr_consumer_release(struct mcr_consumer *c)
{
	for (unsigned i = 0; i < c->n_rings; i++)
		c->rings[i].done = mcr_client_next(&c->rings[i], &c->rings[i].done_offset);
	mcr_client_report(c);
}

uint64_t mcr_consumer_headroom(const struct mcr_consumer *c)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < c->n_rings; i++) {
		const struct mcr_client_ring *ring = &c->rings[i];
		uint64_t headroom =
		    mcr_ring_reader_headroom(&ring->reader, ring->done, ring->done_offset);

		least = headroom < least ? headroom : least;
	}
	return least;
}

uint32_t mcr_consumer_rings(const struct mcr_consumer *c)
{
	return c->attachment.n_rings;
}
