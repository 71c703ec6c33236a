/* SPDX-License-Identifier: BSD-3-Clause */
/* What an attached consumer may ask: joins, and what the engine's interfaces are; or say: what
 * sockets it has. */
#ifndef MCR_ENGINE_ATTACH_REQUEST_H
#define MCR_ENGINE_ATTACH_REQUEST_H

#include "engine/attach/attach_state.h"

/* mcr_attach_on_request answers a request of an attached consumer. Returns 0, or -EBADMSG: cut it
 * off. */
int mcr_attach_on_request(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			  const struct mcr_request *request, uint64_t now_ns);

#endif
