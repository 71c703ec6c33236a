/* SPDX-License-Identifier: BSD-3-Clause */
/* What the fake engine declares. */
#include <errno.h>
#include <string.h>

#include "engine/attach/declared_feeds.h"
#include "fake_engine.h"

int mcr_engine_feeds_keep(struct mcr_engine *e, const struct mcr_feeds *feeds,
			  struct mcr_error *err)
{
	e->keeps++;
	return 0;
}

void mcr_engine_feeds_put(struct mcr_engine *e, struct mcr_feeds *feeds)
{
	mcr_feeds_destroy(e->feeds);
	e->feeds = feeds;
}

int mcr_engine_shard_info(const struct mcr_engine *e, struct mcr_shard_info *out)
{
	if (e->shard.size == 0)
		return -ENOENT;
	*out = e->shard;
	return 0;
}

int mcr_engine_feed_info(const struct mcr_engine *e, size_t i, struct mcr_feed_info *out)
{
	const struct mcr_feed_config *config;

	if (!e->feeds || i >= e->feeds->n)
		return -ENOENT;
	config = &e->feeds->feeds[i].config;
	memset(out, 0, sizeof(*out));
	memcpy(out->name, config->name, sizeof(out->name));
	strcpy(out->declaration, config->declaration);
	out->digest = e->feeds->feeds[i].digest;
	out->readers = 2;
	out->old_readers = 1;
	out->n_lines = config->n_lines;
	for (unsigned k = 0; k < config->n_lines; k++) {
		memcpy(out->lines[k].name, config->lines[k].name, sizeof(out->lines[k].name));
		memcpy(out->lines[k].engine, config->lines[k].engine, sizeof(out->lines[k].engine));
		strcpy(out->lines[k].channel, mcr_feed_config_channel(&config->lines[k]));
		out->lines[k].joins = (uint32_t)config->lines[k].n_flows;
		out->lines[k].is_own = k == 0;
	}
	return 0;
}
