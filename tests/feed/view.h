/* SPDX-License-Identifier: BSD-3-Clause */
/* What a handler sees of a feed in order, and what must hold of it whatever was sent: each number
 * is handed out or given up, once, and the next one follows; what comes late was given up before.
 */
#ifndef VIEW_H
#define VIEW_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/feed/arbiter.h"
#include "items.h"

#define VIEW_KEYS  16
#define VIEW_GIVEN 256

/* Told apart from an assertion: what stands in front of it says which input it was. */
#define MUST(x, ...)                                                            \
	do {                                                                    \
		if (!(x)) {                                                     \
			fflush(stdout);                                         \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #x); \
			fprintf(stderr, __VA_ARGS__);                           \
			fputc('\n', stderr);                                    \
			abort();                                                \
		}                                                               \
	} while (0)

struct range {
	uint64_t first, last;
};

struct view_key {
	uint64_t next, told; /* told: behind what was named while the stream waits (hold_on_gap) */
	struct range given[VIEW_GIVEN], filled; /* filled: the item before was FILLED_LATE */
	unsigned n_given;
	uint64_t ended; /* number of the end that was said */
	int started, after_gap, is_filled;
	int knows_all; /* all that was given up is in `given` */
};

struct view {
	struct view_key keys[VIEW_KEYS];
	unsigned n_keys, n_lines;
	int is_down[MCR_FEED_LINES_MAX + 1], is_silent; /* the last: what is inserted */
	int late;                                       /* data that fills a gap is handed out */
	int holds; /* hold_on_gap: a gap is not behind the stream until it is filled or given up */
	uint64_t ns; /* the latest of events that time causes */
	uint64_t packets, messages, gaps, gap_messages, late_messages, resets, cycles;
	int is_verbose;
};

static inline void view_give(struct view_key *k, uint64_t first, uint64_t last)
{
	if (k->n_given < VIEW_GIVEN)
		k->given[k->n_given++] = (struct range){first, last};
	else
		k->knows_all = 0;
}

/* A stream that waited at its gap goes on at a number behind it. */
static inline void view_goes_on(const struct view *v, struct view_key *k, uint64_t x)
{
	if (!v->holds || x <= k->next || x > k->told)
		return;
	view_give(k, k->next, x - 1);
	k->next = x;
}

/* Of numbers that were given up, these came after all; once. */
static inline void view_fill(const struct view *v, struct view_key *k, uint64_t first,
			     uint64_t last)
{
	for (unsigned i = 0; i < k->n_given; i++) {
		struct range g = k->given[i];

		if (first < g.first || last > g.last)
			continue;
		k->given[i] = k->given[--k->n_given];
		if (first > g.first)
			view_give(k, g.first, first - 1);
		if (last < g.last)
			view_give(k, last + 1, g.last);
		return;
	}
	MUST(v->holds || !k->knows_all, "%" PRIu64 "..%" PRIu64 " came late but were not given up",
	     first, last);
}

static inline void view_data(struct view *v, struct view_key *k, const struct mcr_feed_msg *m)
{
	MUST(m->msg && m->count > 0, "data without a packet or messages");
	MUST(!v->is_down[m->line] || m->flags & (MCR_FEED_FLAG_HELD | MCR_FEED_FLAG_INSERTED),
	     "data of line %u, which is down", m->line);
	if (m->flags & MCR_FEED_FLAG_LATE) {
		MUST(v->late && k->is_filled && k->filled.first == m->seq &&
			 k->filled.last == m->seq + m->count - 1,
		     "late data without its event");
		return;
	}
	view_goes_on(v, k, m->seq);
	MUST(m->seq == k->next, "%" PRIu64 " is handed out, %" PRIu64 " is next", m->seq, k->next);
	MUST(v->holds || k->after_gap == !!(m->flags & MCR_FEED_FLAG_AFTER_GAP), "flag AFTER_GAP");
	k->after_gap = 0;
	k->next += m->count;
	v->packets++;
	v->messages += m->count;
}

static inline void view_gap(struct view *v, struct view_key *k, const struct mcr_feed_msg *m)
{
	const struct mcr_feed_gap *g = &m->gap;

	if (g->first != k->told)
		view_goes_on(v, k, g->first);
	MUST((g->first == k->next || (v->holds && g->first == k->told)) && g->last >= g->first,
	     "a gap of %" PRIu64 "..%" PRIu64 " while %" PRIu64 " is next", g->first, g->last,
	     k->next);
	MUST(g->opened_ns <= g->declared_ns || g->why != MCR_FEED_GAP_TIMEOUT, "declared early");
	MUST(g->why >= MCR_FEED_GAP_TIMEOUT && g->why <= MCR_FEED_GAP_FLUSH, "why %u", g->why);
	MUST(g->whose >= MCR_FEED_WIRE && g->whose <= MCR_FEED_RING, "whose %u", g->whose);
	k->told = g->last + 1;
	if (!v->holds || g->why == MCR_FEED_GAP_WINDOW || g->why == MCR_FEED_GAP_FLUSH) {
		view_give(k, k->next, g->last);
		k->next = g->last + 1;
	}
	k->after_gap = 1;
	v->gaps++;
	v->gap_messages += g->last - g->first + 1;
}

