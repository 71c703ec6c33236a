/* SPDX-License-Identifier: BSD-3-Clause */
/* Several rings in the order of arrival. Within a ring rx_ns never goes back, and an idle rx lcore
 * marks the time up to which it has published everything. So poll may give out a message when each
 * other ring's next message, or its mark, is later: docs/ring.md, "In the order of time". */
#include <errno.h>
#include <stdlib.h>

#include "client/message.h"
#include "client/state.h"
#include "core/error.h"

#define HOLD_NS UINT64_C(100000000)

int mcr_client_merge_init(struct mcr_consumer *c, uint64_t hold_ns, struct mcr_error *err)
{
	struct mcr_ring_message *ahead;

	if (c->n_rings == 1) { /* it is in order */
		c->order = MCR_ORDER_RINGS;
		return 0;
	}
	ahead = calloc((size_t)c->n_rings * MCR_CLIENT_CHUNK, sizeof(*ahead));
	if (!ahead)
		return mcr_error_set(err, -ENOMEM, "consumer: no memory");
	for (unsigned i = 0; i < c->n_rings; i++)
		c->rings[i].ahead = &ahead[i * MCR_CLIENT_CHUNK];
	c->hold_ns = hold_ns != 0 ? hold_ns : HOLD_NS;
	return 0;
}

void mcr_client_merge_fini(struct mcr_consumer *c)
{
	if (c->rings)
		free(c->rings[0].ahead);
}

static int has_head(const struct mcr_client_ring *ring)
{
	return ring->at < ring->count;
}

/* The earliest time of what this ring can still bring. */
static uint64_t bound(const struct mcr_client_ring *ring)
{
	return has_head(ring) ? ring->ahead[ring->at].record.rx_ns : ring->floor_ns;
}

/* Copies what the ring has into `ahead`, which is empty. Returns how many, or -EPROTO; *lost as of
 * mcr_ring_reader_poll. */
static int fill(const struct mcr_consumer *c, struct mcr_client_ring *ring, uint64_t *lost)
{
	/* Both are loaded before the look: what that does not show came later. */
	uint64_t polled_ns = mcr_ring_reader_polled(&ring->reader);
	int ended = mcr_client_ended(c, ring);
	int count = mcr_ring_reader_poll(&ring->reader, ring->ahead, MCR_CLIENT_CHUNK, lost);

	ring->at = 0;
	ring->count = count > 0 ? (unsigned)count : 0;
	if (ring->reader.caught_up) {
		if (ended)
			ring->floor_ns = UINT64_MAX;
		else if (ring->floor_ns == UINT64_MAX || polled_ns > ring->floor_ns)
			ring->floor_ns = polled_ns;
	}
	return count;
}

/* Passes over what is not wanted until the ring has a head or has nothing, or this poll has done
 * enough. A loss is reported at once: its place is directly behind the ring's last message, and no
 * later time is known of it. Returns 0 or -EPROTO. */
static int look_ahead(struct mcr_consumer *c, struct mcr_client_ring *ring, struct mcr_msg *msgs,
		      int n, int *got)
{
	for (;;) {
		uint64_t before = ring->reader.at.position, lost;
		int count;

		for (; has_head(ring); ring->at++) {
			if (mcr_client_select_wants(&c->select, &ring->ahead[ring->at]))
				return 0;
			ring->floor_ns = ring->ahead[ring->at].record.rx_ns;
			c->counts.skipped++;
		}
		if (*got == n || c->counts.skipped >= c->skips_end)
			return 0;
		count = fill(c, ring, &lost);
		if (lost > 0) {
			mcr_client_fill_lost(&ring->reader, &msgs[(*got)++], before, lost);
			c->counts.lost += lost;
		}
		if (count <= 0)
			return count;
	}
}

/* Whether time a of ring i comes before time b of ring k. Equal times go by ring, so that the order
 * does not depend on when poll looks. */
static int precedes(uint64_t a, unsigned i, uint64_t b, unsigned k)
{
	return a < b || (a == b && i < k);
}

/* The ring whose head is first, or NULL. */
static struct mcr_client_ring *first_head(struct mcr_consumer *c)
{
	struct mcr_client_ring *first = NULL;

	for (unsigned i = 0; i < c->n_rings; i++)
		if (has_head(&c->rings[i]) && (!first || bound(&c->rings[i]) < bound(first)))
			first = &c->rings[i];
	return first;
}

