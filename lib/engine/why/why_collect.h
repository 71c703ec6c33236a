/* SPDX-License-Identifier: BSD-3-Clause */
/* Collects the evidence through mcring/info.h, in steps that are short enough for a round of the
 * control thread. */
#ifndef MCR_ENGINE_WHY_COLLECT_H
#define MCR_ENGINE_WHY_COLLECT_H

#include <mcring/engine.h>

#include "engine/why/why_evidence.h"

struct mcr_why_collector {
	struct mcr_engine *engine;
	struct mcr_why_evidence *evidence;
	/* Takes a membership, when all but the memberships is there: each one that the question is
	 * about. */
	void (*take)(void *ctx, const struct mcr_group_info *group);
	void *ctx;
	unsigned phase, restarts;
	size_t at;       /* in the list of the phase */
	uint64_t views;  /* when joins and memberships were begun */
	uint64_t ticket; /* of mcr_engine_routes_collect */
};

/* mcr_why_collect_step does some of the work. Returns 1 when all is there, 0 when there is more to
 * do, or -ENOMEM. now_ns: CLOCK_REALTIME. */
int mcr_why_collect_step(struct mcr_why_collector *collector, uint64_t now_ns);

#endif
