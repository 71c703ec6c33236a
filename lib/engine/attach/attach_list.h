/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client may read. */
#ifndef MCR_ENGINE_ATTACH_LIST_H
#define MCR_ENGINE_ATTACH_LIST_H

#include "engine/attach/attach_state.h"

/* mcr_attach_list sends the client, behind *welcome, the channels and feeds that it may read, and
 * says nothing of the others. Nothing of it is in flight then that counts. Returns 0; -errno: then
 * *welcome is the refusal, which the caller sends. */
int mcr_attach_list(const struct mcr_attach_server *s, const struct mcr_attach_slot *slot,
		    struct mcr_welcome *welcome);

#endif