/* The other ring that the first head has to precede, or NULL. */
static struct mcr_client_ring *limit_of(struct mcr_consumer *c, const struct mcr_client_ring *first)
{
	struct mcr_client_ring *limit = NULL;

	for (unsigned i = 0; i < c->n_rings; i++) {
		struct mcr_client_ring *ring = &c->rings[i];

		if (bound(ring) >= ring->stalled_ns)
			ring->stalled = 0;
		if (ring != first && (has_head(ring) || !ring->stalled) &&
		    (!limit || bound(ring) < bound(limit)))
			limit = ring;
	}
	return limit;
}

/* Gives out the first ring's messages up to the limit. Returns how many. */
static int give(struct mcr_consumer *c, struct mcr_client_ring *ring,
		const struct mcr_client_ring *limit, struct mcr_msg *msgs, int n)
{
	unsigned i = (unsigned)(ring - c->rings);
	unsigned k = limit ? (unsigned)(limit - c->rings) : c->n_rings;
	uint64_t end = limit ? bound(limit) : UINT64_MAX;
	int given = 0;

	while (given < n && has_head(ring) && precedes(bound(ring), i, end, k)) {
		const struct mcr_ring_message *d = &ring->ahead[ring->at++];

		ring->floor_ns = d->record.rx_ns;
		if (!mcr_client_select_wants(&c->select, d)) {
			c->counts.skipped++;
			continue;
		}
		mcr_client_fill_data(&ring->reader, &msgs[given], d);
		if (d->record.rx_ns < c->last_ns)
			msgs[given].flags |= MCR_FLAG_LATE;
		else
			c->last_ns = d->record.rx_ns;
		given++;
	}
	c->counts.received += (uint64_t)given;
	return given;
}

/* What was copied ahead may be overtaken before its turn comes. Then the ring is read again from
 * there, and what is gone is reported as lost. Returns 1 when that was so. */
static int overtaken(struct mcr_client_ring *ring)
{
	const struct mcr_ring_mark *at = &ring->ahead[ring->at].at;

	if (!mcr_ring_reader_overrun(&ring->reader, at->offset))
		return 0;
	mcr_ring_reader_go(&ring->reader, *at);
	ring->at = ring->count = 0;
	return 1;
}

/* The others have waited long enough: from now on they pass over the rings that hold up the first
 * head. Returns how many MCR_STALL it wrote. */
static int stall(struct mcr_consumer *c, const struct mcr_client_ring *first, struct mcr_msg *msgs,
		 int n)
{
	int written = 0;

	for (unsigned i = 0; i < c->n_rings && written < n; i++) {
		struct mcr_client_ring *ring = &c->rings[i];
		const struct mcr_ring_reader *r = &ring->reader;

		if (ring == first || ring->stalled || has_head(ring) || bound(ring) > bound(first))
			continue;
		ring->stalled = 1;
		ring->stalled_ns = bound(first);
		msgs[written++] = (struct mcr_msg){
		    .kind = MCR_STALL,
		    .pos = {.epoch = r->epoch, .seq = r->at.position + 1, .ring = r->index},
		    .rx_ns = ring->floor_ns,
		};
	}
	return written;
}

int mcr_client_merge_poll(struct mcr_consumer *c, struct mcr_msg *msgs, int n)
{
	/* Read before the rings: a time read later would blame them for what this process
	 * slept. */
	uint64_t now_ns = c->blocked_ns != 0 ? mcr_client_now_ns() : 0;
	int got = 0;

	while (got < n && c->counts.skipped < c->skips_end) {
		struct mcr_client_ring *first, *limit;
		int given;

		for (unsigned i = 0; i < c->n_rings; i++) {
			int ret = look_ahead(c, &c->rings[i], msgs, n, &got);

			if (ret < 0)
				return got > 0 ? got : ret;
		}
		first = first_head(c);
		if (!first)
			break;
		if (overtaken(first))
			continue;
		limit = limit_of(c, first);
		given = give(c, first, limit, msgs + got, n - got);
		got += given;
		if (given > 0) {
			c->blocked_ns = 0;
		} else if (c->blocked_ns == 0) {
			c->blocked_ns = mcr_client_now_ns();
			break;
		} else if (now_ns > c->blocked_ns && now_ns - c->blocked_ns > c->hold_ns) {
			got += stall(c, first, msgs + got, n - got);
		} else {
			break;
		}
	}
	return got;
}
