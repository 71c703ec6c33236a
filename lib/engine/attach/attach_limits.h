/* SPDX-License-Identifier: BSD-3-Clause */
/* What one user can take from the others, and its bounds: consumers, silent connections,
 * descriptors in flight. */
#ifndef MCR_ENGINE_ATTACH_LIMITS_H
#define MCR_ENGINE_ATTACH_LIMITS_H

#include "engine/attach/attach_state.h"

/* channel NULL: it asks for a feed's declaration, whose connection counts as a consumer.
 * mcr_attach_check_limits returns 0, or the status of the refusal in *welcome: there are too many
 * consumers, or their user has too much in flight. */
int mcr_attach_check_limits(struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
			    const struct mcr_attach_channel *channel, uint64_t now_ns,
			    struct mcr_welcome *welcome);

/* mcr_attach_find_excess returns the oldest half-open connection of a user that has too many of
 * them, which it loses; NULL: it has not. */
struct mcr_attach_slot *mcr_attach_find_excess(struct mcr_attach_server *s, uint32_t uid);

/* mcr_attach_find_silent returns the half-open connection that makes room when all of them are
 * taken and others wait: of those that have been silent for MCR_ATTACH_PATIENCE_NS, the oldest of
 * the user that has most connections. So a user that connects and stays silent keeps only itself
 * out. NULL: each may still be about to say hello. */
struct mcr_attach_slot *mcr_attach_find_silent(struct mcr_attach_server *s, uint64_t now_ns);

#endif
