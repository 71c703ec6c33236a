/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_epoch.h"

#include "core/feed/arbiter_hold.h"
#include "core/feed/arbiter_item.h"
#include "core/feed/arbiter_line.h"
#include "core/feed/arbiter_range.h"
#include "core/feed/arbiter_run.h"

static uint8_t bit_of(const struct mcr_arrival *at)
{
	return (uint8_t)(1u << at->line);
}

static int is_same(const uint64_t a[2], const uint64_t b[2])
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]));
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static int is_restart(const struct mcr_stream_line *sl)
{
	return sl->run_kind == MCR_RUN_BACK || sl->run_kind == MCR_RUN_BEHIND;
}

/* A line is from now on in this generation, wherever it was. */
static void join(struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	mcr_run_break(a, at->key, at->line);
	at->m->in |= bit_of(at);
	at->m->heard &= (uint8_t)~bit_of(at);
	at->s->hi[at->line] = 0;
	at->sl->behind = 0;
	at->sl->since_reset = (at->m->flags & (MCR_STREAM_EXPLICIT | MCR_STREAM_SESSION)) != 0;
}

/* A generation is to begin at number next, when what is held of this one was handed out. */
static void begin(struct mcr_arbiter *a, const struct mcr_arrival *at, unsigned why, uint64_t next,
		  const uint64_t epoch[2], unsigned flags)
{
	a->reset.next = next;
	a->reset.epoch[0] = epoch[0];
	a->reset.epoch[1] = epoch[1];
	a->reset.key = at->key;
	a->reset.line = at->line;
	a->reset.why = why;
	a->reset.flags = (uint8_t)flags;
	a->reset.is_end = at->packet->kind == MCR_FEED_PACKET_END;
	a->reset.says_so = at->packet->kind == MCR_FEED_PACKET_RESET || at->packet->resets ||
			   flags & MCR_STREAM_SESSION;
	a->active = at->key;
	a->is_flush = 1;
	a->head.pending = 1;
}

/* The packet at hand says so itself. */
static void begin_here(struct mcr_arbiter *a, const struct mcr_arrival *at, unsigned why,
		       unsigned flags)
{
	uint64_t x = mcr_first_turn(a, at->packet->seq);

	/* What the line itself has kept of a restart was sent behind this packet. */
	if (!is_restart(at->sl))
		mcr_run_break(a, at->key, at->line);
	if (at->packet->kind == MCR_FEED_PACKET_DATA) {
		mcr_item_data(&a->after, at->msg, x, at->packet->count, 0, at->key, at->line, 0);
		a->has_after = a->is_after_next = 1;
		a->reset.hash = at->packet->hash;
	} else
		mcr_line_counts_mark(a, at->line, at->packet->kind == MCR_FEED_PACKET_END);
	begin(a, at, why, x, at->packet->epoch, flags);
}

static uint64_t into_first_turn(const struct mcr_arbiter *a, uint64_t x)
{
	return mcr_first_turn(a, mcr_arbiter_wire(a, x)) - x;
}

void mcr_epoch_proven(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	uint64_t first = mcr_run_first(a, at->key, at->line, at->x);
	uint64_t shift = into_first_turn(a, first), next = first + shift;

	at->x += shift;

	/* Another line may have begun as well, a little below. */
	for (unsigned line = 0; line < a->n_lines; line++) {
		if (!is_restart(&at->m->line[line]))
			continue;
		uint64_t other = mcr_run_first(a, at->key, line, first);

		other += into_first_turn(a, other);
		if (next - other <= a->cfg.reset_back) /* it is no higher */
			next = other;
	}
	begin(a, at, MCR_FEED_RESET_IMPLICIT, next, at->s->epoch, 0);
}

int mcr_epoch_front_stands(struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	struct mcr_stream_more *m = at->m;

	if (m->front_next != at->s->next || !m->front_ns) {
		m->front_next = at->s->next;
		m->front_ns = a->at_ns;
	}
	return a->at_ns > m->front_ns && a->at_ns - m->front_ns >= MCR_ARBITER_STALL_NS;
}

/* A packet of the generation before, number x, is stale. Unless the line had left that generation
 * and is back with a run of packets, or nothing comes in this one while that one goes on: then it
 * was an error to leave it. */
