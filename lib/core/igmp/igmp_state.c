/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's memory, and what several of its files do to a group. */
#include "core/igmp/igmp_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t mcr_igmp_delay(struct mcr_igmp *igmp, uint64_t max_ns)
{
	if (!igmp->cfg.draw)
		return mcr_rng_delay(&igmp->rng, max_ns);
	uint64_t delay = igmp->cfg.draw(igmp->cfg.draw_ctx, max_ns);

	return delay > max_ns ? max_ns : delay ? delay : 1;
}

void mcr_igmp_forget_answer(struct mcr_igmp *igmp, struct mcr_igmp_group *g)
{
	igmp->n_recorded -= g->cap_recorded;
	free(g->recorded);
	g->recorded = NULL;
	g->n_recorded = g->cap_recorded = 0;
	g->answer_due_ns = MCR_IGMP_NEVER;
}

void mcr_igmp_drop_group(struct mcr_igmp *igmp, struct mcr_igmp_group *g)
{
	struct mcr_igmp_sweep *s = &igmp->sweep;

	mcr_igmp_forget_answer(igmp, g);
	if (s->cursor == g)
		s->cursor = g->next;
	if (s->due_ns != MCR_IGMP_NEVER && g->swept != s->number && --s->left == 0)
		s->due_ns = MCR_IGMP_NEVER;
	mcr_igmp_groups_remove(&igmp->groups, g);
}

void mcr_igmp_announce_group(struct mcr_igmp *igmp, struct mcr_igmp_group *g)
{
	int wanted = mcr_membership_wanted(&g->membership);

	if (igmp->version == 3) {
		if (!wanted && !mcr_membership_pending(&g->membership))
			g->membership.mode_left = igmp->robustness; /* a v2 leave not yet sent */
		mcr_membership_announce(&g->membership, igmp->robustness);
	} else if (wanted) {
		mcr_igmp_forget_answer(igmp, g);
	}
	g->unsent = 1;
	g->change_due_ns = 0;
	g->copies = igmp->cfg.robustness;
	mcr_igmp_groups_wake(&igmp->groups, g);
}

int mcr_igmp_reserve(struct mcr_igmp *igmp, size_t n)
{
	struct mcr_igmp_queue *q = &igmp->queue;
	/* ALLOW and BLOCK and an answer may each end in a slot of their own; one stays open. */
	size_t slots = 2 * (n / mcr_igmp_sources_max(igmp)) + 8;

	if (n > igmp->n_scratch) {
		uint32_t *scratch = realloc(igmp->scratch, n * sizeof(*scratch));

		if (!scratch)
			return -ENOMEM;
		igmp->scratch = scratch;
		igmp->n_scratch = n;
	}
	if (slots <= q->slots)
		return 0;
	uint8_t *bytes = realloc(q->bytes, slots * q->stride);

	if (!bytes)
		return -ENOMEM;
	q->bytes = bytes;
	uint16_t *lengths = realloc(q->lengths, slots * sizeof(*lengths));

	if (!lengths)
		return -ENOMEM;
	q->lengths = lengths;
	q->slots = (uint32_t)slots;
	return 0;
}

/* Slots of another size, with what they hold. */
static int widen_slots(struct mcr_igmp_queue *q, size_t stride)
{
	uint8_t *bytes = malloc(q->slots * stride);

	if (!bytes)
		return -ENOMEM;
	for (size_t i = q->head; i < q->n; i++)
		memcpy(bytes + i * stride, q->bytes + i * q->stride, q->lengths[i]);
	free(q->bytes);
	q->bytes = bytes;
	q->stride = stride;
	return 0;
}

int mcr_igmp_set_mtu(struct mcr_igmp *igmp, uint16_t mtu)
{
	uint16_t before = igmp->cfg.mtu;

	if (mtu < MCR_IPV4_MTU_MIN)
		return -EINVAL;
	if (mtu > igmp->queue.stride && widen_slots(&igmp->queue, mtu) < 0)
		return -ENOMEM;
	igmp->cfg.mtu = mtu;
	if (mcr_igmp_reserve(igmp, igmp->n_scratch) == 0)
		return 0;
	igmp->cfg.mtu = before;
	return -ENOMEM;
}
