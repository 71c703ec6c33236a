/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's channels; mcring/engine.h has the others of channels.c. Thread: control. */
#ifndef MCR_ENGINE_CHANNELS_H
#define MCR_ENGINE_CHANNELS_H

#include <stdint.h>

#include <mcring/engine.h>

/* mcr_engine_program_put is mcr_engine_channel_put for the channel that was made for a program of
 * this id (struct mcr_attach_programs). Errors: those, and -ESRCH (nobody waits for it). */
int mcr_engine_program_put(struct mcr_engine *e, uint64_t id, struct mcr_channel *channel,
			   struct mcr_error *err);

#endif
