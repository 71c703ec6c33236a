/* SPDX-License-Identifier: BSD-3-Clause */
/* Channels that are made for one program each, of a template: a channel with per_program. The
 * engine fills the memory beside the control thread, so the client waits for its welcome. It has
 * said all that it may: if it says more, or hangs up, it is cut off. attach_server.h has what the
 * engine calls. */
#ifndef MCR_ENGINE_ATTACH_PROGRAM_H
#define MCR_ENGINE_ATTACH_PROGRAM_H

#include "engine/attach/attach_state.h"

/* mcr_attach_make_program has a half-open connection wait for a channel of its own. Else the slot
 * is half open still, and *welcome is the refusal, which the caller sends. */
void mcr_attach_make_program(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			     struct mcr_attach_channel *template, const char *label,
			     uint64_t now_ns, struct mcr_welcome *welcome);

/* Something arrived on a connection that waits, or it ended. */
void mcr_attach_on_waiting(struct mcr_attach_server *s, struct mcr_attach_slot *slot);

/* mcr_attach_end_waiting refuses those that have waited for MCR_ATTACH_WAIT_NS. */
void mcr_attach_end_waiting(struct mcr_attach_server *s, uint64_t now_ns);

/* mcr_attach_end_programs has the engine remove the channels of programs that ended. */
void mcr_attach_end_programs(struct mcr_attach_server *s);

#endif
