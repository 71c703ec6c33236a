/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_range.h"

static uint32_t *root_of(const struct mcr_arbiter *a, uint32_t key, unsigned line)
{
	struct mcr_stream_more *m = mcr_more_at(a, key);

	return line == MCR_RANGE_OF_STREAM ? &m->given : &m->line[line].missing;
}

/* A range of a generation that is over is in no tree any more. */
static int is_current(const struct mcr_arbiter *a, const struct mcr_span *r)
{
	return r->end > r->first && mcr_stream_at(a, r->stream)->id == r->id;
}

static void settle(struct mcr_arbiter *a, struct mcr_span *r)
{
	if (r->line == MCR_RANGE_OF_STREAM || r->flags & MCR_RANGE_SETTLED)
		return;
	r->flags |= MCR_RANGE_SETTLED;
	a->lines[r->line].lost += r->end - r->first;
}

/* Makes room at the ring's next place. */
static uint32_t evict(struct mcr_arbiter *a)
{
	uint32_t n = a->range_next % MCR_ARBITER_RANGES;
	struct mcr_span *r = &a->ranges[n];

	settle(a, r);
	if (is_current(a, r))
		mcr_span_remove(a->ranges, root_of(a, r->stream, r->line), n);
	if (a->range_settled == a->range_next - MCR_ARBITER_RANGES)
		a->range_settled++;
	a->range_next++;
	return n;
}

static void add(struct mcr_arbiter *a, const struct mcr_span *like, uint64_t first, uint64_t end)
{
	struct mcr_span made = *like;
	uint32_t n = evict(a);

	made.first = first;
	made.end = end;
	made.priority = (uint32_t)mcr_rng_next(&a->rng);
	a->ranges[n] = made;
	mcr_span_insert(a->ranges, root_of(a, made.stream, made.line), n);
}

void mcr_range_add(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t first, uint64_t end)
{
	struct mcr_span like = {
	    .ns = a->at_ns, .stream = key, .id = mcr_stream_at(a, key)->id, .line = (uint8_t)line};

	add(a, &like, first, end);
}

/* The first range that reaches beyond number first. */
static uint32_t first_beyond(const struct mcr_arbiter *a, uint32_t root, uint64_t first)
{
	uint32_t n = mcr_span_floor(a->ranges, root, first);

	if (n != MCR_NONE && a->ranges[n].end > first)
		return n;
	return mcr_span_above(a->ranges, root, first);
}

int mcr_range_find(const struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t first,
		   uint64_t end, uint64_t *from, uint64_t *to)
{
	uint32_t n = first_beyond(a, *root_of(a, key, line), first);

	if (n == MCR_NONE || a->ranges[n].first >= end || first >= end)
		return 0;
	*from = a->ranges[n].first > first ? a->ranges[n].first : first;
	*to = a->ranges[n].end < end ? a->ranges[n].end : end;
	return 1;
}

uint64_t mcr_range_lacked(const struct mcr_arbiter *a, uint32_t key, uint64_t first, uint64_t end)
{
	uint64_t n = 0;

	while (first < end) {
		uint64_t next = end, to = end;

		for (unsigned line = 0; line < a->n_lines; line++) {
			uint64_t from, until;

			if (mcr_range_find(a, key, line, first, end, &from, &until) &&
			    from < next) {
				next = from;
				to = until;
			}
		}
		n += to - next;
		first = to;
	}
	return n;
}

uint64_t mcr_range_cut(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t first,
		       uint64_t end)
{
	uint32_t *root = root_of(a, key, line);
	uint64_t from, to, n_cut = 0;

	while (mcr_range_find(a, key, line, first, end, &from, &to)) {
		uint32_t n = first_beyond(a, *root, first);
		struct mcr_span was = a->ranges[n];

		mcr_span_remove(a->ranges, root, n);
		a->ranges[n].end = a->ranges[n].first; /* stays in the ring, means nothing */
		if (was.flags & MCR_RANGE_SETTLED)
			a->lines[was.line].lost -= to - from;
		if (was.first < from)
			add(a, &was, was.first, from);
		if (to < was.end)
			add(a, &was, to, was.end);
		n_cut += to - from;
		first = to;
	}
	return n_cut;
}

void mcr_range_settle(struct mcr_arbiter *a)
{
	for (; a->range_settled != a->range_next; a->range_settled++) {
		struct mcr_span *r = &a->ranges[a->range_settled % MCR_ARBITER_RANGES];

		if (r->ns + a->cfg.gap_timeout_ns > a->time_ns)
			return;
		settle(a, r);
	}
}

static int has_passed(const struct mcr_arbiter *a, const struct mcr_span *r, unsigned line)
{
	return a->lines[line].is_down || (mcr_more_at(a, r->stream)->in >> line & 1 &&
					  mcr_stream_at(a, r->stream)->hi[line] >= r->end);
}

uint64_t mcr_range_unsettled(const struct mcr_arbiter *a, unsigned line)
{
	uint64_t n = 0;

	for (uint32_t i = a->range_settled; i != a->range_next; i++) {
		const struct mcr_span *r = &a->ranges[i % MCR_ARBITER_RANGES];
		int is_passed = r->line == line && !(r->flags & MCR_RANGE_SETTLED);

		if (!is_passed || !is_current(a, r))
			continue;
		for (unsigned other = 0; other < a->n_lines; other++)
			if (other != line && !has_passed(a, r, other))
				is_passed = 0;
		n += is_passed ? r->end - r->first : 0;
	}
	return n;
}
