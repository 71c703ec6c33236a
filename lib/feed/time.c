/* SPDX-License-Identifier: BSD-3-Clause */
/* The feed's time is that of arrivals: what a ring gave up to its next message, or up to its
 * watermark when it is read to the end. So a reader that was away invents no timeout. A ring whose
 * engine hangs, or whose lcore does, holds up nothing for ever. */
#include <errno.h>

#include "feed/state.h"

#define STILL_NS UINT64_C(1000000000) /* a ring stands still, and is behind another by as much */
#define AWAY_NS  UINT64_C(200000000)  /* between two looks of a reader that was away */

static uint64_t reader_ns(const struct mcr_feed_reader *r)
{
	return r->at < r->count ? r->batch[r->at].rx_ns : mcr_consumer_until(r->c, r->ring);
}

/* Whether the ring, which is far behind another, stands still: its lcore hangs. It must have been
 * so for as long as this program looked again and again: one that was away finds old watermarks. */
static int stands_still(struct mcr_feed_reader *r, uint64_t until_ns)
{
	const uint64_t now_ns = mcr_feed_clock_ns(CLOCK_MONOTONIC);

	if (r->stood_ns != until_ns || now_ns - r->stood_seen_ns > AWAY_NS)
		r->stands_ns = now_ns;
	r->stood_ns = until_ns;
	r->stood_seen_ns = now_ns;
	return now_ns - r->stands_ns >= STILL_NS;
}

static int counts(const struct mcr_feed_reader *r)
{
	return !r->source->is_stalled;
}

/* Without those that stand still. */
static __attribute__((noinline)) uint64_t now_of_others(struct mcr_feed *f, uint64_t most)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < f->n_readers; i++) {
		struct mcr_feed_reader *r = f->readers[i];
		const uint64_t ns = reader_ns(r);

		if (counts(r) && !(ns + STILL_NS < most && stands_still(r, ns)))
			least = ns < least ? ns : least;
	}
	return least;
}

/* Before the first ring is read there is no time: that of a capture may be long ago. */
static int has_begun(const struct mcr_feed *f)
{
	for (unsigned i = 0; i < f->n_sources; i++)
		if (f->sources[i].was_attached)
			return 1;
	return 0;
}

uint64_t mcr_feed_now(struct mcr_feed *f)
{
	uint64_t least = UINT64_MAX, most = 0, due_ns;

	for (unsigned i = 0; i < f->n_readers; i++) {
		const struct mcr_feed_reader *r = f->readers[i];
		const uint64_t ns = counts(r) ? reader_ns(r) : UINT64_MAX;

		least = ns < least ? ns : least;
		most = ns > most && ns < UINT64_MAX ? ns : most;
	}
	if (__builtin_expect(least < UINT64_MAX && most - least > STILL_NS, 0))
		least = now_of_others(f, most);
	if (least < UINT64_MAX)
		return least;
	if (!has_begun(f))
		return 0;
	/* No ring is left that could bring what is waited for. If no engine is, either, it is given
	 * up, also when a capture's time was ahead of the host's. */
	least = mcr_feed_clock_ns(CLOCK_REALTIME);
	due_ns = f->n_readers == 0 ? mcr_arbiter_due(f->arbiter) : UINT64_MAX;
	return due_ns < UINT64_MAX && due_ns > least ? due_ns : least;
}

void mcr_feed_lines_down(struct mcr_feed *f, uint32_t lines, uint32_t why)
{
	for (unsigned i = 0; i < f->config.n_lines; i++)
		if (lines >> i & 1)
			mcr_arbiter_line_down(f->arbiter, i, why);
}

/* Outside of its hours a feed may be silent. What was due before they end is judged before, and
 * silence counts from when they begin. */
static void look_at_hours(struct mcr_feed *f, uint64_t now_ns)
{
	if (now_ns < f->hours_ns)
		return;
	if (f->hours_ns != 0) {
		mcr_arbiter_time(f->arbiter, f->hours_ns);
		if (mcr_arbiter_pending(f->arbiter))
			return;
	}
	mcr_arbiter_awake(f->arbiter, mcr_feed_hours_is_open(&f->hours, now_ns));
	f->hours_ns = mcr_feed_hours_next(&f->hours, now_ns);
}

/* What the ports of a ring lost since the last look of the engine: of any group, so perhaps of any
 * line of the channel. The first look only says where the count stands. */
static void look_at_losses(struct mcr_feed *f, struct mcr_feed_reader *r)
{
	struct mcr_consumer_ring ring = {.size = sizeof(ring)};
	uint64_t lost = 0;

	if (mcr_consumer_ring_info(r->c, r->ring, &ring, NULL) < 0 ||
	    ring.host_looked_ns <= r->host_looked_ns)
		return;
	if (r->host_looked_ns != 0 && ring.host_lost > r->host_lost)
		lost = ring.host_lost - r->host_lost;
	mcr_arbiter_host_loss(f->arbiter, r->source->lines, lost, ring.host_looked_ns);
	r->host_lost = ring.host_lost;
	r->host_looked_ns = ring.host_looked_ns;
}

void mcr_feed_look(struct mcr_feed *f, uint64_t now_ns)
{
	look_at_hours(f, now_ns);
	f->look_ns = mcr_feed_until(f, now_ns + MCR_FEED_LOOK_NS);
	for (unsigned i = 0; i < f->n_readers; i++)
		look_at_losses(f, f->readers[i]);
}
