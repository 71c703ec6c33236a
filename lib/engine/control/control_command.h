/* SPDX-License-Identifier: BSD-3-Clause */
/* Carries out what a client asks for. */
#ifndef MCR_ENGINE_CONTROL_COMMAND_H
#define MCR_ENGINE_CONTROL_COMMAND_H

#include "engine/control/control_reply.h"
#include "engine/control/control_request.h"

/* mcr_control_command_run carries a request out and begins its answer. The server
 * has the application carry out a reload, so that is -EINVAL here. Else returns 0 or -ENOMEM. */
int mcr_control_command_run(struct mcr_control_reply *reply, const struct mcr_control_source *src,
			    const struct mcr_control_request *request);

#endif
