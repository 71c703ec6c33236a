/* SPDX-License-Identifier: BSD-3-Clause */
/* The rings of a channel: their memory, formatted, for one writer each. Thread: control; the device
 * thread makes them, and releases them when nobody writes them any more. */
#ifndef MCR_ENGINE_RINGS_H
#define MCR_ENGINE_RINGS_H

#include <stdint.h>

#include <mcring/engine.h>

#include "engine/os/region.h"

struct mcr_rings {
	uint64_t epoch; /* random, not 0 */
	unsigned n;
	struct mcr_region regions[MCR_LCORES_MAX];
};

/* mcr_rings_create makes a ring of config->bytes on each of n NUMA nodes (-1: anywhere), n <=
 * MCR_LCORES_MAX. config is checked. May take long, as mcr_region_create does; pause: NULL = none.
 * Errors, with err filled and nothing made: -ENOMEM (of the first before any is made), -EMFILE,
 * what pause gives. */
int mcr_rings_create(struct mcr_rings *rings, const struct mcr_channel_config *config,
		     const int *nodes, unsigned n, const struct mcr_pause *pause,
		     struct mcr_error *err);

/* mcr_rings_release gives the memory back, which takes long when there is much of it. Released or
 * zeroed rings are allowed. */
void mcr_rings_release(struct mcr_rings *rings);

/* mcr_rings_stop shows readers that nothing follows. */
void mcr_rings_stop(struct mcr_rings *rings);

/* mcr_rings_heartbeat shows readers that the engine lives. */
void mcr_rings_heartbeat(struct mcr_rings *rings, uint64_t monotonic_ns);

/* mcr_rings_list writes what the attach server takes: a descriptor and a map of each ring. */
void mcr_rings_list(const struct mcr_rings *rings, int fds[MCR_LCORES_MAX],
		    const void *mems[MCR_LCORES_MAX]);

#endif
