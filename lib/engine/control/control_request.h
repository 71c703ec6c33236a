/* SPDX-License-Identifier: BSD-3-Clause */
/* A request on the control socket: one line of JSON, which control_server.h shows. */
#ifndef MCR_ENGINE_CONTROL_REQUEST_H
#define MCR_ENGINE_CONTROL_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/engine.h>

#include "engine/why/why_query.h"

#define MCR_CONTROL_ALL_GROUPS SIZE_MAX

enum mcr_control_command {
	MCR_CONTROL_STATUS,
	MCR_CONTROL_GROUPS,
	MCR_CONTROL_STATS,
	MCR_CONTROL_SOCKETS,
	MCR_CONTROL_FEEDS,
	MCR_CONTROL_MEMBERS,
	MCR_CONTROL_ROUTES,
	MCR_CONTROL_JOIN,
	MCR_CONTROL_LEAVE,
	MCR_CONTROL_RELOAD,
	MCR_CONTROL_WHY,
	MCR_CONTROL_OPEN_FILTER,
	MCR_CONTROL_COMMANDS,
};

struct mcr_control_request {
	enum mcr_control_command command;
	size_t groups;              /* of stats: at most so many; MCR_CONTROL_ALL_GROUPS */
	struct mcr_join_list joins; /* of join and leave, at least one */
	int dry_run;                /* of reload */
	struct mcr_why_query why;
	unsigned seconds;             /* of open_filter, as far as the engine takes them */
	char interface[MCR_NAME_MAX]; /* of open_filter; "" = all */
};

/* mcr_control_request_parse understands all of a request (len octets) or refuses it: if it passed
 * over "dryrun" or "dry_run":"true", it would reload. changes_at: not NULL = only commands that
 * change nothing are taken, and the error of others says that they are taken there. Returns 0, or
 * -errno with err filled. Clear it in either case. */
int mcr_control_request_parse(struct mcr_control_request *out, const char *text, size_t len,
			      const char *changes_at, struct mcr_error *err);

void mcr_control_request_clear(struct mcr_control_request *request);

#endif
