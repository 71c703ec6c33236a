/* SPDX-License-Identifier: BSD-3-Clause */
/* Channels for one program each: their memory is filled on the device thread, like that of a
 * reload's new channels, one after another. Thread: control. */
#ifndef MCR_ENGINE_PROGRAMS_H
#define MCR_ENGINE_PROGRAMS_H

#include <stdint.h>

#include <mcring/engine.h>

/* As struct mcr_attach_programs wants them; engine: struct mcr_engine. */
int mcr_engine_program_make(void *engine, uint64_t id, const struct mcr_channel_config *config,
			    struct mcr_error *err);
void mcr_engine_program_cancel(void *engine, uint64_t id);
int mcr_engine_program_end(void *engine, const char *channel);

#endif
