/* SPDX-License-Identifier: BSD-3-Clause */
/* The attach protocol, the engine's side (core/attach_wire.h). */
#ifndef MCR_ENGINE_ATTACH_SESSION_H
#define MCR_ENGINE_ATTACH_SESSION_H

#include "engine/attach/attach_state.h"

/* Something arrived on a connection, or it ended. The slot may be free afterwards. */
void mcr_attach_on_hello(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			 uint64_t now_ns);
void mcr_attach_on_attached(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			    uint64_t now_ns);

#endif
