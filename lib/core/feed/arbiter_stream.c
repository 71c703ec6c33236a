/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_stream.h"

#include <string.h>

#include "core/feed/arbiter_item.h"

/* A line on which nothing came since the reader was lapped may have lost numbers of this stream. */
static uint8_t lapped_lines(const struct mcr_arbiter *a)
{
	uint8_t lines = 0;

	for (unsigned line = 0; line < a->n_lines; line++)
		if (a->lines[line].lapped_at == a->lines[line].packets + 1)
			lines |= (uint8_t)(1u << line);
	return lines;
}

static uint8_t flags_of(const struct mcr_feed_packet *p)
{
	if (p->kind == MCR_FEED_PACKET_RESET)
		return MCR_STREAM_EXPLICIT | MCR_STREAM_MESSAGE;
	return p->resets ? MCR_STREAM_EXPLICIT : 0;
}

uint32_t mcr_stream_make(struct mcr_arbiter *a, unsigned line, const struct mcr_feed_packet *p)
{
	uint32_t key = a->n_streams, at = mcr_stream_hash(a, p->scope);

	if (key == a->cfg.keys_max)
		return MCR_NONE;
	while (a->table[at & a->table_mask] != MCR_NONE)
		at++;
	a->table[at & a->table_mask] = key;
	a->n_streams++;
	struct mcr_stream *s = mcr_stream_at(a, key);
	struct mcr_stream_more *m = mcr_more_at(a, key);

	memset(s, 0, a->stride);
	memset(m, 0, a->more_stride);
	memcpy(s->scope, p->scope, sizeof(s->scope));
	memcpy(s->epoch, p->epoch, sizeof(s->epoch));
	s->is_wished = a->cfg.start_seq != 0;
	s->next = mcr_first_turn(a, s->is_wished ? a->cfg.start_seq : p->seq);
	s->id = ++a->ids;
	s->slow = UINT8_MAX;
	s->line = UINT8_MAX;
	m->start = s->next;
	m->held = m->given = m->heap = MCR_NONE;
	m->in = (uint8_t)(1u << line);
	m->flags = flags_of(p);
	m->lapped = lapped_lines(a);
	for (unsigned i = 0; i < a->n_lines; i++)
		m->line[i].run = m->line[i].missing = MCR_NONE;
	m->line[line].since_reset = m->flags != 0;
	m->said_ns = m->flags ? a->at_ns : 0;
	struct mcr_feed_msg event = mcr_item_event(a, MCR_FEED_START, key, line, s->next);

	mcr_item_push(a, &event);
	return key;
}
