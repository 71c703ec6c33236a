/* SPDX-License-Identifier: BSD-3-Clause */
/* The memberships that a channel's joins are for. */
#ifndef MCR_ENGINE_WHY_SET_H
#define MCR_ENGINE_WHY_SET_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/address.h>

#include "core/address_hash.h"

struct mcr_why_member {
	struct mcr_address group; /* none = the place is free */
	uint32_t interface;
};

struct mcr_why_set {
	struct mcr_why_member *places;
	size_t n, cap; /* cap: a power of two, or 0 */
	struct mcr_address_hash hash;
};

/* mcr_why_set_add adds a group, which is not none; one that is there stays. Returns 0 or -ENOMEM.
 */
int mcr_why_set_add(struct mcr_why_set *set, struct mcr_address group, uint32_t interface);

/* mcr_why_set_has returns 1 or 0. */
int mcr_why_set_has(const struct mcr_why_set *set, struct mcr_address group, uint32_t interface);

/* mcr_why_set_clear frees it and leaves an empty set. */
void mcr_why_set_clear(struct mcr_why_set *set);

#endif
