/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/share.h"

#include <stdlib.h>

/* ---- what lasts ---- */

static void *take(struct mcr_client_lasting **all, size_t size)
{
	struct mcr_client_lasting *one = *all;

	/* Acquire: the one that gave it back has done with it. */
	while (one && __atomic_load_n(&one->is_taken, __ATOMIC_ACQUIRE))
		one = one->next;
	if (!one) {
		one = calloc(1, size);
		if (!one)
			return NULL;
		one->next = *all;
		*all = one;
	}
	one->is_taken = 1;
	return one;
}

void mcr_client_give_back(struct mcr_client_lasting *one)
{
	__atomic_store_n(&one->is_taken, 0, __ATOMIC_RELEASE);
}

static void free_all(struct mcr_client_lasting *one)
{
	while (one) {
		struct mcr_client_lasting *next = one->next;

		free(one);
		one = next;
	}
}

/* ---- maps ---- */

struct mcr_client_map *mcr_client_map_add(struct mcr_client_share *s,
					  const struct mcr_attachment *a)
{
	struct mcr_client_map *map = take(&s->maps, sizeof(*map));

	if (!map)
		return NULL;
	mcr_client_map_end(map, 0);
	map->mapped = *a;
	map->mapped.socket = -1;
	/* Release: one that enters by an old pointer to this place sees the above. */
	__atomic_store_n(&map->users, 1, __ATOMIC_RELEASE);
	return map;
}

struct mcr_client_map *mcr_client_map_enter(struct mcr_client_share *s)
{
	struct mcr_client_map *map = __atomic_load_n(&s->now, __ATOMIC_ACQUIRE);
	uint32_t users = map ? __atomic_load_n(&map->users, __ATOMIC_RELAXED) : 0;

	while (users > 0)
		if (__atomic_compare_exchange_n(&map->users, &users, users + 1, 0, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return map;
	return NULL;
}

void mcr_client_map_leave(struct mcr_client_map *map)
{
	if (__atomic_sub_fetch(&map->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	mcr_attachment_close(&map->mapped);
	mcr_client_give_back(&map->lasting);
}

/* ---- seats, and the whole ---- */

struct mcr_client_seat *mcr_client_seat_take(struct mcr_client_share *s)
{
	return take(&s->seats, sizeof(struct mcr_client_seat));
}

void mcr_client_share_leave(struct mcr_client_share *s)
{
	if (!s || __atomic_sub_fetch(&s->users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	free_all(s->maps);
	free_all(s->seats);
	free(s);
}
