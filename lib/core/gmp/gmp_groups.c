/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/gmp/gmp_groups.h"

#include <stdlib.h>
#include <string.h>

#include "core/gmp/gmp.h"

#define BUCKETS_MIN 64u

void mcr_gmp_groups_init(struct mcr_gmp_groups *gs, uint64_t seed)
{
	memset(gs, 0, sizeof(*gs));
	mcr_address_hash_seed(&gs->hash, seed);
}

static void group_free(struct mcr_gmp_group *g)
{
	mcr_membership_clear(&g->membership);
	free(g->recorded);
	free(g);
}

void mcr_gmp_groups_clear(struct mcr_gmp_groups *gs)
{
	for (struct mcr_gmp_group *g = gs->first, *next; g; g = next) {
		next = g->next;
		group_free(g);
	}
	free(gs->buckets);
	free(gs->heap);
	memset(gs, 0, sizeof(*gs));
}

static uint32_t bucket_of(const struct mcr_gmp_groups *gs, struct mcr_address address)
{
	return mcr_address_hash_bucket(&gs->hash, address, gs->n_buckets);
}

struct mcr_gmp_group *mcr_gmp_groups_find(const struct mcr_gmp_groups *gs,
					  struct mcr_address address)
{
	if (!gs->n_buckets)
		return NULL;
	struct mcr_gmp_group *g = gs->buckets[bucket_of(gs, address)];

	while (g && !mcr_address_is_equal(g->address, address))
		g = g->hash_next;
	return g;
}

static void hash_insert(struct mcr_gmp_groups *gs, struct mcr_gmp_group *g)
{
	struct mcr_gmp_group **head = &gs->buckets[bucket_of(gs, g->address)];

	g->hash_next = *head;
	*head = g;
}

static int grow_buckets(struct mcr_gmp_groups *gs)
{
	uint32_t n = gs->n_buckets ? gs->n_buckets * 2 : BUCKETS_MIN;
	struct mcr_gmp_group **buckets = calloc(n, sizeof(*buckets));

	if (!buckets)
		return 0;
	free(gs->buckets);
	gs->buckets = buckets;
	gs->n_buckets = n;
	for (struct mcr_gmp_group *g = gs->first; g; g = g->next)
		hash_insert(gs, g);
	return 1;
}

/* Room for every group, so that waking one never allocates. */
static int grow_heap(struct mcr_gmp_groups *gs)
{
	uint32_t cap = gs->cap_heap ? gs->cap_heap * 2 : BUCKETS_MIN;
	struct mcr_gmp_group **heap = realloc(gs->heap, cap * sizeof(struct mcr_gmp_group *));

	if (!heap)
		return 0;
	gs->heap = heap;
	gs->cap_heap = cap;
	return 1;
}

struct mcr_gmp_group *mcr_gmp_groups_add(struct mcr_gmp_groups *gs, struct mcr_address address)
{
	if (gs->n >= gs->n_buckets && !grow_buckets(gs))
		return NULL;
	if (gs->n >= gs->cap_heap && !grow_heap(gs))
		return NULL;
	struct mcr_gmp_group *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->address = address;
	g->serial = gs->next_serial++;
	g->change_due_ns = g->answer_due_ns = MCR_GMP_NEVER;
	g->heap_slot = MCR_GMP_NO_SLOT;
	mcr_membership_init(&g->membership);
	hash_insert(gs, g);
	g->prev = gs->last;
	*(gs->last ? &gs->last->next : &gs->first) = g;
	gs->last = g;
	gs->n++;
	return g;
}

static int before(const struct mcr_gmp_group *a, const struct mcr_gmp_group *b)
{
	uint64_t x = mcr_gmp_group_due(a), y = mcr_gmp_group_due(b);

	return x != y ? x < y : (int32_t)(a->serial - b->serial) < 0;
}

static void place(struct mcr_gmp_groups *gs, struct mcr_gmp_group *g, uint32_t slot)
{
	gs->heap[slot] = g;
	g->heap_slot = slot;
}

static void sift(struct mcr_gmp_groups *gs, struct mcr_gmp_group *g)
{
	uint32_t i = g->heap_slot;

	while (i > 0 && before(g, gs->heap[(i - 1) / 2])) {
		place(gs, gs->heap[(i - 1) / 2], i);
		i = (i - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < gs->n_heap && before(gs->heap[child + 1], gs->heap[child]))
			child++;
		if (child >= gs->n_heap || !before(gs->heap[child], g))
			break;
		place(gs, gs->heap[child], i);
		i = child;
	}
	place(gs, g, i);
}

static void heap_remove(struct mcr_gmp_groups *gs, struct mcr_gmp_group *g)
{
	uint32_t slot = g->heap_slot;
	struct mcr_gmp_group *last = gs->heap[--gs->n_heap];

	g->heap_slot = MCR_GMP_NO_SLOT;
	if (last == g)
		return;
	place(gs, last, slot);
	sift(gs, last);
}

void mcr_gmp_groups_wake(struct mcr_gmp_groups *gs, struct mcr_gmp_group *g)
{
	if (mcr_gmp_group_due(g) == MCR_GMP_NEVER) {
		if (g->heap_slot != MCR_GMP_NO_SLOT)
			heap_remove(gs, g);
		return;
	}
	if (g->heap_slot == MCR_GMP_NO_SLOT)
		place(gs, g, gs->n_heap++);
	sift(gs, g);
}

void mcr_gmp_groups_remove(struct mcr_gmp_groups *gs, struct mcr_gmp_group *g)
{
	struct mcr_gmp_group **at = &gs->buckets[bucket_of(gs, g->address)];

	if (g->heap_slot != MCR_GMP_NO_SLOT)
		heap_remove(gs, g);
	while (*at != g)
		at = &(*at)->hash_next;
	*at = g->hash_next;
	*(g->prev ? &g->prev->next : &gs->first) = g->next;
	*(g->next ? &g->next->prev : &gs->last) = g->prev;
	gs->n--;
	group_free(g);
}

size_t mcr_gmp_groups_memory(const struct mcr_gmp_groups *gs)
{
	size_t bytes = (size_t)(gs->n_buckets + gs->cap_heap) * sizeof(void *);

	for (const struct mcr_gmp_group *g = gs->first; g; g = g->next)
		bytes += sizeof(*g) + g->membership.cap * sizeof(struct mcr_source) +
			 g->cap_recorded * sizeof(struct mcr_address);
	return bytes;
}
