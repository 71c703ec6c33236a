/* SPDX-License-Identifier: BSD-3-Clause */
/* The packets that an arbiter keeps: in the tree of a stream, or in a run. */
#ifndef MCR_CORE_FEED_ARBITER_NODE_H
#define MCR_CORE_FEED_ARBITER_NODE_H

#include "core/feed/arbiter_state.h"

/* mcr_node_make keeps a packet, which is in no tree and no run yet: numbers [first, end), msg may
 * be NULL, flags: enum mcr_held_flags. MCR_NONE = no room. One kept for a run, or to begin a
 * generation, has room beyond held_max. */
uint32_t mcr_node_make(struct mcr_arbiter *a, uint32_t key, unsigned line,
		       const struct mcr_msg *msg, uint64_t hash, uint64_t first, uint64_t end,
		       unsigned flags);

/* mcr_node_forget: it is in no tree and no run any more. */
void mcr_node_forget(struct mcr_arbiter *a, uint32_t n);

/* mcr_node_spend likewise, but what it holds stays as it is until mcr_node_reclaim. */
void mcr_node_spend(struct mcr_arbiter *a, uint32_t n);
void mcr_node_reclaim(struct mcr_arbiter *a);

#endif
