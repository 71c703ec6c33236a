/* SPDX-License-Identifier: BSD-3-Clause */
/* The channels that consumers can attach to. attach_server.h has what the engine calls. */
#ifndef MCR_ENGINE_ATTACH_CHANNELS_H
#define MCR_ENGINE_ATTACH_CHANNELS_H

#include "engine/attach/attach_state.h"

/* mcr_attach_find_channel returns NULL when there is none of that name. */
struct mcr_attach_channel *mcr_attach_find_channel(const struct mcr_attach_server *s,
						   const char *name);

/* mcr_attach_programs_of returns how many programs have, or wait for, a channel made of a template.
 */
unsigned mcr_attach_programs_of(const struct mcr_attach_server *s,
				const struct mcr_attach_channel *template);

#endif
