/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/why/why_set.h"

#define FIRST 1024

/* Where it is, or is to be. At least one place is free. */
static struct mcr_why_member *place_of(const struct mcr_why_set *set, struct mcr_address group,
				       uint32_t interface)
{
	size_t i = mcr_address_hash_bucket(&set->hash, group, (uint32_t)set->cap) + interface;

	for (;; i++) {
		struct mcr_why_member *place = &set->places[i & (set->cap - 1)];

		if (mcr_address_is_none(place->group) ||
		    (place->interface == interface && mcr_address_is_equal(place->group, group)))
			return place;
	}
}

static int grow(struct mcr_why_set *set)
{
	struct mcr_why_set next = {.n = set->n, .cap = set->cap ? 2 * set->cap : FIRST};

	next.places = calloc(next.cap, sizeof(*next.places));
	if (!next.places)
		return -ENOMEM;
	mcr_address_hash_seed(&next.hash, (uintptr_t)next.places);
	for (size_t i = 0; i < set->cap; i++)
		if (!mcr_address_is_none(set->places[i].group))
			*place_of(&next, set->places[i].group, set->places[i].interface) =
			    set->places[i];
	free(set->places);
	*set = next;
	return 0;
}

int mcr_why_set_add(struct mcr_why_set *set, struct mcr_address group, uint32_t interface)
{
	struct mcr_why_member *place;

	if (2 * set->n >= set->cap && grow(set) < 0)
		return -ENOMEM;
	place = place_of(set, group, interface);
	set->n += (size_t)mcr_address_is_none(place->group);
	*place = (struct mcr_why_member){group, interface};
	return 0;
}

int mcr_why_set_has(const struct mcr_why_set *set, struct mcr_address group, uint32_t interface)
{
	return set->n > 0 && !mcr_address_is_none(place_of(set, group, interface)->group);
}

void mcr_why_set_clear(struct mcr_why_set *set)
{
	free(set->places);
	memset(set, 0, sizeof(*set));
}