static void old(struct mcr_arbiter *a, struct mcr_arrival *at, uint64_t x, unsigned why)
{
	struct mcr_stream_more *m = at->m;
	int is_back = m->in & bit_of(at), is_live = 0;

	at->x = x;
	at->flags |= MCR_FEED_FLAG_OUT_OF_ORDER;
	/* Below the first turn nothing begins, so that there is always room below. */
	if (at->packet->kind != MCR_FEED_PACKET_DATA || x < a->turn ||
	    (!is_back && x < m->old_next))
		return;
	for (unsigned line = 0; line < a->n_lines; line++)
		is_live |= m->in >> line & 1 && a->lines[line].is_up;
	int is_over = mcr_epoch_front_stands(a, at) || is_back || !is_live;

	if (!mcr_run_add(a, at, MCR_RUN_OLD, x, x + at->packet->count) || !is_over)
		return;
	uint64_t first = mcr_run_first(a, at->key, at->line, x);
	int goes_on = first - m->old_next <= a->cfg.jump_max; /* it is not below */

	begin(a, at, why, goes_on ? m->old_next : first, m->old_epoch,
	      why == MCR_FEED_RESET_SESSION ? MCR_STREAM_SESSION : 0);
}

static uint32_t hash_of(const uint64_t epoch[2])
{
	return (uint32_t)((epoch[0] * 0x9e3779b97f4a7c15u + epoch[1]) * 0xd6e8feb86659fd93u >> 32);
}

/* The packet is of the epoch before, or of the one that its line has not left yet. */
static int is_old_epoch(const struct mcr_arrival *at)
{
	return (at->m->flags & MCR_STREAM_OLD && is_same(at->packet->epoch, at->m->old_epoch)) ||
	       (at->m->heard & ~at->m->in & bit_of(at) &&
		at->sl->was == hash_of(at->packet->epoch));
}

static void old_epoch(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	uint8_t was = at->m->heard & (uint8_t)~at->m->in & bit_of(at);
	uint64_t ref = was ? at->s->hi[at->line] : at->m->old_next;

	a->lines[at->line].stale++;
	if (!is_same(at->packet->epoch, at->m->old_epoch))
		return;
	old(a, at, mcr_unwrap(a, ref, at->packet->seq), MCR_FEED_RESET_SESSION);
}

static void old_number(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	uint64_t *hi = &at->s->hi[at->line];
	uint64_t x = mcr_unwrap(a, *hi, at->packet->seq), end = x + at->packet->count;

	if (at->packet->kind == MCR_FEED_PACKET_DATA)
		a->lines[at->line].stale++;
	else
		mcr_line_counts_mark(a, at->line, at->packet->kind == MCR_FEED_PACKET_END);
	if (end - *hi <= a->cfg.jump_max) /* it is not below */
		*hi = end;
	old(a, at, x, MCR_FEED_RESET_IMPLICIT);
}

/* A line that has not begun this generation yet: is the packet at hand of it? */
static int joins(const struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	const struct mcr_stream *s = at->s;

	if (!(at->m->heard & bit_of(at)) || at->m->flags & MCR_STREAM_SESSION)
		return 1;
	uint64_t was = mcr_unwrap(a, s->hi[at->line], at->packet->seq);
	uint64_t is = mcr_unwrap(a, s->next, at->packet->seq);
	uint64_t hi = s->hi[at->line];
	uint32_t count = at->packet->count ? at->packet->count : 1;

	if (is > s->next && is - s->next > a->cfg.jump_max)
		return 0;
	if (a->cfg.is_loop && at->packet->seq <= 1) /* it begins again as well, however short */
		return 1;
	if (was < hi) /* it goes back: it begins, or is out of order */
		return hi - was > a->cfg.reset_back && hi - was >= distance(is, s->next);
	if (hi + a->cfg.reset_back < at->m->old_next && distance(is, s->next) <= a->cfg.window)
		return 1; /* it was never where the others were, but where they are now */
	/* It goes on where it was. It is of this generation only if the one before never came so
	 * far, and the number was handed out already: no gap can follow of a wrong guess. */
	return was - hi > a->cfg.reset_back ||
	       (was >= at->m->old_next && is >= at->m->start && is + count <= s->next);
}

/* Resets are said again: by the next few packets, or the message itself. It is the same one as long
 * as no more than a few packets came since on its line, or less than gap_timeout has passed (a
 * copy), unless the number goes back behind where the generation began, or is beyond the line. */
