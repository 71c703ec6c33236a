/* SPDX-License-Identifier: BSD-3-Clause */
/* How fast messages go out: so many in a tick (MCR_GMP_TICK_NS), and none in the tick after the
 * port has refused one. */
#ifndef MCR_CORE_GMP_PACE_H
#define MCR_CORE_GMP_PACE_H

#include <stdint.h>

#include "core/gmp/gmp.h"

struct mcr_gmp_pace {
	uint64_t tick_ns;    /* begin of the tick that sent counts */
	uint64_t blocked_ns; /* nothing is sent before */
	uint32_t sent;
};

/* mcr_gmp_pace_allows: whether another message may go out. burst: in a tick. Returns 0 once they
 * are spent, and sets when to go on. */
static inline int mcr_gmp_pace_allows(struct mcr_gmp_pace *pace, uint32_t burst, uint64_t now_ns)
{
	if (now_ns - pace->tick_ns >= MCR_GMP_TICK_NS) {
		pace->tick_ns = now_ns;
		pace->sent = 0;
	}
	if (pace->sent < burst)
		return 1;
	pace->blocked_ns = pace->tick_ns + MCR_GMP_TICK_NS;
	return 0;
}

/* mcr_gmp_pace_refused: the port did not take a message. */
static inline void mcr_gmp_pace_refused(struct mcr_gmp_pace *pace, uint64_t now_ns)
{
	pace->blocked_ns = now_ns + MCR_GMP_TICK_NS;
}

#endif
