/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's channels; mcring/engine.h has the others of channels.c. Thread: control. */
#ifndef MCR_ENGINE_CHANNELS_H
#define MCR_ENGINE_CHANNELS_H

#include <stdint.h>

#include <mcring/engine.h>

struct mcr_channel;

/* mcr_engine_channel_make makes a channel for mcr_engine_channel_put, or for mcr_channel_destroy.
 * It takes time, as mcr_engine_channel_add does, whose errors it has. */
int mcr_engine_channel_make(struct mcr_engine *e, const struct mcr_channel_config *config,
			    struct mcr_channel **out, struct mcr_error *err);

/* mcr_engine_program_put is mcr_engine_channel_put for the channel that was made for a program of
 * this id (struct mcr_attach_programs). Errors: those, and -ESRCH (nobody waits for it). */
int mcr_engine_program_put(struct mcr_engine *e, uint64_t id, struct mcr_channel *channel,
			   struct mcr_error *err);

#endif
