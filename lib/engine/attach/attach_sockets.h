/* SPDX-License-Identifier: BSD-3-Clause */
/* What programs that were written for sockets say of theirs: text for the operator, which nothing
 * else follows from. attach_server.h has how it is read. */
#ifndef MCR_ENGINE_ATTACH_SOCKETS_H
#define MCR_ENGINE_ATTACH_SOCKETS_H

#include "engine/attach/attach_state.h"

/* mcr_attach_take_sockets keeps a report, cut and cleaned, in place of the one before; without
 * memory it keeps that. text ends with a NUL. */
void mcr_attach_take_sockets(struct mcr_attach_slot *slot, const char *text, uint64_t now_ns);

#endif
