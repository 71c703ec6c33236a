/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_place.h"

#include "core/feed/arbiter_copy.h"
#include "core/feed/arbiter_epoch.h"
#include "core/feed/arbiter_hold.h"
#include "core/feed/arbiter_item.h"
#include "core/feed/arbiter_line.h"
#include "core/feed/arbiter_node.h"
#include "core/feed/arbiter_range.h"
#include "core/feed/arbiter_run.h"

void mcr_place_implausible(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t x)
{
	struct mcr_feed_msg event = mcr_item_event(a, MCR_FEED_IMPLAUSIBLE, key, line, x);

	event.mismatch.seq = x;
	event.mismatch.first_line = line;
	mcr_item_push(a, &event);
}

void mcr_place_late(struct mcr_arbiter *a)
{
	struct mcr_stream_more *m = mcr_more_at(a, a->late.key);
	uint64_t from, to;

	if (!mcr_range_find(a, a->late.key, MCR_RANGE_OF_STREAM, a->late.from, a->late.end, &from,
			    &to)) {
		a->has_late = 0;
		return;
	}
	mcr_range_cut(a, a->late.key, MCR_RANGE_OF_STREAM, from, to);
	a->late.from = to;
	m->late_messages += to - from;
	a->stats.late_messages += to - from;
	struct mcr_feed_msg item =
	    mcr_item_event(a, MCR_FEED_FILLED_LATE, a->late.key, a->late.line, from);

	item.late = (struct mcr_feed_late){from, to - 1};
	mcr_item_push(a, &item);
	if (!a->late.is_data)
		return;
	mcr_item_data(&item, a->late.msg, from, (uint32_t)(to - from), (uint32_t)(from - a->late.x),
		      a->late.key, a->late.line, MCR_FEED_FLAG_LATE | a->late.flags);
	item.held = a->late.held;
	mcr_item_push(a, &item);
}

int mcr_place_fills_late(struct mcr_arbiter *a, struct mcr_arrival *at, uint64_t end, uint64_t held)
{
	uint64_t from, to;
	int is_inserted = at->held_flags & MCR_HELD_INSERTED;

	if (at->x >= at->m->given_end ||
	    !mcr_range_find(a, at->key, MCR_RANGE_OF_STREAM, at->x, end, &from, &to))
		return 0;
	a->late.msg = at->msg;
	a->late.x = a->late.from = at->x;
	a->late.end = end;
	a->late.held = held;
	a->late.key = at->key;
	a->late.line = (uint8_t)at->line;
	a->late.flags = is_inserted ? MCR_FEED_FLAG_INSERTED : 0;
	a->late.is_data = a->cfg.late && !a->is_as_they_come;
	a->has_late = 1;
	a->head.pending = 1;
	at->flags |= MCR_FEED_FLAG_LATE | MCR_FEED_FLAG_OUT_OF_ORDER;
	return 1;
}

static void remember(struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	mcr_recent_add(&a->recent, at->s->id, at->x, at->packet->count, at->line, at->msg->rx_ns,
		       at->packet->hash);
}

/* Its number is next: it is handed out at once (rule 18). */
static void hand_out(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	struct mcr_stream *s = at->s;
	uint32_t skip = (uint32_t)(s->next - at->x), count = (uint32_t)(at->end - s->next);
	struct mcr_feed_msg item = {.kind = MCR_FEED_DATA};

	if (a->is_as_they_come) {
		mcr_hold_fill(a, at->key, at->line, s->next, at->end);
		s->next = at->end;
		return;
	}
	if (a->has_late) { /* that comes first */
		mcr_item_data(&a->after, at->msg, s->next, count, skip, at->key, at->line, 0);
		a->has_after = a->is_after_next = 1;
		return;
	}
	mcr_hold_switch(a, at->key, at->line);
	mcr_item_data(&item, at->msg, at->x + skip, count, skip, at->key, at->line, 0);
	mcr_hold_count(a, at->key, &item);
	mcr_hold_fill(a, at->key, at->line, s->next, at->end);
	s->next = at->end;
	mcr_item_push(a, &item);
}

/* There is no room to hold it: what is missing before it is given up. */
static void force(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	mcr_item_data(&a->after, at->msg, at->x, at->packet->count, 0, at->key, at->line, 0);
	a->has_after = a->is_after_next = 1;
	a->force_to = at->x;
	a->active = at->key;
	a->head.pending = 1;
}

