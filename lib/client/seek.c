/* SPDX-License-Identifier: BSD-3-Clause */
/* Places in the rings. */
#include <errno.h>

#include "client/state.h"
#include "core/error.h"

/* Why a reader cannot start at a seq: what the ring holds. */
static int seek_failed(const struct mcr_ring_reader *r, uint64_t seq, struct mcr_error *err)
{
	uint64_t oldest = mcr_ring_reader_oldest(r).position;
	uint64_t published = mcr_ring_reader_published(r);
	const char *why = seq <= published ? "is gone" : "is not there yet";

	if (oldest >= published)
		return mcr_error_set(err, -ERANGE,
				     "seq %llu of ring %u %s: the ring holds nothing, the next is "
				     "%llu",
				     (unsigned long long)seq, r->index, why,
				     (unsigned long long)published + 1);
	return mcr_error_set(err, -ERANGE, "seq %llu of ring %u %s: the ring holds %llu to %llu",
			     (unsigned long long)seq, r->index, why, (unsigned long long)oldest + 1,
			     (unsigned long long)published);
}

int mcr_client_start(struct mcr_client_ring *ring, const struct mcr_consumer_opts *opts,
		     struct mcr_error *err)
{
	struct mcr_ring_reader *r = &ring->reader;

	switch (opts->start) {
	case MCR_START_NEWEST:
		return 0;
	case MCR_START_OLDEST:
		mcr_ring_reader_go(r, mcr_ring_reader_oldest(r));
		return 0;
	case MCR_START_SEQ:
		if (opts->seq == 0 || !mcr_ring_reader_seek(r, opts->seq - 1))
			return seek_failed(r, opts->seq, err);
		return 0;
	default:
		return mcr_error_set(err, -EINVAL, "start %u: not an enum mcr_start", opts->start);
	}
}

/* Returns 0, or -EPROTO when the ring's count never stands still: no writer of ours. */
static int go_to_newest(struct mcr_client_ring *ring)
{
	struct mcr_ring_mark at = mcr_client_next(ring);
	struct mcr_ring_published newest = {0};
	int ret = mcr_ring_reader_newest(&ring->reader, &newest) ? 0 : -EPROTO;

	/* Poll sees a message before it is counted, so the reader may be ahead of the count. */
	if (newest.messages > at.position && newest.end > at.offset)
		at = (struct mcr_ring_mark){newest.messages, newest.end};
	mcr_ring_reader_go(&ring->reader, at);
	return ret;
}

int mcr_consumer_seek(struct mcr_consumer *c, uint32_t start)
{
	int ret = 0;

	if (start != MCR_START_NEWEST && start != MCR_START_OLDEST)
		return -EINVAL;
	if (c->armed)
		mcr_client_disarm(c);
	for (unsigned i = 0; i < c->n_rings; i++) {
		struct mcr_client_ring *ring = &c->rings[i];

		if (start == MCR_START_NEWEST) {
			ret |= go_to_newest(ring);
		} else {
			mcr_ring_reader_go(&ring->reader, mcr_ring_reader_oldest(&ring->reader));
			c->last_ns = 0; /* what comes again is not late */
		}
		ring->at = ring->count = 0;
		ring->done = ring->reader.at;
	}
	c->blocked_ns = 0;
	mcr_client_report(c);
	return ret;
}
