/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine keeps of its relay: routes.c changes it, upstream.c tells the network of it,
 * relay_views.c shows it to the rx lcores, info_routes.c to users. This header has the struct
 * alone. Thread: control. */
#ifndef MCR_ENGINE_STATE_RELAY_H
#define MCR_ENGINE_STATE_RELAY_H

#include <stdint.h>

#include <rte_mempool.h>

#include "core/gmp/gmp.h"
#include "core/route/loop_guard.h"
#include "core/route/route_set.h"

struct mcr_route_listing;

/* Lines of the log that come once a minute at most. */
struct mcr_relay_logged {
	uint64_t memory_due_ns; /* of the next line that there is no memory */
	uint64_t idle_due_ns;   /* of the next look for one that an interface forwards nothing to
				 * its members */
	uint64_t idle[2];       /* for which it was logged: bit per interface, by family */
	uint64_t loops;         /* the same: that packets came back */
};

struct mcr_relay {
	struct mcr_route_set *routes;
	struct mcr_loop_guard *guard; /* NULL: loop_guard is off everywhere */
	struct rte_mempool *pool;     /* of copies */
	uint64_t interfaces;          /* that have a role: bit per interface */
	uint64_t seed;                /* of hashes */
	unsigned upstream;            /* or MCR_ROUTE_NO_INTERFACE */

	uint64_t forwarding[2]; /* by family: where packets may go, as published */
	uint8_t is_due;         /* there are routes that are not published yet */
	uint8_t is_lossy;       /* groups may not have been noted: all are to be noted again */
	uint64_t publish_at_ns; /* not before */

	struct mcr_route_listing *listing;
	struct mcr_relay_logged logged;
};

#endif