static void copy(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	at->flags |= MCR_FEED_FLAG_DUPLICATE;
	mcr_copy(a, at->s, at->key, at->line, at->x, at->packet->count, at->packet->hash,
		 at->msg->rx_ns);
}

/* A run that was believed with this packet has numbers below the next one: they come first. */
static int is_run_due(const struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	uint32_t n = mcr_span_first(a->nodes, at->m->held);

	return n != MCR_NONE && a->nodes[n].first < at->s->next;
}

/* Data: handed out, held, or dropped. */
static void place_numbers(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	if (at->end <= at->s->next) {
		if (at->end <= at->m->start) {
			a->lines[at->line].before_start++;
			at->flags |= MCR_FEED_FLAG_OUT_OF_ORDER;
		} else if (mcr_place_fills_late(a, at, at->end, 0)) {
			a->lines[at->line].late++;
			remember(a, at);
		} else {
			copy(a, at);
		}
		return;
	}
	if (at->x <= at->s->next && !is_run_due(a, at)) {
		remember(a, at);
		mcr_place_fills_late(a, at, at->s->next, 0);
		hand_out(a, at);
		return;
	}
	at->flags |= MCR_FEED_FLAG_OUT_OF_ORDER;
	if (mcr_hold_has(a, at->key, at->x, at->end)) {
		copy(a, at);
		return;
	}
	remember(a, at);
	uint32_t n = mcr_node_make(a, at->key, at->line, at->msg, at->packet->hash, at->x, at->end,
				   at->held_flags);

	if (n == MCR_NONE)
		force(a, at);
	else
		mcr_hold_node(a, at->key, n);
}

/* A heartbeat, or the end of a session: number x is the next to come on its line. */
static void place_mark(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	struct mcr_stream_more *m = at->m;
	int is_heard = m->heard >> at->line & 1;

	mcr_line_counts_mark(a, at->line, at->packet->kind == MCR_FEED_PACKET_END);
	if (is_heard && at->x + a->cfg.reset_back < at->s->hi[at->line])
		return; /* not of this sequence: data will tell */
	if (!is_heard || at->x > at->s->hi[at->line])
		mcr_line_moves(a, at->key, at->line, at->x, at->x);
	a->active = at->key;
	a->head.pending = 1;
	if (at->x > at->s->next && !mcr_hold_ends_at(a, at->key, at->x)) {
		uint32_t n =
		    mcr_node_make(a, at->key, at->line, NULL, 0, at->x, at->x, MCR_HELD_MARK);

		if (n == MCR_NONE)
			a->force_to = at->x;
		else
			mcr_hold_node(a, at->key, n);
	}
	if (at->packet->kind == MCR_FEED_PACKET_END)
		mcr_hold_ends(a, at->key, at->x);
}

/* Numbers too far ahead: believed when reset_run packets agree, or two lines (rule 15). Of what is
 * left over from before a reset two lines have the same. */
static void place_ahead(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	int is_proven = mcr_run_add(a, at, MCR_RUN_AHEAD, at->x, at->end);
	int is_far = at->x - at->s->next > a->cfg.jump_max;
	uint32_t agree = 0;

	mcr_place_implausible(a, at->key, at->line, at->x);
	at->flags |= MCR_FEED_FLAG_OUT_OF_ORDER;
	for (unsigned line = 0; line < a->n_lines && is_far; line++) {
		const struct mcr_stream_line *other = &at->m->line[line];
		uint64_t d =
		    other->run_next > at->x ? other->run_next - at->x : at->x - other->run_next;

		if (line != at->line && other->run_kind == MCR_RUN_AHEAD && d <= a->cfg.window)
			agree |= 1u << line;
	}
	if (!is_proven && !agree)
		return;
	mcr_run_take(a, at->key, agree | 1u << at->line, NULL);
}

/* Another line is up that has brought numbers of this generation. */
static int others_speak(const struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	for (unsigned line = 0; line < a->n_lines; line++)
		if (line != at->line && at->m->in >> line & 1 && a->lines[line].is_up)
			return 1;
	return 0;
}