static int says_it_again(const struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	uint64_t x = mcr_unwrap(a, at->s->next, at->packet->seq);
	uint64_t hi = at->m->heard & bit_of(at) ? at->s->hi[at->line] : at->s->next;

	if (at->packet->kind == MCR_FEED_PACKET_DATA)
		hi += a->cfg.reset_back; /* some of them may be lost */
	int is_soon = at->m->said_ns && a->at_ns < at->m->said_ns + a->cfg.gap_timeout_ns;

	return (at->sl->since_reset || is_soon) && x >= at->m->start &&
	       (x <= hi || x == at->m->start);
}

/* On a line that is not in this generation yet: whether it is this one's reset. */
static int is_this_reset(const struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	const struct mcr_stream_more *m = at->m;
	uint64_t x = mcr_first_turn(a, at->packet->seq);

	if (m->flags & MCR_STREAM_SESSION)
		return 1;
	if (at->packet->kind == MCR_FEED_PACKET_RESET)
		return x == m->start;
	return x >= m->start && x <= at->s->next + a->cfg.window;
}

/* A line that is behind by more than one generation: its reset is of one that is over. */
static int is_over(const struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	struct mcr_stream_line *sl = at->sl;

	if (!sl->since_reset && (sl->behind < 2 || !(at->m->heard & bit_of(at))))
		return 0;
	if (!sl->since_reset)
		sl->behind--;
	at->m->heard |= bit_of(at);
	at->s->hi[at->line] = mcr_first_turn(a, at->packet->seq) + at->packet->count;
	return 1;
}

/* A packet that says that the numbers were reset. 1: it was dealt with. */
static int resets(struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	struct mcr_stream_more *m = at->m;
	int is_message = at->packet->kind == MCR_FEED_PACKET_RESET, is_in = m->in & bit_of(at);
	int is_flagged = m->flags & (MCR_STREAM_EXPLICIT | MCR_STREAM_SESSION);
	int is_known = is_in ? says_it_again(a, at) : (m->heard & bit_of(at)) || is_flagged;
	int is_stale = is_known && !is_in && !is_this_reset(a, at) && is_over(a, at);

	if (!is_known) {
		begin_here(a, at, MCR_FEED_RESET_EXPLICIT,
			   MCR_STREAM_EXPLICIT | (is_message ? MCR_STREAM_MESSAGE : 0));
		return 1;
	}
	if (!is_in && !is_stale)
		join(a, at);
	if (is_message && !is_stale && at->s->hi[at->line] < m->start) { /* there the line is */
		m->heard |= bit_of(at);
		at->s->hi[at->line] = m->start;
	}
	at->sl->since_reset = 1;
	at->s->slow |= bit_of(at);
	if (!is_stale)
		m->said_ns = a->at_ns;
	if (is_message)
		mcr_line_counts_mark(a, at->line, 0);
	else
		a->lines[at->line].stale += (unsigned)is_stale;
	return is_message || is_stale;
}

/* The first number of a loop, while the stream is elsewhere. */
static int is_cycle(const struct mcr_arbiter *a, const struct mcr_arrival *at)
{
	uint64_t x = mcr_first_turn(a, at->packet->seq);

	return a->cfg.is_loop && at->packet->kind == MCR_FEED_PACKET_DATA && at->packet->seq <= 1 &&
	       x < at->s->next && at->m->heard & bit_of(at) &&
	       at->s->hi[at->line] != x + at->packet->count;
}

int mcr_epoch_judge(struct mcr_arbiter *a, struct mcr_arrival *at)
{
	const struct mcr_feed_packet *p = at->packet;
	struct mcr_stream_more *m = at->m;

	if (!is_same(p->epoch, at->s->epoch)) {
		if (is_old_epoch(at))
			old_epoch(a, at);
		else
			begin_here(a, at, MCR_FEED_RESET_SESSION, MCR_STREAM_SESSION);
		return 0;
	}
	if (p->kind == MCR_FEED_PACKET_RESET || (p->kind == MCR_FEED_PACKET_DATA && p->resets)) {
		if (resets(a, at))
			return 0;
	} else if (at->sl->since_reset && ++at->sl->since_reset > a->cfg.reset_run + 1) {
		at->sl->since_reset = 0;
	}
	if (!(m->in & bit_of(at))) {
		if (!joins(a, at)) {
			old_number(a, at);
			return 0;
		}
		join(a, at);
	}
	if (is_cycle(a, at)) {
		begin_here(a, at, MCR_FEED_RESET_IMPLICIT, 0);
		return 0;
	}
	at->x = mcr_unwrap(a, m->heard & bit_of(at) ? at->s->hi[at->line] : at->s->next, p->seq);
	return 1;
}

