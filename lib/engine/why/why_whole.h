/* SPDX-License-Identifier: BSD-3-Clause */
/* The verdict about the whole host: groups with the same cause on the same interface are one
 * finding, and what follows from a port's is in that. */
#ifndef MCR_ENGINE_WHY_WHOLE_H
#define MCR_ENGINE_WHY_WHOLE_H

#include "engine/why/why_evidence.h"
#include "engine/why/why_limits.h"
#include "engine/why/why_rules.h"

struct mcr_why_whole;

/* Returns NULL without memory. */
struct mcr_why_whole *mcr_why_whole_create(void);

void mcr_why_whole_destroy(struct mcr_why_whole *whole);

/* mcr_why_whole_take adds a membership; all other evidence is there. */
void mcr_why_whole_take(struct mcr_why_whole *whole, const struct mcr_why_evidence *evidence,
			const struct mcr_group_info *group);

/* mcr_why_whole_end makes the verdict, once. */
void mcr_why_whole_end(struct mcr_why_whole *whole, const struct mcr_why_evidence *evidence,
		       struct mcr_why_verdict *verdict);

#endif