/* What kind of run the packet may belong to: of a restart that nothing announced. */
static unsigned restart_kind(struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	const struct mcr_stream *s = at->s;
	uint64_t back = a->cfg.is_loop ? 0 : a->cfg.reset_back;
	uint64_t hi = s->hi[at->line], from, to;

	if (at->x > s->next && at->x - s->next > a->cfg.jump_max) /* the shorter way round */
		return mcr_arbiter_wire(a, at->x) < mcr_arbiter_wire(a, s->next) ? MCR_RUN_BACK
										 : MCR_RUN_NONE;
	if (at->x + back >= s->next || s->is_wished)
		return MCR_RUN_NONE;
	if (!(at->m->heard >> at->line & 1)) /* it is slow, or all there is */
		return others_speak(a, at) ? MCR_RUN_NONE : MCR_RUN_BACK;
	if (a->cfg.is_loop && mcr_range_find(a, at->key, at->line, at->x, at->end, &from, &to))
		return MCR_RUN_NONE; /* out of order */
	if (at->x + back < hi)
		return MCR_RUN_BACK;
	if (at->x <= hi + back || a->cfg.is_loop) /* it is slow, and goes on where it was */
		return MCR_RUN_NONE;
	return mcr_epoch_front_stands(a, at) ? MCR_RUN_BEHIND : MCR_RUN_NONE;
}

/* The packet may be one of a restart: it is kept, until a run proves it. */
static int may_restart(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	unsigned kind = restart_kind(a, at);

	/* A message that named a number too high is undone likewise. */
	if (!kind && at->m->flags & MCR_STREAM_MESSAGE && at->m->heard >> at->line & 1 &&
	    at->x < at->m->start && at->x < at->s->hi[at->line])
		kind = MCR_RUN_BACK;
	if (!kind)
		return 0;
	at->flags |= MCR_FEED_FLAG_OUT_OF_ORDER;
	if (mcr_run_add(a, at, kind, at->x, at->end))
		mcr_epoch_proven(a, at);
	return 1;
}

/* Whether the fast path may take the next packet of the line. */
static void ease(struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	const struct mcr_stream_more *m = at->m;
	uint8_t bit = (uint8_t)(1u << at->line);

	if (m->held == MCR_NONE && !(m->lapped & bit) && at->sl->run_kind == MCR_RUN_NONE &&
	    m->given_end <= at->end && !a->has_after &&
	    !(m->flags & (MCR_STREAM_AFTER_GAP | MCR_STREAM_ENDING)) && !(m->heard & ~m->in) &&
	    at->end + a->cfg.reset_back >= at->s->next && at->end >= m->start &&
	    !at->sl->since_reset)
		at->s->slow &= (uint8_t)~bit;
}

/* Shortly behind a reset on its line, where the generation before ended: it came late, or many were
 * lost. As with a number too far ahead, a run of packets proves it. */
static int is_left_over(const struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	return at->sl->since_reset && !(at->m->flags & MCR_STREAM_SESSION) &&
	       at->x > at->s->next + a->cfg.window && at->x < at->m->old_next &&
	       at->x + a->cfg.window >= at->m->old_next;
}

/* What was too far ahead to be believed was right: the stream has come close to it. */
static int goes_on_ahead(const struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	return at->sl->run_kind == MCR_RUN_AHEAD &&
	       at->x - at->sl->run_next <= a->cfg.window; /* it is not below */
}

void mcr_place(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	int is_data = at->packet->kind == MCR_FEED_PACKET_DATA;

	at->end = at->x + at->packet->count;
	if (is_data && may_restart(a, at))
		return;
	if ((at->x > at->s->next && at->x - at->s->next > a->cfg.jump_max) || is_left_over(a, at)) {
		place_ahead(a, at);
		return;
	}
	if (goes_on_ahead(a, at))
		mcr_run_take(a, at->key, 1u << at->line, NULL);
	if (!is_data) {
		place_mark(a, at);
		return;
	}
	mcr_run_break(a, at->key, at->line);
	mcr_line_moves(a, at->key, at->line, at->x, at->end);
	place_numbers(a, at);
	if (!a->has_after && (at->m->held != MCR_NONE || at->m->flags & MCR_STREAM_ENDING)) {
		a->active = at->key; /* the line may be the last to pass a hole */
		a->head.pending = 1;
	}
	ease(a, at);
}
