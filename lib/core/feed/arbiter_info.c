/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "core/feed/arbiter_range.h"

int mcr_arbiter_line_info(const struct mcr_arbiter *a, unsigned line, struct mcr_feed_line *out)
{
	if (line >= a->n_lines)
		return -ENOENT;
	const struct mcr_arbiter_line *l = &a->lines[line];

	out->line = line;
	out->is_up = l->is_up;
	out->was_heard = l->was_heard;
	out->last_ns = l->last_ns;
	out->packets = l->packets;
	out->bytes = l->bytes;
	out->heartbeats = l->heartbeats;
	out->first = l->first;
	out->duplicates = l->duplicates;
	out->mismatches = l->mismatches;
	out->late = l->late;
	out->out_of_order = l->out_of_order;
	out->stale = l->stale;
	out->before_start = l->before_start;
	out->implausible = l->implausible;
	out->malformed = l->malformed;
	out->unsequenced = l->unsequenced;
	out->not_tracked = l->not_tracked;
	out->ended = l->ended;
	out->lost = l->lost + mcr_range_unsettled(a, line);
	out->unsettled = l->unsettled;
	out->ring_lost = l->ring_lost;
	memcpy(out->behind, l->behind, sizeof(out->behind));
	out->behind_max_ns = l->behind_max_ns;
	out->filled = l->filled;
	return 0;
}

int mcr_arbiter_key_info(const struct mcr_arbiter *a, uint32_t key, struct mcr_feed_key *out)
{
	if (key >= a->n_streams)
		return -ENOENT;
	const struct mcr_stream *s = mcr_stream_at(a, key);
	const struct mcr_stream_more *m = mcr_more_at(a, key);

	out->key = key;
	out->next = s->next;
	out->hole_ns = m->held == MCR_NONE ? 0 : a->nodes[m->held].min_ns;
	memcpy(out->scope, s->scope, sizeof(out->scope));
	memcpy(out->epoch, s->epoch, sizeof(out->epoch));
	out->resets = m->resets;
	out->gaps = m->gaps;
	out->gap_messages = m->gap_messages;
	out->late_messages = m->late_messages;
	return 0;
}

void mcr_arbiter_stats(const struct mcr_arbiter *a, struct mcr_feed_stats *out)
{
	uint32_t size = out->size;
	uint64_t digest = out->digest, copied = out->held_copied;

	*out = a->stats;
	out->size = size;
	out->digest = digest;
	out->held_copied = copied;
	out->lines = a->n_lines;
	out->keys = a->n_streams;
	out->held = (uint32_t)a->head.n_held - a->n_runs;
	out->switches = a->switches;
	out->time_ns = a->time_ns;
}

uint64_t mcr_arbiter_wire(const struct mcr_arbiter *a, uint64_t seq)
{
	return mcr_arbiter_wire_of(64u - a->unwrap_shift, a->wraps_to_one, seq);
}
