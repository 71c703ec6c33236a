/* SPDX-License-Identifier: BSD-3-Clause */
/* What a feed that is declared otherwise keeps receiving, for those who have it open. The joins of
 * its lines are a consumer's, with an id of their own, until the last of its readers is gone.
 * attach_server.h has what the engine calls. */
#ifndef MCR_ENGINE_ATTACH_KEPT_H
#define MCR_ENGINE_ATTACH_KEPT_H

#include "engine/attach/attach_state.h"
#include "engine/attach/declared_feeds.h"

struct mcr_kept_feed {
	struct mcr_kept_feed *next;
	uint64_t id; /* no consumer has it */
	uint64_t digest;
	char name[MCR_NAME_MAX];
};

/* mcr_attach_end_kept forgets those without readers. */
void mcr_attach_end_kept(struct mcr_attach_server *s);

/* mcr_attach_kept_ids appends the ids of the others, of which there are at most as many as feeds
 * that are open. Returns how many. */
size_t mcr_attach_kept_ids(const struct mcr_attach_server *s, uint64_t *ids);

#endif
