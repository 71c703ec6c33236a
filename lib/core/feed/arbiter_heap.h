/* SPDX-License-Identifier: BSD-3-Clause */
/* The streams that have a hole, in a heap by the time at which it is given up. */
#ifndef MCR_CORE_FEED_ARBITER_HEAP_H
#define MCR_CORE_FEED_ARBITER_HEAP_H

#include "core/feed/arbiter_state.h"

/* mcr_heap_set: stream key is to be looked at at due_ns; it may have another time already. */
void mcr_heap_set(struct mcr_arbiter *a, uint32_t key, uint64_t due_ns);
void mcr_heap_remove(struct mcr_arbiter *a, uint32_t key); /* if it is there */

/* mcr_heap_all: all are to be looked at now, as a line went down. */
void mcr_heap_all(struct mcr_arbiter *a);

#endif
