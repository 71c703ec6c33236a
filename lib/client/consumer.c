/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "client/state.h"

/* User-visible layout: programs that were compiled against an older header must keep working. */
_Static_assert(sizeof(struct mcr_msg) == 128, "struct mcr_msg is part of the ABI");
_Static_assert(sizeof(struct mcr_pos) == 24, "struct mcr_pos is part of the ABI");

#define SKIPS_MAX 4096 /* a poll gives up after so many messages that are not wanted, and some */

/* The clock is read each STRIDE polls: often for a consumer that polls now and then, rarely for one
 * that spins. */
#define STRIDE_MAX 32
#define LOOK_SOON  UINT64_C(200000)
#define LOOK_LATE  UINT64_C(10000000)

void mcr_client_tell(struct mcr_consumer *c)
{
	struct mcr_consumer_page *page = c->attachment.page;

	for (unsigned i = 0; i < c->n_rings; i++) {
		mcr_client_store(&page->rings[c->first + i].next_seq, c->rings[i].done + 1);
		mcr_client_store(&page->rings[c->first + i].next_offset, c->rings[i].done_offset);
	}
	mcr_client_store(&page->received, c->received - c->before.received);
	mcr_client_store(&page->lost, c->lost - c->before.lost);
	mcr_client_store(&page->stale, c->stale - c->before.stale);
	mcr_client_store(&page->skipped, c->skipped - c->before.skipped);
}

void mcr_client_fill_data(const struct mcr_ring_reader *r, struct mcr_msg *m,
			  const struct mcr_desc *d)
{
	*m = (struct mcr_msg){
	    .data = mcr_ring_reader_bytes(r, d->offset) +
		    (d->family == AF_INET6 ? MCR_RING_INET6_BYTES : 0),
	    .len = d->len,
	    .kind = d->kind,
	    .flags = d->flags,
	    .pos = {.epoch = r->epoch, .seq = d->seq, .ring = r->index},
	    .rx_ns = d->rx_ns,
	    .hw_ns = d->hw_ns,
	    .group_be = d->group_be,
	    .source_be = d->source_be,
	    .id = d->id,
	    .dst_port = d->port,
	    .src_port = d->source_port,
	    .vlan = d->vlan,
	    .ttl = d->ttl,
	    .family = d->family,
	    .offset = d->offset,
	};
}

void mcr_client_fill_lost(const struct mcr_ring_reader *r, struct mcr_msg *m, uint64_t first,
			  uint64_t lost)
{
	*m = (struct mcr_msg){
	    .kind = MCR_LOST,
	    .pos = {.epoch = r->epoch, .seq = first + 1, .ring = r->index},
	    .lost = lost,
	};
}

/* Up to n messages of one ring. *drained: there was no more. Returns how many, or -EPROTO. */
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
		c->lost += lost;
		if (count == n) { /* no room for the last one: it comes again */
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
			/* On its way from the rx lcore's cache while the others are looked at. */
			__builtin_prefetch(mcr_ring_reader_bytes(r, descs[i].offset));
			__builtin_prefetch(mcr_ring_reader_bytes(r, descs[i].offset + 64));
			mcr_client_fill_data(r, &msgs[used++], &descs[i]);
			c->received++;
		} else {
			c->skipped++;
		}
	}
	return used;
}

void mcr_client_look(struct mcr_consumer *c)
{
	uint64_t beat = 0, now, since;

	for (unsigned i = 0; i < c->n_rings; i++) {
		uint64_t b = mcr_ring_reader_heartbeat(&c->rings[i].reader);

		beat = b > beat ? b : beat;
	}
	now = mcr_client_now_ns();
	since = now - c->looked_ns;
	c->looked_ns = now;
	if (since > LOOK_LATE)
		c->stride = 1;
	else if (since < LOOK_SOON && c->stride < STRIDE_MAX)
		c->stride *= 2;
	mcr_client_store(&c->attachment.page->heartbeat_ns, now);
	mcr_client_watch(c, beat, now);
}

/* Nothing was found: is that for ever? The states are loaded before the rings are looked at again,
 * so that all that was published before a stop has been seen. */
static int nothing(struct mcr_consumer *c)
{
	uint64_t offset;

	for (unsigned i = 0; i < c->n_rings; i++)
		if (!mcr_client_ended(c, &c->rings[i]))
			return 0;
	for (unsigned i = 0; i < c->n_rings; i++)
		if (mcr_ring_reader_published(&c->rings[i].reader) !=
		    mcr_client_next(&c->rings[i], &offset))
			return 0;
	return -EPIPE;
}

static int poll_rings(struct mcr_consumer *c, struct mcr_msg *msgs, int n)
{
	int got = 0, k;

	for (unsigned i = 0; i < c->n_rings && got < n && c->skipped < c->skips_end; i++) {
		struct mcr_client_ring *ring = &c->rings[c->turn];
		int drained = 0;

		/* The next poll begins with the next ring, so a busy one starves none. */
		c->turn = c->turn + 1 < c->n_rings ? c->turn + 1 : 0;
		while (!drained && got < n && c->skipped < c->skips_end) {
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
	c->skips_end = c->skipped + SKIPS_MAX;
	if (++c->polls >= c->stride) {
		c->polls = 0;
		mcr_client_look(c);
	}
	if (mcr_client_is_stall_due(c) && n > 0)
		mcr_client_stall(c, &msgs[got++]);
	if (c->restarted && got < n) {
		if (!mcr_client_restarted(c, &msgs[got]))
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
		return NULL; /* of before a reattach, or never given */
	return &c->rings[i].reader;
}

int64_t mcr_consumer_read(struct mcr_consumer *c, const struct mcr_msg *m, void *buf, size_t cap)
{
	const struct mcr_ring_reader *r = reader_of(c, m);

	if (m->len == 0)
		return 0;
	if (r == NULL)
		return -ESTALE;
	mcr_ring_copy_out(buf, m->data, m->len < cap ? m->len : cap);
	if (mcr_ring_reader_overrun(r, m->pos.seq - 1, m->offset)) {
		c->stale++;
		return -ESTALE;
	}
	return m->len;
}

int mcr_consumer_intact(const struct mcr_consumer *c, const struct mcr_msg *m)
{
	const struct mcr_ring_reader *r = reader_of(c, m);

	return m->len == 0 || (r != NULL && !mcr_ring_reader_overrun(r, m->pos.seq - 1, m->offset));
}

void mcr_consumer_release(struct mcr_consumer *c)
{
	for (unsigned i = 0; i < c->n_rings; i++)
		c->rings[i].done = mcr_client_next(&c->rings[i], &c->rings[i].done_offset);
	mcr_client_tell(c);
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
