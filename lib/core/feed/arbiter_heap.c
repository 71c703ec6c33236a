/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/arbiter_heap.h"

static void place(struct mcr_arbiter *a, uint32_t at, uint32_t key, uint64_t due_ns)
{
	a->heap[at] = key;
	a->heap_due[at] = due_ns;
	mcr_more_at(a, key)->heap = at;
}

static void sift(struct mcr_arbiter *a, uint32_t at, uint32_t key, uint64_t due_ns)
{
	while (at && a->heap_due[(at - 1) / 2] > due_ns) {
		place(a, at, a->heap[(at - 1) / 2], a->heap_due[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child + 1 < a->n_heap && a->heap_due[child + 1] < a->heap_due[child])
			child++;
		if (child >= a->n_heap || a->heap_due[child] >= due_ns)
			break;
		place(a, at, a->heap[child], a->heap_due[child]);
		at = child;
	}
	place(a, at, key, due_ns);
}

void mcr_heap_set(struct mcr_arbiter *a, uint32_t key, uint64_t due_ns)
{
	uint32_t at = mcr_more_at(a, key)->heap;

	sift(a, at == MCR_NONE ? a->n_heap++ : at, key, due_ns);
	if (due_ns < a->head.due_ns)
		a->head.due_ns = due_ns;
}

void mcr_heap_remove(struct mcr_arbiter *a, uint32_t key)
{
	uint32_t at = mcr_more_at(a, key)->heap;

	if (at == MCR_NONE)
		return;
	mcr_more_at(a, key)->heap = MCR_NONE;
	if (at != --a->n_heap)
		sift(a, at, a->heap[a->n_heap], a->heap_due[a->n_heap]);
}

void mcr_heap_all(struct mcr_arbiter *a)
{
	for (uint32_t i = 0; i < a->n_heap; i++)
		a->heap_due[i] = 0;
	if (a->n_heap) {
		a->head.due_ns = 0;
		a->head.pending = 1;
	}
}
