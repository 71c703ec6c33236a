/* SPDX-License-Identifier: BSD-3-Clause */
/* Joins that consumers make themselves. */
#ifndef MCR_ENGINE_ATTACH_JOIN_H
#define MCR_ENGINE_ATTACH_JOIN_H

#include "engine/attach/attach_state.h"

/* mcr_attach_on_request answers a request of an attached consumer. Returns 0, or -EBADMSG: cut it
 * off. */
int mcr_attach_on_request(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
			  const struct mcr_request *request);

/* mcr_attach_leave_ended leaves what consumers that are gone had joined, all as one change. */
void mcr_attach_leave_ended(struct mcr_attach_server *s);

#endif
