/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_hold.h"

#include "core/feed/arbiter_heap.h"
#include "core/feed/arbiter_item.h"
#include "core/feed/arbiter_node.h"
#include "core/feed/arbiter_range.h"
#include "core/feed/arbiter_whose.h"

int mcr_hold_has(const struct mcr_arbiter *a, uint32_t key, uint64_t first, uint64_t end)
{
	uint32_t n = mcr_span_floor(a->nodes, mcr_more_at(a, key)->held, first);

	return n != MCR_NONE && a->nodes[n].end >= end;
}

int mcr_hold_ends_at(const struct mcr_arbiter *a, uint32_t key, uint64_t x)
{
	uint32_t n = mcr_span_floor(a->nodes, mcr_more_at(a, key)->held, x);

	return n != MCR_NONE && a->nodes[n].end >= x;
}

uint64_t mcr_hold_passed(const struct mcr_arbiter *a, uint32_t key, unsigned line)
{
	const struct mcr_stream *s = mcr_stream_at(a, key);
	const uint8_t known = mcr_more_at(a, key)->in & mcr_more_at(a, key)->heard;
	uint64_t passed = 0;

	for (unsigned other = 0; other < a->n_lines; other++)
		if (other != line && known >> other & 1 && s->hi[other] > passed)
			passed = s->hi[other];
	return passed;
}

void mcr_hold_fill(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t first, uint64_t end)
{
	if (line < a->n_lines && first < end)
		a->lines[line].filled += mcr_range_lacked(a, key, first, end);
}

void mcr_hold_node(struct mcr_arbiter *a, uint32_t key, uint32_t n)
{
	struct mcr_stream_more *m = mcr_more_at(a, key);

	a->held[n].passed = mcr_hold_passed(a, key, a->nodes[n].line);
	a->n_runs -= (a->nodes[n].flags & MCR_HELD_RUN) != 0;
	a->nodes[n].flags &= (uint8_t)~MCR_HELD_RUN;
	if (a->nodes[n].end > m->held_end)
		m->held_end = a->nodes[n].end;
	mcr_span_insert(a->nodes, &m->held, n);
	mcr_stream_at(a, key)->slow = UINT8_MAX;
	a->active = key;
	a->head.pending = 1;
}

void mcr_hold_switch(struct mcr_arbiter *a, uint32_t key, unsigned line)
{
	struct mcr_stream *s = mcr_stream_at(a, key);

	unsigned was = s->line;

	s->line = (uint8_t)line;
	if (was == line || was == UINT8_MAX)
		return;
	a->switches++;
	struct mcr_feed_msg event = mcr_item_event(a, MCR_FEED_LINE_SWITCH, key, line, s->next);

	mcr_item_push(a, &event);
}

void mcr_hold_count(struct mcr_arbiter *a, uint32_t key, struct mcr_feed_msg *item)
{
	struct mcr_stream_more *m = mcr_more_at(a, key);

	if (m->flags & MCR_STREAM_AFTER_GAP)
		item->flags |= MCR_FEED_FLAG_AFTER_GAP;
	m->flags &= (uint8_t)~MCR_STREAM_AFTER_GAP;
	if (!(item->flags & MCR_FEED_FLAG_INSERTED))
		a->lines[item->line].first++;
	a->stats.packets++;
	a->stats.messages += item->count;
}

/* Each line that is not down has itself passed what is missing, by more than `reorder` (rule 4). */
static int is_passed(const struct mcr_arbiter *a, uint32_t key, uint64_t to)
{
	const struct mcr_stream *s = mcr_stream_at(a, key);
	const struct mcr_stream_more *m = mcr_more_at(a, key);
	uint64_t passed = to + a->cfg.reorder + (a->cfg.reorder > 0);
	unsigned n_live = 0;

	for (unsigned line = 0; line < a->n_lines; line++) {
		if (a->lines[line].is_down)
			continue;
		if (!(m->in >> line & 1) || s->hi[line] < passed)
			return 0;
		n_live++;
	}
	return n_live > 0;
}

static uint64_t due_of(const struct mcr_arbiter *a, const struct mcr_stream_more *m)
{
	return a->nodes[m->held].min_ns + a->cfg.gap_timeout_ns;
}

/* Why the numbers below `to` are to be given up now; 0 = they are not. */
static unsigned why_now(const struct mcr_arbiter *a, uint32_t key, uint64_t to)
{
	const struct mcr_stream_more *m = mcr_more_at(a, key);

	if (a->is_flush)
		return MCR_FEED_GAP_FLUSH;
	if (mcr_stream_at(a, key)->next < a->force_to)
		return MCR_FEED_GAP_WINDOW;
	if (m->told < to && is_passed(a, key, to))
		return MCR_FEED_GAP_PASSED;
	if (m->held_end - mcr_stream_at(a, key)->next > a->cfg.window)
		return MCR_FEED_GAP_WINDOW;
	return due_of(a, m) <= a->timeout_ns ? MCR_FEED_GAP_TIMEOUT : 0;
}

