/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers of memberships' counters, < MCR_MEMBERSHIPS_MAX. A slot is given back only when no rx
 * lcore can count in it any more, so a new group never inherits counts. Thread: control. */
#ifndef MCR_ENGINE_SLOTS_H
#define MCR_ENGINE_SLOTS_H

#include <stddef.h>
#include <stdint.h>

/* All zero: every slot is free. */
struct mcr_slots {
	uint32_t *free; /* given back; NULL before the first take */
	size_t n_free;
	uint32_t next; /* it and those above it were never taken */
};

/* mcr_slots_take takes a free slot. Returns 0, -ENOSPC (there is none) or -ENOMEM. */
int mcr_slots_take(struct mcr_slots *slots, uint32_t *out);

/* mcr_slots_give returns a slot that was taken and whose grace period is over. */
void mcr_slots_give(struct mcr_slots *slots, uint32_t slot);

/* mcr_slots_fini frees; all slots are free again. */
void mcr_slots_fini(struct mcr_slots *slots);

#endif