/* The lines that begin the generation, as bits: the one that says so, and those of which something
 * is kept that is of it. *shifts: of the numbers that they have kept. */
static uint32_t lines_that_begin(struct mcr_arbiter *a, struct mcr_stream *s,
				 struct mcr_stream_more *m, uint64_t shifts[])
{
	int is_return = m->line[a->reset.line].run_kind == MCR_RUN_OLD;
	int is_session = m->flags & MCR_STREAM_SESSION; /* what is kept is of the one before */
	uint32_t lines = 0;

	for (unsigned line = 0; line < a->n_lines; line++) {
		struct mcr_stream_line *sl = &m->line[line];
		uint64_t first = mcr_run_first(a, a->reset.key, line, m->start);
		int is_of_it =
		    is_return ? sl->run_kind == MCR_RUN_OLD : is_restart(sl) && !is_session;
		int is_own = line == a->reset.line;
		uint64_t most = is_own && is_return ? UINT64_MAX : a->cfg.reset_back;

		shifts[line] = is_restart(sl) ? into_first_turn(a, first) : 0;
		first += shifts[line];
		sl->missing = MCR_NONE;
		sl->behind += sl->behind < UINT8_MAX;
		if (!is_of_it || first < m->start || first - m->start > most) {
			mcr_run_break(a, a->reset.key, line);
			if (!is_own)
				continue;
		}
		lines |= 1u << line;
		sl->behind = 0;
		s->hi[line] = is_own ? m->start : first;
	}
	m->in = (uint8_t)lines;
	m->heard |= (uint8_t)lines;
	return lines;
}

/* The packet that says itself that a generation begins is the first. */
static void take_after(struct mcr_arbiter *a, struct mcr_stream *s)
{
	const struct mcr_feed_msg *item = &a->after;

	mcr_line_moves(a, item->key, item->line, item->seq, item->seq + item->count);
	mcr_recent_add(&a->recent, s->id, item->seq, item->count, item->line, item->msg->rx_ns,
		       a->reset.hash);
	mcr_hold_after(a);
}

void mcr_epoch_begin_now(struct mcr_arbiter *a)
{
	struct mcr_stream *s = mcr_stream_at(a, a->reset.key);
	struct mcr_stream_more *m = mcr_more_at(a, a->reset.key);
	int is_cycle = a->cfg.is_loop && a->reset.why == MCR_FEED_RESET_IMPLICIT;
	uint64_t shifts[MCR_FEED_LINES_MAX];
	uint32_t lines;
	struct mcr_feed_msg event = mcr_item_event(a, is_cycle ? MCR_FEED_CYCLE : MCR_FEED_RESET,
						   a->reset.key, a->reset.line, a->reset.next);

	event.reset = (struct mcr_feed_reset){s->next, a->reset.next, a->reset.why, 0};
	mcr_item_push(a, &event);
	m->resets += !is_cycle;
	a->stats.resets += !is_cycle;
	a->stats.cycles += (unsigned)is_cycle;
	for (unsigned line = 0; line < a->n_lines; line++)
		if (m->in >> line & 1) {
			m->line[line].was = hash_of(s->epoch);
			m->line[line].behind = 0;
		}
	m->old_next = s->next;
	m->old_epoch[0] = s->epoch[0];
	m->old_epoch[1] = s->epoch[1];
	s->epoch[0] = a->reset.epoch[0];
	s->epoch[1] = a->reset.epoch[1];
	s->next = m->start = a->reset.next;
	s->id = ++a->ids;
	s->slow = UINT8_MAX;
	s->is_wished = 0;
	m->given = MCR_NONE;
	m->given_end = m->told = m->held_end = m->ring_from = m->ring_to = m->front_ns = 0;
	/* Who was lapped is still behind an unknown loss. */
	m->flags = (uint8_t)(a->reset.flags | MCR_STREAM_OLD);
	lines = lines_that_begin(a, s, m, shifts);
	if (a->is_after_next)
		take_after(a, s);
	mcr_run_take(a, a->reset.key, lines, shifts);
	m->line[a->reset.line].since_reset = a->reset.says_so;
	m->said_ns = a->reset.says_so ? a->at_ns : 0;
	if (a->reset.is_end) {
		m->flags |= MCR_STREAM_ENDING;
		m->end_at = a->reset.next;
	}
	a->reset.why = 0;
	a->active = a->reset.key;
}
