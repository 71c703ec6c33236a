/* SPDX-License-Identifier: BSD-3-Clause */
#include "lead.h"

#include <stdlib.h>
#include <string.h>

#define PLACES_BITS 13
#define PLACES      (1u << PLACES_BITS) /* numbers that are remembered, over all streams */
#define TURN        64                  /* packets of the other kind in a row that turn a lead */
#define VOUCHED_FOR UINT32_MAX

/* The first packet with a number. */
struct place {
	uint64_t seq, rx_ns, hw_ns;
	uint32_t key, clock; /* clock: of hw_ns */
	uint32_t line;
};

/* The times of a line, one after the other. */
struct times {
	uint64_t last_ns, step_ns; /* step: the smallest, 0 = unknown */
	uint32_t source;           /* of the last: another one's do not step from it */
};

struct lead {
	struct times rx[MCR_FEED_LINES_MAX], hw[MCR_FEED_LINES_MAX];
	unsigned odd[MCR_FEED_LINES_MAX]; /* packets of the other kind, in a row */
	uint8_t clocks[MCR_FEED_LINES_MAX];
	int is_one_clock;
	struct place places[PLACES];
};

struct lead *lead_create(const uint8_t clocks[MCR_FEED_LINES_MAX], int is_one_clock)
{
	struct lead *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->is_one_clock = is_one_clock;
	memcpy(l->clocks, clocks, sizeof(l->clocks));
	for (unsigned i = 0; i < PLACES; i++)
		l->places[i].line = MCR_FEED_LINES_MAX;
	return l;
}

void lead_destroy(struct lead *l)
{
	free(l);
}

static void step(struct times *t, uint64_t ns, uint32_t source)
{
	const uint64_t d = ns - t->last_ns;

	if (t->last_ns != 0 && t->source == source && ns > t->last_ns &&
	    (t->step_ns == 0 || d < t->step_ns))
		t->step_ns = d;
	t->last_ns = ns;
	t->source = source;
}

static unsigned bucket_of(uint64_t ns)
{
	const unsigned i =
	    ns < LEAD_UNIT_NS ? 0 : 64u - (unsigned)__builtin_clzll(ns / LEAD_UNIT_NS);

	return i < LEAD_BUCKETS ? i : LEAD_BUCKETS - 1;
}

static void count(struct watch_lead *lead, int64_t ns, int is_ahead, uint64_t resolution_ns)
{
	(is_ahead ? lead->ahead : lead->behind)[bucket_of((uint64_t)(ns < 0 ? -ns : ns))]++;
	lead->min_ns = lead->packets == 0 || ns < lead->min_ns ? ns : lead->min_ns;
	lead->max_ns = lead->packets == 0 || ns > lead->max_ns ? ns : lead->max_ns;
	lead->packets++;
	lead->resolution_ns = resolution_ns;
}

/* Whether the line's lead is of this kind; it is made one of it when it is to be. */
static int is_of_kind(struct lead *l, struct watch_lead *lead, unsigned line, int is_hw)
{
	if (lead->packets > 0 && lead->is_hw != is_hw && ++l->odd[line] < TURN)
		return 0;
	if (lead->is_hw != is_hw)
		*lead = (struct watch_lead){.is_hw = is_hw};
	l->odd[line] = 0;
	return 1;
}

/* Two lines had the number. */
static void compare(struct lead *l, struct watch_lead *const leads[], const struct place *first,
		    const struct place *second)
{
	const int is_hw = first->hw_ns != 0 && second->hw_ns != 0 && first->clock == second->clock;
	const struct times *times = is_hw ? l->hw : l->rx;
	const uint64_t a = times[first->line].step_ns, b = times[second->line].step_ns;
	const uint64_t coarser = a > b ? a : b, resolution_ns = a != 0 && b != 0 ? coarser : 0;
	const int64_t ns = is_hw ? (int64_t)(second->hw_ns - first->hw_ns)
				 : (int64_t)(second->rx_ns - first->rx_ns);

	if (is_of_kind(l, leads[first->line], first->line, is_hw))
		count(leads[first->line], -ns, ns >= 0, resolution_ns);
	if (is_of_kind(l, leads[second->line], second->line, is_hw))
		count(leads[second->line], ns, ns < 0, resolution_ns);
}

static uint32_t clock_of(const struct lead *l, unsigned line, const struct mcr_msg *m)
{
	if (l->is_one_clock || m->flags & MCR_FLAG_HW_TIME_SYNCED)
		return VOUCHED_FOR;
	return (uint32_t)l->clocks[line] << 16 | m->interface;
}

void lead_take(struct lead *l, struct watch_lead *const leads[MCR_FEED_LINES_MAX],
	       const struct mcr_feed_msg *m)
{
	const uint64_t hash = (m->seq + ((uint64_t)m->key << 32)) * UINT64_C(0x9e3779b97f4a7c15);
	struct place *p = &l->places[hash >> (64 - PLACES_BITS)];
	const struct place it = {
	    .seq = m->seq,
	    .rx_ns = m->msg->rx_ns,
	    .hw_ns = m->msg->flags & MCR_FLAG_HW_TIME ? m->msg->hw_ns : 0,
	    .key = m->key,
	    .clock = clock_of(l, m->line, m->msg),
	    .line = m->line,
	};

	step(&l->rx[m->line], it.rx_ns, m->msg->pos.ring);
	if (it.hw_ns != 0)
		step(&l->hw[m->line], it.hw_ns, it.clock);
	/* Numbers that begin anew are not those of before: only what is flagged is a copy. */
	if (!(m->flags & MCR_FEED_FLAG_DUPLICATE))
		*p = it;
	else if (p->line < MCR_FEED_LINES_MAX && p->line != m->line && p->seq == m->seq &&
		 p->key == m->key)
		compare(l, leads, p, &it);
}
