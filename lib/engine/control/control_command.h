/* SPDX-License-Identifier: BSD-3-Clause */
/* What each command of the control socket does. */
#ifndef MCR_ENGINE_CONTROL_COMMAND_H
#define MCR_ENGINE_CONTROL_COMMAND_H

#include "engine/control/control_reply.h"
#include "engine/control/control_request.h"

/* mcr_control_command_run carries a request out and begins its answer. A reload is not for it: the
 * application carries that out (control_server.c). Returns 0 or -ENOMEM. */
int mcr_control_command_run(struct mcr_control_reply *reply, const struct mcr_control_source *src,
			    const struct mcr_control_request *request);

#endif