/* Gives up, or with hold_on_gap only names, the numbers below `to`. Returns 1 if *out says so. */
static int declare(struct mcr_arbiter *a, uint32_t key, uint64_t to, unsigned why,
		   struct mcr_feed_msg *out)
{
	struct mcr_stream *s = mcr_stream_at(a, key);
	struct mcr_stream_more *m = mcr_more_at(a, key);
	int is_kept =
	    a->cfg.hold_on_gap && (why == MCR_FEED_GAP_PASSED || why == MCR_FEED_GAP_TIMEOUT);
	uint64_t first = m->told > s->next ? m->told : s->next;

	if (first < to) {
		*out = mcr_item_event(a, MCR_FEED_GAP, key, 0, first);
		uint64_t opened_ns = m->held == MCR_NONE ? out->ns : a->nodes[m->held].min_ns;

		if (opened_ns > out->ns)
			opened_ns = out->ns; /* of a ring that was read first */
		out->gap = (struct mcr_feed_gap){first, to - 1, opened_ns, out->ns, 0, why, 0};
		mcr_whose_judge(a, key, out);
		m->gaps++;
		m->gap_messages += to - first;
		a->stats.gaps++;
		a->stats.gap_messages += to - first;
	}
	if (is_kept) {
		m->told = to;
	} else {
		mcr_range_add(a, key, MCR_RANGE_OF_STREAM, s->next, to);
		m->given_end = to;
		s->next = to;
		m->flags &= (uint8_t)~MCR_STREAM_HOLE;
		m->flags |= MCR_STREAM_AFTER_GAP;
	}
	s->slow = UINT8_MAX;
	return first < to && mcr_arbiter_wants(a, MCR_FEED_GAP);
}

/* Hands out a held packet that begins at or below the next number. 1: *out is an item. */
static int hand_out(struct mcr_arbiter *a, uint32_t key, uint32_t n, struct mcr_feed_msg *out)
{
	struct mcr_stream *s = mcr_stream_at(a, key);
	struct mcr_stream_more *m = mcr_more_at(a, key);
	const struct mcr_span *node = &a->nodes[n];
	int is_inserted = node->flags & MCR_HELD_INSERTED;

	if (!is_inserted && !(node->flags & MCR_HELD_GHOST)) {
		mcr_hold_switch(a, key, node->line);
		if (mcr_item_pop(a, out))
			return 1;
	}
	mcr_span_remove(a->nodes, &m->held, n);
	uint64_t skip = s->next - node->first, count = node->end - s->next;
	uint64_t passed = a->held[n].passed;

	mcr_hold_fill(a, key, node->line, s->next, passed < node->end ? passed : node->end);
	s->next = node->end;
	if (node->flags & MCR_HELD_GHOST) {
		mcr_node_forget(a, n);
		return 0;
	}
	mcr_item_data(out, &a->held[n].msg, node->first + skip, (uint32_t)count, (uint32_t)skip,
		      key, node->line,
		      MCR_FEED_FLAG_HELD | (is_inserted ? MCR_FEED_FLAG_INSERTED : 0));
	out->held = a->held[n].held;
	mcr_hold_count(a, key, out);
	mcr_node_spend(a, n);
	return 1;
}

/* A packet of a run may have numbers that were given up before it was believed. 1: they come
 * first. */
static int fills_late(struct mcr_arbiter *a, uint32_t key, uint32_t n)
{
	struct mcr_stream *s = mcr_stream_at(a, key);
	struct mcr_stream_more *m = mcr_more_at(a, key);
	const struct mcr_span *node = &a->nodes[n];
	uint64_t end = node->end < s->next ? node->end : s->next, from, to;

	if (node->first >= m->given_end ||
	    !mcr_range_find(a, key, MCR_RANGE_OF_STREAM, node->first, end, &from, &to))
		return 0;
	a->late.msg = &a->held[n].msg;
	a->late.x = a->late.from = node->first;
	a->late.end = end;
	a->late.held = a->held[n].held;
	a->late.key = key;
	a->late.line = node->line;
	a->late.flags = 0;
	a->late.is_data = a->cfg.late && !a->is_as_they_come;
	a->has_late = 1;
	if (node->end <= s->next) {
		a->lines[node->line].late++;
		mcr_span_remove(a->nodes, &m->held, n);
		mcr_node_spend(a, n);
	}
	return 1;
}

