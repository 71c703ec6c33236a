/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_whose.h"

#include "core/feed/arbiter_item.h"

static int is_of_ring(const struct mcr_arbiter *a, uint32_t key, const struct mcr_feed_gap *gap)
{
	const struct mcr_stream_more *m = mcr_more_at(a, key);

	/* Out of order, what was overwritten may have been of higher numbers than what came next.
	 */
	if (a->lapped_ns && gap->opened_ns <= a->lapped_ns + a->cfg.gap_timeout_ns)
		return 1;
	return gap->last >= m->ring_from && (m->lapped || gap->first < m->ring_to);
}

/* What was lost before a packet arrived is seen when the packet does: so a look that ended shortly
 * before counts, too. */
static int may_be_of(const struct mcr_arbiter *a, const struct mcr_feed_gap *gap, uint64_t from_ns,
		     uint64_t to_ns)
{
	return to_ns + a->cfg.gap_timeout_ns >= gap->opened_ns && from_ns <= gap->declared_ns;
}

void mcr_whose_judge(struct mcr_arbiter *a, uint32_t key, struct mcr_feed_msg *gap)
{
	gap->gap.whose = MCR_FEED_WIRE;
	if (is_of_ring(a, key, &gap->gap)) {
		gap->gap.whose = MCR_FEED_RING;
		return;
	}
	uint32_t n = a->n_looks < MCR_ARBITER_LOOKS ? a->n_looks : MCR_ARBITER_LOOKS;

	for (uint32_t i = 0; i < n; i++)
		if (may_be_of(a, &gap->gap, a->looks[i].from_ns, a->looks[i].to_ns))
			gap->gap.host_lost += a->looks[i].packets;
	if (gap->gap.host_lost)
		gap->gap.whose = MCR_FEED_HOST_MAYBE;
	else
		a->gaps[a->n_gaps++ % MCR_ARBITER_GAPS] = *gap;
}

void mcr_whose_passed(struct mcr_arbiter *a, uint32_t key, unsigned line, uint64_t x)
{
	struct mcr_stream_more *m = mcr_more_at(a, key);

	m->lapped &= (uint8_t) ~(1u << line);
	if (x > m->ring_to)
		m->ring_to = x;
}

void mcr_whose_lost(struct mcr_arbiter *a, uint32_t key, uint64_t first, uint64_t end)
{
	struct mcr_stream_more *m = mcr_more_at(a, key);

	if (!m->lapped && m->ring_to <= mcr_stream_at(a, key)->next) { /* the stretch is over */
		m->ring_from = first;
		m->ring_to = end;
	}
	if (first < m->ring_from)
		m->ring_from = first;
	if (end > m->ring_to)
		m->ring_to = end;
}

void mcr_arbiter_lapped(struct mcr_arbiter *a, uint32_t lines, uint64_t messages)
{
	for (unsigned line = 0; line < a->n_lines; line++) {
		if (!(lines >> line & 1))
			continue;
		a->lines[line].ring_lost += messages;
		a->lines[line].lapped_at = a->lines[line].packets + 1;
		for (uint32_t key = 0; key < a->n_streams; key++) {
			struct mcr_stream *s = mcr_stream_at(a, key);
			struct mcr_stream_more *m = mcr_more_at(a, key);
			/* What is missing below hi may have been among it: it came late. */
			uint64_t passed = s->hi[line] < s->next ? s->hi[line] : s->next;
			uint64_t from = m->in >> line & 1 ? passed : 0;

			mcr_whose_lost(a, key, from, from);
			m->lapped |= (uint8_t)(1u << line);
			s->slow |= (uint8_t)(1u << line);
		}
	}
}

void mcr_arbiter_host_loss(struct mcr_arbiter *a, uint32_t lines, uint64_t packets,
			   uint64_t looked_ns)
{
	uint64_t from_ns = looked_ns;

	for (unsigned line = 0; line < a->n_lines; line++) {
		struct mcr_arbiter_line *l = &a->lines[line];

		if (!(lines >> line & 1))
			continue;
		if (l->looked_ns && l->looked_ns < from_ns)
			from_ns = l->looked_ns;
		l->looked_ns = looked_ns;
	}
	if (!packets)
		return;
	uint32_t at = a->n_looks++ % MCR_ARBITER_LOOKS;

	a->looks[at].from_ns = from_ns;
	a->looks[at].to_ns = looked_ns;
	a->looks[at].packets = packets;
	for (uint32_t i = 0; i < MCR_ARBITER_GAPS; i++) {
		struct mcr_feed_msg *gap = &a->gaps[i];

		if (gap->kind != MCR_FEED_GAP || !may_be_of(a, &gap->gap, from_ns, looked_ns))
			continue;
		gap->kind = MCR_FEED_GAP_HOST; /* said once */
		gap->ns = looked_ns;
		gap->gap.whose = MCR_FEED_HOST_MAYBE;
		gap->gap.host_lost = packets;
		mcr_item_push(a, gap);
	}
}
