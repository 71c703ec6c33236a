/* SPDX-License-Identifier: BSD-3-Clause */
/* What the user of an arbiter does with streams and held packets. */
#include <errno.h>

#include "core/feed/arbiter_heap.h"
#include "core/feed/arbiter_hold.h"
#include "core/feed/arbiter_item.h"
#include "core/feed/arbiter_node.h"
#include "core/feed/arbiter_place.h"
#include "core/feed/arbiter_range.h"
#include "core/feed/arbiter_run.h"
#include "core/feed/arbiter_whose.h"

/* A number as it was handed out, or as on the wire. */
static uint64_t number_of(const struct mcr_arbiter *a, const struct mcr_stream *s, uint64_t seq)
{
	return seq <= a->turn ? mcr_unwrap(a, s->next, seq) : seq;
}

/* Why numbers cannot be inserted; 0 = they can. */
static int refuse(const struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	uint64_t from, to, next = at->s->next;

	if (at->end <= next)
		return mcr_range_find(a, at->key, MCR_RANGE_OF_STREAM, at->x, at->end, &from, &to)
			   ? 0
			   : -EALREADY;
	if (at->x <= next)
		return 0;
	if (mcr_hold_has(a, at->key, at->x, at->end))
		return -EALREADY;
	return a->head.n_held - a->n_runs >= a->cfg.held_max || at->end - next > a->cfg.window
		   ? -ENOSPC
		   : 0;
}

/* Items are due that another call would spoil, or so many events that there may be no room. */
static int is_busy(const struct mcr_arbiter *a)
{
	for (uint32_t i = 0; i < a->queue_n; i++)
		if (a->queue[(a->queue_head + i) % MCR_ARBITER_EVENTS].kind == MCR_FEED_DATA)
			return 1;
	return a->has_late || a->queue_n >= MCR_ARBITER_EVENTS / 2;
}

/* What of another stream is due is looked at when this one's is over. */
static void defer_active(struct mcr_arbiter *a, uint32_t key)
{
	if (a->active != MCR_NONE && a->active != key)
		mcr_heap_set(a, a->active, 0);
}

int mcr_arbiter_insert(struct mcr_arbiter *a, uint32_t key, uint64_t seq, uint32_t count,
		       const struct mcr_msg *msg, uint64_t held)
{
	if (key >= a->n_streams)
		return -ENOENT;
	if (!count || seq >> 60)
		return -EINVAL;
	if (is_busy(a))
		return -EAGAIN;
	defer_active(a, key);
	mcr_node_reclaim(a);
	struct mcr_arrival at = {.key = key,
				 .line = MCR_FEED_LINES_MAX,
				 .s = mcr_stream_at(a, key),
				 .m = mcr_more_at(a, key),
				 .held_flags = MCR_HELD_INSERTED};

	at.x = number_of(a, at.s, seq);
	at.end = at.x + count;
	int rc = refuse(a, &at);

	if (rc)
		return rc;
	a->at_ns = msg->rx_ns > a->time_ns ? msg->rx_ns : a->time_ns;
	uint32_t n =
	    mcr_node_make(a, key, at.line, msg, 0, at.x, at.end, MCR_HELD_INSERTED | MCR_HELD_RUN);

	if (n == MCR_NONE)
		return -ENOSPC;
	a->held[n].held = held;
	at.msg = &a->held[n].msg;
	mcr_place_fills_late(a, &at, at.end < at.s->next ? at.end : at.s->next, held);
	if (at.end <= at.s->next)
		mcr_node_spend(a, n);
	else
		mcr_hold_node(a, key, n);
	return 0;
}

int mcr_arbiter_resume(struct mcr_arbiter *a, uint32_t key, uint64_t next)
{
	if (key >= a->n_streams)
		return -ENOENT;
	if (is_busy(a))
		return -EAGAIN;
	struct mcr_stream *s = mcr_stream_at(a, key);
	struct mcr_stream_more *m = mcr_more_at(a, key);

	defer_active(a, key);
	mcr_node_reclaim(a);
	next = number_of(a, s, next);
	if (next <= s->next || next >> 62)
		return 0;
	struct mcr_feed_msg event = mcr_item_event(a, MCR_FEED_RESET, key, 0, next);

	event.reset = (struct mcr_feed_reset){s->next, next, MCR_FEED_RESET_RESUME, 0};
	mcr_item_push(a, &event);
	s->next = m->start = next;
	s->is_wished = 1;
	s->slow = UINT8_MAX;
	m->given = MCR_NONE;
	m->given_end = m->told = 0;
	m->flags &= (uint8_t) ~(MCR_STREAM_HOLE | MCR_STREAM_AFTER_GAP);
	a->active = key;
	a->head.pending = 1;
	return 0;
}

static void unlink_from(struct mcr_arbiter *a, uint32_t *link, uint32_t n)
{
	while (*link != n)
		link = &a->nodes[*link].left;
	*link = a->nodes[n].left;
}

/* The numbers of a held packet are missing again, and it was not the wire. A mark stays behind
 * them, so that it is known that they were there. */
static void drop(struct mcr_arbiter *a, uint32_t n)
{
	struct mcr_span *node = &a->nodes[n];
	struct mcr_stream_more *m = mcr_more_at(a, node->stream);

	a->stats.held_lost++;
	if (node->flags & MCR_HELD_RUN) {
		unlink_from(a, &m->line[node->line].run, n);
		mcr_node_forget(a, n);
		return;
	}
	mcr_whose_lost(a, node->stream, node->first, node->end);
	mcr_span_remove(a->nodes, &m->held, n);
	if (a->held[n].held && a->forget)
		a->forget(a->forget_ctx, a->held[n].held);
	a->held[n].held = 0;
	node->first = node->end;
	node->flags = MCR_HELD_MARK;
	mcr_span_insert(a->nodes, &m->held, n);
}

int mcr_arbiter_held(struct mcr_arbiter *a, uint32_t lines, mcr_arbiter_each each, void *ctx)
{
	int answer = MCR_ARBITER_ON;

	mcr_node_reclaim(a);
	for (uint32_t n = a->oldest, next; n != MCR_NONE && answer != MCR_ARBITER_STOP; n = next) {
		const struct mcr_span *node = &a->nodes[n];

		next = a->held[n].next;
		if (node->flags & (MCR_HELD_MARK | MCR_HELD_GHOST) || !(lines >> node->line & 1))
			continue;
		answer = each(ctx, &a->held[n].msg, node->line, &a->held[n].held);
		if (answer == MCR_ARBITER_DROP)
			drop(a, n);
	}
	return answer == MCR_ARBITER_STOP;
}

int mcr_arbiter_crowded(struct mcr_arbiter *a)
{
	uint32_t n = a->oldest;

	if (n == MCR_NONE)
		return 0;
	const struct mcr_span *node = &a->nodes[n];

	if (node->flags & MCR_HELD_RUN) {
		mcr_run_break(a, node->stream, node->line);
		return 1;
	}
	a->active = node->stream;
	a->force_to = a->nodes[mcr_span_first(a->nodes, mcr_more_at(a, a->active)->held)].first;
	if (a->time_ns > a->at_ns)
		a->at_ns = a->time_ns;
	a->head.pending = 1;
	return 1;
}

void mcr_arbiter_on_forget(struct mcr_arbiter *a, void (*forget)(void *ctx, uint64_t held),
			   void *ctx)
{
	a->forget = forget;
	a->forget_ctx = ctx;
}
