/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_node.h"

uint32_t mcr_node_make(struct mcr_arbiter *a, uint32_t key, unsigned line,
		       const struct mcr_msg *msg, uint64_t hash, uint64_t first, uint64_t end,
		       unsigned flags)
{
	uint32_t n = a->free_nodes;

	if (n == MCR_NONE ||
	    (!(flags & MCR_HELD_RUN) && a->head.n_held - a->n_runs >= a->cfg.held_max))
		return MCR_NONE;
	a->free_nodes = a->nodes[n].left;
	a->head.n_held++;
	a->n_runs += (flags & MCR_HELD_RUN) != 0;
	a->nodes[n] = (struct mcr_span){.first = first,
					.end = end,
					.ns = a->at_ns,
					.priority = (uint32_t)mcr_rng_next(&a->rng),
					.stream = key,
					.id = a->n_made++,
					.line = (uint8_t)line,
					.flags = (uint8_t)flags};
	struct mcr_held *h = &a->held[n];

	h->held = 0;
	h->hash = hash;
	if (msg)
		h->msg = *msg;
	h->prev = a->newest;
	h->next = MCR_NONE;
	*(a->newest == MCR_NONE ? &a->oldest : &a->held[a->newest].next) = n;
	a->newest = n;
	return n;
}

static void leave_order(struct mcr_arbiter *a, uint32_t n)
{
	struct mcr_held *h = &a->held[n];

	*(h->prev == MCR_NONE ? &a->oldest : &a->held[h->prev].next) = h->next;
	*(h->next == MCR_NONE ? &a->newest : &a->held[h->next].prev) = h->prev;
	a->head.n_held--;
	a->n_runs -= (a->nodes[n].flags & MCR_HELD_RUN) != 0;
}

static void free_node(struct mcr_arbiter *a, uint32_t n)
{
	if (a->held[n].held && a->forget)
		a->forget(a->forget_ctx, a->held[n].held);
	a->nodes[n].left = a->free_nodes;
	a->free_nodes = n;
}

void mcr_node_forget(struct mcr_arbiter *a, uint32_t n)
{
	leave_order(a, n);
	free_node(a, n);
}

void mcr_node_spend(struct mcr_arbiter *a, uint32_t n)
{
	leave_order(a, n);
	a->nodes[n].left = a->spent_nodes;
	a->spent_nodes = n;
}

void mcr_node_reclaim(struct mcr_arbiter *a)
{
	while (a->spent_nodes != MCR_NONE) {
		uint32_t n = a->spent_nodes;

		a->spent_nodes = a->nodes[n].left;
		free_node(a, n);
	}
}
