/* SPDX-License-Identifier: BSD-3-Clause */
/* A channel is granted: the client gets a page of its own and the descriptors. */
#ifndef MCR_ENGINE_ATTACH_GRANT_H
#define MCR_ENGINE_ATTACH_GRANT_H

#include "engine/attach/attach_state.h"

/* mcr_attach_grant sends the welcome and makes a half-open connection a consumer. Else the slot is
 * half open still, and *welcome is the refusal, which the caller sends. */
void mcr_attach_grant(struct mcr_attach_server *s, struct mcr_attach_slot *slot,
		      struct mcr_attach_channel *channel, const char *label, uint64_t now_ns,
		      struct mcr_welcome *welcome);

/* mcr_attach_refuse_for_now turns a welcome that could not be made or sent into a refusal. That is
 * the engine's trouble, not the client's. code: -errno. */
void mcr_attach_refuse_for_now(struct mcr_attach_server *s, uint64_t now_ns,
			       struct mcr_welcome *welcome, int code);

#endif
