/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What stands before a payload. */
struct head {
	uint32_t units;
	uint32_t pad;
};

int mcr_feed_arena_create(struct mcr_feed_arena *out, uint64_t bytes)
{
	uint64_t n = bytes / MCR_FEED_ARENA_UNIT;

	n = n < 1 ? 1 : n > UINT32_MAX / 2 ? UINT32_MAX / 2 : n;
	*out = (struct mcr_feed_arena){.n_units = (uint32_t)n, .n_free = (uint32_t)n};
	out->memory = aligned_alloc(64, (size_t)n * MCR_FEED_ARENA_UNIT);
	out->taken = calloc((size_t)n / 64 + 1, sizeof(*out->taken));
	if (!out->memory || !out->taken)
		return -ENOMEM;
	memset(out->memory, 0, (size_t)n * MCR_FEED_ARENA_UNIT); /* no page fault later */
	return 0;
}

void mcr_feed_arena_destroy(struct mcr_feed_arena *a)
{
	free(a->memory);
	free(a->taken);
}

static int is_taken(const struct mcr_feed_arena *a, uint32_t unit)
{
	return (int)(a->taken[unit / 64] >> unit % 64 & 1);
}

/* The first of n free units in [from, to), or `to`. */
static uint32_t find(const struct mcr_feed_arena *a, uint32_t from, uint32_t to, uint32_t n)
{
	uint32_t first = from;

	for (uint32_t i = from; i < to; i++) {
		if (i % 64 == 0 && a->taken[i / 64] == UINT64_MAX) {
			i += 63;
			first = i + 1;
		} else if (is_taken(a, i)) {
			first = i + 1;
		} else if (i + 1 - first == n) {
			return first;
		}
	}
	return to;
}

uint8_t *mcr_feed_arena_take(struct mcr_feed_arena *a, size_t len, uint64_t *handle)
{
	uint32_t n = (uint32_t)((len + sizeof(struct head) - 1) / MCR_FEED_ARENA_UNIT) + 1, i;
	uint8_t *block;

	if (n > a->n_free)
		return NULL;
	i = find(a, a->at, a->n_units, n);
	if (i == a->n_units)
		i = find(a, 0, a->n_units, n);
	if (i == a->n_units)
		return NULL;
	for (uint32_t k = i; k < i + n; k++)
		a->taken[k / 64] |= UINT64_C(1) << k % 64;
	a->n_free -= n;
	a->at = i + n < a->n_units ? i + n : 0;
	block = a->memory + (size_t)i * MCR_FEED_ARENA_UNIT;
	memcpy(block, &(struct head){.units = n}, sizeof(struct head));
	*handle = (uint64_t)i + 1;
	return block + sizeof(struct head);
}

void mcr_feed_arena_give(struct mcr_feed_arena *a, uint64_t handle)
{
	uint32_t i = (uint32_t)(handle - 1);
	struct head head;

	memcpy(&head, a->memory + (size_t)i * MCR_FEED_ARENA_UNIT, sizeof(head));
	for (uint32_t k = i; k < i + head.units; k++)
		a->taken[k / 64] &= ~(UINT64_C(1) << k % 64);
	a->n_free += head.units;
}