static inline void view_reset(struct view *v, struct view_key *k, const struct mcr_feed_msg *m)
{
	view_goes_on(v, k, m->reset.old_next);
	MUST(m->reset.old_next == k->next, "a reset from %" PRIu64 ", but %" PRIu64 " is next",
	     m->reset.old_next, k->next);
	k->next = m->reset.new_next;
	k->told = k->after_gap = 0;
	if (m->reset.why == MCR_FEED_RESET_RESUME && m->kind == MCR_FEED_RESET) {
		k->knows_all = 0;
	} else {
		k->n_given = 0;
		k->ended = 0;
		k->knows_all = 1;
	}
	/* What the program asked for itself is not counted. */
	v->resets += m->kind == MCR_FEED_RESET && m->reset.why != MCR_FEED_RESET_RESUME;
	v->cycles += m->kind == MCR_FEED_CYCLE;
}

/* Behind all below it; once, or again where data went on. */
static inline void view_ends(const struct view *v, struct view_key *k, uint64_t x)
{
	view_goes_on(v, k, x);
	MUST(x <= k->next && (k->ended == 0 || x > k->ended), "the session ends at %" PRIu64, x);
	k->ended = x;
}

static inline void view_line(struct view *v, const struct mcr_feed_msg *m)
{
	MUST(m->line < v->n_lines, "line %u", m->line);
	MUST(v->is_down[m->line] == (m->kind == MCR_FEED_LINE_UP), "line %u twice", m->line);
	v->is_down[m->line] = m->kind == MCR_FEED_LINE_DOWN;
}

static inline int view_all_down(const struct view *v)
{
	for (unsigned i = 0; i < v->n_lines; i++)
		if (!v->is_down[i])
			return 0;
	return 1;
}

/* view_item takes what the arbiter handed out. */
static inline void view_item(struct view *v, const struct mcr_feed_msg *m)
{
	struct view_key *k = &v->keys[m->key < VIEW_KEYS ? m->key : 0];

	if (v->is_verbose)
		print_item(m);
	switch (m->kind) {
	case MCR_FEED_LINE_DOWN:
	case MCR_FEED_LINE_UP:
		view_line(v, m);
		return;
	case MCR_FEED_SILENCE:
	case MCR_FEED_SILENCE_END:
		MUST(v->is_silent == (m->kind == MCR_FEED_SILENCE_END), "silence twice");
		v->is_silent = !v->is_silent;
		MUST(view_all_down(v) == v->is_silent, "silence, but a line is up; or none is");
		return;
	case MCR_FEED_KEYS_FULL:
		return;
	}
	if (m->kind == MCR_FEED_DATA && m->flags & MCR_FEED_FLAG_UNSEQUENCED)
		return;
	MUST(m->key < VIEW_KEYS, "key %u", m->key);
	if (m->kind == MCR_FEED_START) {
		MUST(m->key == v->n_keys && !k->started, "key %u starts", m->key);
		k->started = k->knows_all = 1;
		k->next = m->seq;
		v->n_keys++;
		return;
	}
	MUST(k->started || m->kind == MCR_FEED_IMPLAUSIBLE,
	     "an item of key %u, which has not started", m->key);
	if (m->kind == MCR_FEED_DATA)
		view_data(v, k, m);
	else if (m->kind == MCR_FEED_GAP)
		view_gap(v, k, m);
	else if (m->kind == MCR_FEED_RESET || m->kind == MCR_FEED_CYCLE)
		view_reset(v, k, m);
	else if (m->kind == MCR_FEED_END_OF_SESSION)
		view_ends(v, k, m->seq);
	k->is_filled = m->kind == MCR_FEED_FILLED_LATE;
	if (k->is_filled) {
		k->filled = (struct range){m->late.first, m->late.last};
		view_goes_on(v, k, m->late.last + 1);
		view_fill(v, k, m->late.first, m->late.last);
		v->late_messages += m->late.last - m->late.first + 1;
	}
}

/* view_end compares the counters with what was seen. */
static inline void view_end(const struct view *v, const struct mcr_arbiter *a)
{
	struct mcr_feed_stats s = {.size = sizeof(s)};

	mcr_arbiter_stats(a, &s);
	MUST(s.gaps == v->gaps && s.gap_messages == v->gap_messages, "gaps %" PRIu64, s.gaps);
	MUST(s.late_messages == v->late_messages, "late messages %" PRIu64, s.late_messages);
	MUST(s.resets == v->resets && s.cycles == v->cycles, "resets %" PRIu64, s.resets);
	MUST(s.keys == v->n_keys, "keys %u", s.keys);
	for (unsigned i = 0; i < v->n_lines; i++) {
		struct mcr_feed_line l = {.size = sizeof(l)};

		MUST(mcr_arbiter_line_info(a, i, &l) == 0, "line_info");
		MUST(!l.is_up || !v->is_down[i], "line %u is up", i);
	}
}

#endif
