/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_line.h"

#include "core/feed/arbiter_heap.h"
#include "core/feed/arbiter_item.h"
#include "core/feed/arbiter_range.h"
#include "core/feed/arbiter_whose.h"

static void say(struct mcr_arbiter *a, unsigned kind, unsigned line, uint32_t why)
{
	struct mcr_feed_msg event = mcr_item_event(a, kind, 0, line, 0);

	event.down.why = why;
	mcr_item_push(a, &event);
}

void mcr_line_alive(struct mcr_arbiter *a, unsigned line, uint64_t rx_ns)
{
	struct mcr_arbiter_line *l = &a->lines[line];

	if (rx_ns > l->last_ns)
		l->last_ns = rx_ns;
	if (l->is_up)
		return;
	if (l->is_down)
		say(a, MCR_FEED_LINE_UP, line, 0);
	l->is_up = l->was_heard = 1;
	l->is_down = 0;
	a->line_due_ns = 0;
	a->head.due_ns = 0;
	if (a->is_silent)
		say(a, MCR_FEED_SILENCE_END, line, 0);
	a->is_silent = 0;
}

void mcr_line_down(struct mcr_arbiter *a, unsigned line, uint32_t why)
{
	if (a->lines[line].is_down)
		return;
	a->lines[line].is_down = 1;
	a->lines[line].is_up = 0;
	say(a, MCR_FEED_LINE_DOWN, line, why);
	mcr_heap_all(a); /* what waits for this line waits no longer */
	for (unsigned other = 0; other < a->n_lines; other++)
		if (!a->lines[other].is_down)
			return;
	a->is_silent = 1;
	a->stats.silences++;
	say(a, MCR_FEED_SILENCE, line, 0);
}

uint64_t mcr_line_due(const struct mcr_arbiter *a, unsigned *line)
{
	uint64_t due_ns = UINT64_MAX;

	if (!a->cfg.silence_ns || !a->is_awake || !a->is_started)
		return due_ns;
	for (unsigned i = 0; i < a->n_lines; i++) {
		const struct mcr_arbiter_line *l = &a->lines[i];
		uint64_t since_ns = l->last_ns > a->awake_ns ? l->last_ns : a->awake_ns;

		if (!l->is_down && since_ns + a->cfg.silence_ns < due_ns) {
			due_ns = since_ns + a->cfg.silence_ns;
			*line = i;
		}
	}
	return due_ns;
}

void mcr_line_moves(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t x, uint64_t end)
{
	struct mcr_stream *s = mcr_stream_at(a, key);
	struct mcr_stream_more *m = mcr_more_at(a, key);
	uint8_t bit = (uint8_t)(1u << line);

	if (!(m->heard & bit)) {
		m->heard |= bit;
		s->hi[line] = x;
	}
	if (m->lapped & bit && x >= s->hi[line]) {
		a->lines[line].unsettled += x - s->hi[line];
		mcr_whose_passed(a, key, line, x);
	} else if (x > s->hi[line]) {
		mcr_range_add(a, key, line, s->hi[line], x);
	} else if (x < s->hi[line]) {
		a->lines[line].out_of_order++;
		mcr_range_cut(a, key, line, x, end);
	}
	if (end > s->hi[line])
		s->hi[line] = end;
}
