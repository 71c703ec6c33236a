/* SPDX-License-Identifier: BSD-3-Clause */
/* A bounded ring of pointers from one thread to one other. What is full takes no more and holds
 * nobody up. The reader may look at what is there before it takes it. C11 atomics: the release of
 * each side pairs with the acquire of the other. */
#ifndef MCR_CORE_HANDOVER_H
#define MCR_CORE_HANDOVER_H

#include <stdint.h>

struct mcr_handover; /* TODO(handover): fields below, for inline functions */

/* mcr_handover_create: room for n pointers, a power of two. Returns 0 or -ENOMEM. Thread: any. */
int mcr_handover_create(struct mcr_handover **out, uint32_t n);

/* mcr_handover_destroy: nobody uses it any more; what is in it is forgotten. NULL is allowed. */
void mcr_handover_destroy(struct mcr_handover *ring);

/* mcr_handover_put puts the first of n pointers in, as many as there is room for. Returns how many.
 * Thread: the writer. */
static inline uint32_t mcr_handover_put(struct mcr_handover *ring, void *const *items, uint32_t n);

/* mcr_handover_look copies the oldest pointers, max at most, and leaves them there. Returns how
 * many. mcr_handover_take removes the n oldest, which were looked at. Thread: the reader. */
static inline uint32_t mcr_handover_look(struct mcr_handover *ring, void **items, uint32_t max);
static inline void mcr_handover_take(struct mcr_handover *ring, uint32_t n);

#endif
