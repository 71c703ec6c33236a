/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "engine/control/control_command.h"

static int update(struct mcr_control_reply *reply, const struct mcr_control_source *src,
		  const struct mcr_join_list *remove, const struct mcr_join_list *add)
{
	struct mcr_error err = {"failed"};

	if (mcr_engine_update_as(src->engine, MCR_JOINED_BY_OPERATOR, remove->items, remove->n,
				 add->items, add->n, &err) < 0)
		return mcr_control_reply_refuse(reply, err.text);
	return mcr_control_reply_joins(reply, remove->n + add->n);
}

static int stats(struct mcr_control_reply *reply, const struct mcr_control_source *src,
		 size_t groups)
{
	int ret = mcr_control_reply_begin(reply, src, mcr_control_stats);

	if (ret < 0 || groups == MCR_CONTROL_ALL_GROUPS)
		return ret;
	return mcr_control_reply_choose_groups(reply, src, groups);
}

static int open_filter(struct mcr_control_reply *reply, const struct mcr_control_source *src,
		       const struct mcr_control_request *request)
{
	const char *interface = request->interface[0] ? request->interface : NULL;
	struct mcr_error err = {"failed"};

	if (mcr_engine_open_filter(src->engine, interface, request->seconds, &err) < 0)
		return mcr_control_reply_refuse(reply, err.text);
	return mcr_control_reply_seconds(reply, request->seconds);
}

int mcr_control_command_run(struct mcr_control_reply *reply, const struct mcr_control_source *src,
			    const struct mcr_control_request *request)
{
	static const struct mcr_join_list none;

	switch (request->command) {
	case MCR_CONTROL_STATUS:
		return mcr_control_reply_begin(reply, src, mcr_control_status);
	case MCR_CONTROL_GROUPS:
		return mcr_control_reply_begin(reply, src, mcr_control_groups);
	case MCR_CONTROL_STATS:
		return stats(reply, src, request->groups);
	case MCR_CONTROL_SOCKETS:
		return mcr_control_reply_begin(reply, src, mcr_control_sockets);
	case MCR_CONTROL_FEEDS:
		return mcr_control_reply_begin(reply, src, mcr_control_feeds);
	case MCR_CONTROL_MEMBERS:
		return mcr_control_reply_begin(reply, src, mcr_control_members);
	case MCR_CONTROL_ROUTES:
		return mcr_control_reply_routes(reply, src);
	case MCR_CONTROL_WHY:
		return mcr_control_reply_why(reply, src, &request->why);
	case MCR_CONTROL_JOIN:
		return update(reply, src, &none, &request->joins);
	case MCR_CONTROL_LEAVE:
		return update(reply, src, &request->joins, &none);
	case MCR_CONTROL_OPEN_FILTER:
		return open_filter(reply, src, request);
	case MCR_CONTROL_RELOAD:
	case MCR_CONTROL_COMMANDS:
		break;
	}
	return -EINVAL;
}
