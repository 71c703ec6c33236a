/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include <mcring/engine.h>

#include "engine/join/slots.h"

/* The stack has room for every slot from the first take on, so that giving cannot fail. */
int mcr_slots_take(struct mcr_slots *slots, uint32_t *out)
{
	if (!slots->free) {
		slots->free = calloc(MCR_MEMBERSHIPS_MAX, sizeof(*slots->free));
		if (!slots->free)
			return -ENOMEM;
	}
	if (slots->n_free > 0)
		*out = slots->free[--slots->n_free];
	else if (slots->next < MCR_MEMBERSHIPS_MAX)
		*out = slots->next++;
	else
		return -ENOSPC;
	return 0;
}

void mcr_slots_give(struct mcr_slots *slots, uint32_t slot)
{
	slots->free[slots->n_free++] = slot;
}

void mcr_slots_fini(struct mcr_slots *slots)
{
	free(slots->free);
	*slots = (struct mcr_slots){0};
}