/* A held packet of which nothing is left to hand out. */
static void pass_over(struct mcr_arbiter *a, uint32_t key, uint32_t n)
{
	const struct mcr_span *node = &a->nodes[n];

	if (!(node->flags & (MCR_HELD_MARK | MCR_HELD_GHOST | MCR_HELD_INSERTED)))
		a->lines[node->line].duplicates++;
	mcr_span_remove(a->nodes, &mcr_more_at(a, key)->held, n);
	mcr_node_forget(a, n);
}

/* Nothing is due: whether there is a hole, and since when. */
static void rest(struct mcr_arbiter *a, uint32_t key)
{
	struct mcr_stream_more *m = mcr_more_at(a, key);

	if (m->held == MCR_NONE) {
		if (m->flags & MCR_STREAM_HOLE)
			a->stats.gaps_filled++;
		m->flags &= (uint8_t)~MCR_STREAM_HOLE;
		m->told = 0;
		mcr_heap_remove(a, key);
		return;
	}
	if (!(m->flags & MCR_STREAM_HOLE))
		a->stats.gaps_opened++;
	m->flags |= MCR_STREAM_HOLE;
	mcr_heap_set(a, key, m->told > mcr_stream_at(a, key)->next ? UINT64_MAX : due_of(a, m));
}

void mcr_hold_ends(struct mcr_arbiter *a, uint32_t key, uint64_t x)
{
	struct mcr_stream_more *m = mcr_more_at(a, key);

	if (x < mcr_stream_at(a, key)->next || m->flags & MCR_STREAM_ENDING ||
	    (m->flags & MCR_STREAM_ENDED && x <= m->end_at))
		return;
	m->flags |= MCR_STREAM_ENDING;
	m->end_at = x;
}

/* The end of the session, in its place. */
static int end_session(struct mcr_arbiter *a, uint32_t key, struct mcr_feed_msg *out)
{
	struct mcr_stream_more *m = mcr_more_at(a, key);

	if (!(m->flags & MCR_STREAM_ENDING) || mcr_stream_at(a, key)->next < m->end_at)
		return 0;
	m->flags = (uint8_t)((m->flags & ~MCR_STREAM_ENDING) | MCR_STREAM_ENDED);
	*out = mcr_item_event(a, MCR_FEED_END_OF_SESSION, key, 0, m->end_at);
	return mcr_arbiter_wants(a, MCR_FEED_END_OF_SESSION);
}

int mcr_hold_step(struct mcr_arbiter *a, uint32_t key, struct mcr_feed_msg *out)
{
	struct mcr_stream *s = mcr_stream_at(a, key);
	struct mcr_stream_more *m = mcr_more_at(a, key);

	for (;;) {
		if (end_session(a, key, out))
			return 1;
		if (a->has_after && a->force_to && a->force_to <= s->next)
			break; /* there was no room for the packet at hand: it is next */
		uint32_t n = mcr_span_first(a->nodes, m->held);
		uint64_t to = n == MCR_NONE ? a->force_to : a->nodes[n].first;

		if (s->next < a->force_to && a->force_to < to)
			to = a->force_to;

		if (n != MCR_NONE && to < s->next && fills_late(a, key, n))
			return 0;
		if (n != MCR_NONE && a->nodes[n].end <= s->next) {
			pass_over(a, key, n);
		} else if (n != MCR_NONE && to <= s->next) {
			if (hand_out(a, key, n, out))
				return 1;
		} else {
			unsigned why = to <= s->next ? 0 : why_now(a, key, to);

			if (!why)
				break;
			if (declare(a, key, to, why, out))
				return 1;
			if (s->next < to) /* hold_on_gap: it was only named */
				break;
		}
	}
	rest(a, key);
	return 0;
}

void mcr_hold_after(struct mcr_arbiter *a)
{
	struct mcr_feed_msg *item = &a->after;
	struct mcr_stream *s = mcr_stream_at(a, item->key);

	uint64_t end = item->seq + item->count;
	int is_next = a->is_after_next;

	a->has_after = a->is_after_next = 0;
	if (is_next && !a->is_as_they_come) {
		if (end <= s->next) { /* packets that were held had all of it */
			a->lines[item->line].duplicates++;
			return;
		}
		if (item->seq < s->next) { /* ... some of it */
			item->skip += (uint32_t)(s->next - item->seq);
			item->count = (uint32_t)(end - s->next);
			item->seq = s->next;
		}
		mcr_hold_switch(a, item->key, item->line);
		mcr_hold_count(a, item->key, item);
	}
	if (is_next && end > s->next) {
		mcr_hold_fill(a, item->key, item->line, s->next, end);
		s->next = end;
		a->active = item->key;
	}
	mcr_item_push(a, item);
}
