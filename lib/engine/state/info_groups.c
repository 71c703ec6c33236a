/* SPDX-License-Identifier: BSD-3-Clause */
/* Which memberships are worth showing, when there are more than anybody looks at: one pass over all
 * with a heap of those kept so far, the one that goes first on top. */
#include <stdlib.h>

#include "engine/state/state.h"

#define OF_CONFIGURATION (UINT64_C(1) << 63)

struct shown {
	uint64_t weight; /* packets, and OF_CONFIGURATION */
	size_t index;
};

static uint64_t weight_of(const struct mcr_engine *e, const struct mcr_group *g)
{
	uint64_t packets = 0;

	for (unsigned w = 0; w < e->n_workers; w++)
		packets += __atomic_load_n(&e->workers[w]->group_counts[g->slot].packets,
					   __ATOMIC_RELAXED);
	return packets | (g->joins_of[MCR_JOINED_BY_CONFIGURATION] > 0 ? OF_CONFIGURATION : 0);
}

/* Of equal ones the later goes first. */
static int goes_before(struct shown a, struct shown b)
{
	return a.weight < b.weight || (a.weight == b.weight && a.index > b.index);
}

/* Puts `one` at the hole, or below it. */
static void sift_down(struct shown *heap, size_t n, size_t hole, struct shown one)
{
	for (size_t child; (child = 2 * hole + 1) < n; hole = child) {
		if (child + 1 < n && goes_before(heap[child + 1], heap[child]))
			child++;
		if (!goes_before(heap[child], one))
			break;
		heap[hole] = heap[child];
	}
	heap[hole] = one;
}

static int by_index(const void *a, const void *b)
{
	const size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

/* Fewer than all. */
static void choose(const struct mcr_engine *e, struct shown *heap, size_t *indices, size_t cap)
{
	for (size_t i = 0; i < cap; i++)
		heap[i] = (struct shown){weight_of(e, &e->joins->groups[i]), i};
	for (size_t i = cap / 2; i-- > 0;)
		sift_down(heap, cap, i, heap[i]);
	for (size_t i = cap; i < e->joins->n_groups; i++) {
		const struct shown one = {weight_of(e, &e->joins->groups[i]), i};

		if (goes_before(heap[0], one))
			sift_down(heap, cap, 0, one);
	}
	for (size_t i = 0; i < cap; i++)
		indices[i] = heap[i].index;
	qsort(indices, cap, sizeof(*indices), by_index);
}

size_t mcr_engine_groups_to_show(const struct mcr_engine *e, size_t *indices, size_t cap)
{
	struct shown *heap = NULL;

	if (cap > e->joins->n_groups)
		cap = e->joins->n_groups;
	if (cap > 0 && cap < e->joins->n_groups)
		heap = malloc(cap * sizeof(*heap));
	if (heap)
		choose(e, heap, indices, cap);
	else /* all, none, or no memory to choose */
		for (size_t i = 0; i < cap; i++)
			indices[i] = i;
	free(heap);
	return cap;
}
