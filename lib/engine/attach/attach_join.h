/* SPDX-License-Identifier: BSD-3-Clause */
/* Joins that consumers make themselves. */
#ifndef MCR_ENGINE_ATTACH_JOIN_H
#define MCR_ENGINE_ATTACH_JOIN_H

#include "engine/attach/attach_state.h"

/* mcr_attach_join makes the change that a request asks for. Returns 0, or -errno with err filled.
 */
int mcr_attach_join(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
		    const struct mcr_request *request, struct mcr_error *err);

/* mcr_attach_leave_ended leaves what consumers that are gone had joined, all as one change. */
void mcr_attach_leave_ended(struct mcr_attach_server *s);

#endif
