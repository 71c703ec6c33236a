/* SPDX-License-Identifier: BSD-3-Clause */
/* A channel: a named set of joins, with one ring per rx lcore. Thread: control; the device thread
 * makes it, and releases it when no view has it any more. */
#ifndef MCR_ENGINE_CHANNEL_H
#define MCR_ENGINE_CHANNEL_H

#include <stdint.h>

#include <mcring/engine.h>

#include "core/ring.h"
#include "engine/os/device_thread.h"
#include "engine/plan/channel_config.h"
#include "engine/rings/rings.h"
#include "engine/rx/inline.h"

struct mcr_channel {
	/* Bytes are filled in. Access is as at first: the attach server has it as it is.
	 */
	struct mcr_channel_config config;
	struct mcr_rings rings;
	struct mcr_job job; /* releases it on the device thread */
	struct mcr_ring_writer
	    *writers[MCR_LCORES_MAX]; /* each belongs to its lcore while a view has it */
	struct mcr_inline *handlers[MCR_LCORES_MAX]; /* likewise; NULL = none */
};

/* mcr_channel_create makes a ring on the NUMA node of each lcore, none with per_program. config is
 * checked. May take long,
 * as mcr_region_create does. Errors, with err filled: -ENOMEM, -EMFILE, what pause gives. */
int mcr_channel_create(struct mcr_channel **out, const struct mcr_channel_config *config,
		       const unsigned *lcores, unsigned n_lcores, const struct mcr_pause *pause,
		       struct mcr_error *err);

/* mcr_channel_release gives the rings' memory back, which takes long when there is much of it. No
 * view has its writers any more. */
void mcr_channel_release(struct mcr_channel *channel);

/* mcr_channel_destroy releases the channel and frees the rest. NULL is allowed. */
void mcr_channel_destroy(struct mcr_channel *channel);

#endif
