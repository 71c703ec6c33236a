/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_run.h"

#include "core/feed/arbiter_copy.h"
#include "core/feed/arbiter_hold.h"
#include "core/feed/arbiter_line.h"
#include "core/feed/arbiter_node.h"
#include "core/feed/arbiter_range.h"

void mcr_run_break(struct mcr_arbiter *a, uint32_t key, unsigned line)
{
	struct mcr_stream_line *sl = &mcr_more_at(a, key)->line[line];

	while (sl->run != MCR_NONE) {
		uint32_t n = sl->run;

		sl->run = a->nodes[n].left;
		mcr_node_forget(a, n);
	}
	sl->run_n = 0;
	sl->run_kind = MCR_RUN_NONE;
}

/* A run of the old generation may go on for long: only its last packets are kept. */
static void forget_oldest(struct mcr_arbiter *a, struct mcr_stream_line *sl)
{
	uint32_t *link = &sl->run;

	for (uint32_t n = 0; *link != MCR_NONE; link = &a->nodes[*link].left)
		if (++n > a->cfg.reset_run) {
			uint32_t last = *link;

			*link = a->nodes[last].left;
			mcr_node_forget(a, last);
			return;
		}
}

static void keep(struct mcr_arbiter *a, const struct mcr_arrival *at, uint64_t x, uint64_t end)
{
	int is_data = at->packet->kind == MCR_FEED_PACKET_DATA;
	unsigned mark =
	    at->packet->kind == MCR_FEED_PACKET_END ? MCR_HELD_MARK | MCR_HELD_END : MCR_HELD_MARK;
	uint32_t n = mcr_node_make(a, at->key, at->line, at->msg, at->packet->hash, x, end,
				   MCR_HELD_RUN | (is_data ? at->held_flags : mark));

	if (n == MCR_NONE)
		return;
	a->nodes[n].left = at->sl->run;
	at->sl->run = n;
	forget_oldest(a, at->sl);
}

/* A copy of data proves nothing. */
static int has(const struct mcr_arbiter *a, const struct mcr_stream_line *sl, uint64_t x)
{
	for (uint32_t n = sl->run; n != MCR_NONE; n = a->nodes[n].left)
		if (a->nodes[n].first == x && a->nodes[n].end > x)
			return 1;
	return 0;
}

int mcr_run_add(struct mcr_arbiter *a, const struct mcr_arrival *at, unsigned kind, uint64_t x,
		uint64_t end)
{
	struct mcr_stream_line *sl = at->sl;

	if (kind != MCR_RUN_OLD)
		a->lines[at->line].implausible++;
	if (sl->run_kind == kind && end > x && has(a, sl, x))
		return 0;
	if (sl->run_kind != kind || x - sl->run_next > a->cfg.window) /* or x is lower */
		mcr_run_break(a, at->key, at->line);
	sl->run_kind = (uint8_t)kind;
	sl->run_next = end;
	sl->run_n += sl->run_n < UINT8_MAX;
	at->s->slow |= (uint8_t)(1u << at->line);
	keep(a, at, x, end);
	return sl->run_n >= a->cfg.reset_run;
}

/* One packet of a run is believed. */
static void take(struct mcr_arbiter *a, uint32_t key, unsigned line, uint32_t n)
{
	struct mcr_stream *s = mcr_stream_at(a, key);
	struct mcr_span *node = &a->nodes[n];
	uint64_t from, to;

	mcr_line_moves(a, key, line, node->first, node->end);
	if (node->flags & MCR_HELD_MARK) {
		mcr_line_counts_mark(a, line, node->flags & MCR_HELD_END);
		if (node->flags & MCR_HELD_END)
			mcr_hold_ends(a, key, node->first);
	} else if ((node->end <= s->next || mcr_hold_has(a, key, node->first, node->end)) &&
		   !mcr_range_find(a, key, MCR_RANGE_OF_STREAM, node->first,
				   node->end < s->next ? node->end : s->next, &from, &to)) {
		mcr_copy(a, s, key, line, node->first, (uint32_t)(node->end - node->first),
			 a->held[n].hash, node->ns);
		mcr_node_forget(a, n);
		return;
	} else {
		mcr_recent_add(&a->recent, s->id, node->first, (uint32_t)(node->end - node->first),
			       line, node->ns, a->held[n].hash);
	}
	mcr_hold_node(a, key, n);
}

/* A line's run, oldest packet first, is no longer the line's. */
static uint32_t leave(struct mcr_arbiter *a, struct mcr_stream_line *sl)
{
	uint32_t list = MCR_NONE;

	while (sl->run != MCR_NONE) {
		uint32_t n = sl->run;

		sl->run = a->nodes[n].left;
		a->nodes[n].left = list;
		list = n;
	}
	return list;
}

/* The line whose list begins with the packet that came first; n_lines = all are empty. */
static unsigned earliest(const struct mcr_arbiter *a, const uint32_t lists[])
{
	unsigned first = a->n_lines;

	for (unsigned line = 0; line < a->n_lines; line++)
		if (lists[line] != MCR_NONE &&
		    (first == a->n_lines ||
		     (int32_t)(a->nodes[lists[line]].id - a->nodes[lists[first]].id) < 0))
			first = line;
	return first;
}

void mcr_run_take(struct mcr_arbiter *a, uint32_t key, uint32_t lines, const uint64_t shifts[])
{
	struct mcr_stream_more *m = mcr_more_at(a, key);
	uint32_t lists[MCR_FEED_LINES_MAX];
	unsigned line;

	for (line = 0; line < a->n_lines; line++)
		lists[line] = lines >> line & 1 ? leave(a, &m->line[line]) : MCR_NONE;
	while ((line = earliest(a, lists)) < a->n_lines) {
		const unsigned kind = m->line[line].run_kind;
		uint32_t n = lists[line];
		struct mcr_span *node = &a->nodes[n];

		lists[line] = node->left;
		node->first += shifts ? shifts[line] : 0;
		node->end += shifts ? shifts[line] : 0;
		a->lines[line].stale -= kind == MCR_RUN_OLD;
		a->lines[line].implausible -= kind != MCR_RUN_OLD;
		take(a, key, line, n);
	}
	for (line = 0; line < a->n_lines; line++)
		if (lines >> line & 1)
			mcr_run_break(a, key, line);
}

uint64_t mcr_run_first(const struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t otherwise)
{
	uint32_t n = mcr_more_at(a, key)->line[line].run;

	for (; n != MCR_NONE; n = a->nodes[n].left)
		otherwise = a->nodes[n].first;
	return otherwise;
}
