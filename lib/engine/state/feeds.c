/* SPDX-License-Identifier: BSD-3-Clause */
/* The feeds that the engine declares. */
#include <errno.h>

#include "core/feed/feed_config.h"
#include "core/sized.h"
#include "engine/attach/attach_server.h"
#include "engine/state/state.h"

int mcr_engine_feeds_keep(struct mcr_engine *e, const struct mcr_feeds *feeds,
			  struct mcr_error *err)
{
	return mcr_attach_server_keep_feeds(e->attach, feeds, err);
}

void mcr_engine_feeds_put(struct mcr_engine *e, struct mcr_feeds *feeds)
{
	char name[MCR_NAME_MAX];

	mcr_feed_engine_name(name, e->config.run_dir);
	mcr_attach_server_put_feeds(e->attach, feeds, name);
}

int mcr_engine_feed_info(const struct mcr_engine *e, size_t i, struct mcr_feed_info *out)
{
	struct mcr_feed_info info;
	int ret = mcr_attach_server_feed_info(e->attach, i, &info);

	return ret < 0 ? ret : mcr_sized_give(out, &info, sizeof(info));
}
