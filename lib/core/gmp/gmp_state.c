/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's memory, and what several of its files do to a group. */
#include "core/gmp/gmp_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t mcr_gmp_delay(struct mcr_gmp *gmp, uint64_t max_ns)
{
	if (!gmp->cfg.draw)
		return mcr_rng_delay(&gmp->rng, max_ns);
	uint64_t delay = gmp->cfg.draw(gmp->cfg.draw_ctx, max_ns);

	return delay > max_ns ? max_ns : delay ? delay : 1;
}

void mcr_gmp_forget_answer(struct mcr_gmp *gmp, struct mcr_gmp_group *g)
{
	gmp->n_recorded -= g->cap_recorded;
	free(g->recorded);
	g->recorded = NULL;
	g->n_recorded = g->cap_recorded = 0;
	g->answer_due_ns = MCR_GMP_NEVER;
}

void mcr_gmp_drop_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g)
{
	struct mcr_gmp_sweep *s = &gmp->sweep;

	mcr_gmp_forget_answer(gmp, g);
	if (s->cursor == g)
		s->cursor = g->next;
	if (s->due_ns != MCR_GMP_NEVER && g->swept != s->number && --s->left == 0)
		s->due_ns = MCR_GMP_NEVER;
	mcr_gmp_groups_remove(&gmp->groups, g);
}

void mcr_gmp_announce_group(struct mcr_gmp *gmp, struct mcr_gmp_group *g)
{
	int wanted = mcr_membership_wanted(&g->membership);

	if (gmp->level == MCR_GMP_LEVEL_NEWEST) {
		if (!wanted && !mcr_membership_pending(&g->membership))
			g->membership.mode_left = gmp->robustness; /* an old leave not yet sent */
		mcr_membership_announce(&g->membership, gmp->robustness);
	} else if (wanted) {
		mcr_gmp_forget_answer(gmp, g);
	}
	g->unsent = 1;
	g->change_due_ns = 0;
	g->copies = gmp->cfg.robustness;
	mcr_gmp_groups_wake(&gmp->groups, g);
}

int mcr_gmp_reserve(struct mcr_gmp *gmp, size_t n)
{
	struct mcr_gmp_queue *q = &gmp->queue;
	/* ALLOW and BLOCK and an answer may each end in a slot of their own; one stays open. */
	size_t slots = 2 * (n / mcr_gmp_sources_max(gmp)) + 8;

	if (n > gmp->n_scratch) {
		struct mcr_address *scratch = realloc(gmp->scratch, n * sizeof(*scratch));

		if (!scratch)
			return -ENOMEM;
		gmp->scratch = scratch;
		gmp->n_scratch = n;
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
static int widen_slots(struct mcr_gmp_queue *q, size_t stride)
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

int mcr_gmp_set_mtu(struct mcr_gmp *gmp, uint16_t mtu)
{
	uint16_t before = gmp->cfg.mtu;

	if (mtu < gmp->wire->mtu_min)
		return -EINVAL;
	if (mtu > gmp->queue.stride && widen_slots(&gmp->queue, mtu) < 0)
		return -ENOMEM;
	gmp->cfg.mtu = mtu;
	if (mcr_gmp_reserve(gmp, gmp->n_scratch) == 0)
		return 0;
	gmp->cfg.mtu = before;
	return -ENOMEM;
}
