/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>

#include "core/sized.h"
#include "feed/state.h"

int mcr_feed_key_info(const struct mcr_feed *f, uint32_t key, struct mcr_feed_key *out)
{
	const struct mcr_feed_declaration *d = &f->config.numbering;
	struct mcr_feed_key it = {.size = sizeof(it)};
	uint64_t scope[2];
	uint32_t number;
	int ret = mcr_arbiter_key_info(f->arbiter, key, &it), len;

	if (ret < 0)
		return ret;
	memcpy(scope, it.scope, sizeof(scope));
	number = (uint32_t)(scope[1] >> 32);
	if (d->scope_is_group || d->scope_is_source)
		scope[1] &= UINT32_MAX; /* above it is what lib/feed put there */
	mcr_feed_key_text(d, scope, it.epoch, it.text, sizeof(it.text));
	if ((d->scope_is_group || d->scope_is_source) && number < f->config.lines[0].n_flows) {
		const struct mcr_feed_flow *flow = &f->config.lines[0].flows[number];
		char group[MCR_ADDRESS_TEXT];

		len = (int)strlen(it.text);
		snprintf(it.text + len, sizeof(it.text) - (size_t)len, "%sgroup=%s",
			 len > 0 ? " " : "", mcr_address_format(group, flow->group));
		len = (int)strlen(it.text);
		if (flow->port != 0)
			snprintf(it.text + len, sizeof(it.text) - (size_t)len, " port=%u",
				 flow->port);
	}
	return mcr_sized_give(out, &it, sizeof(it));
}

int mcr_feed_line_info(const struct mcr_feed *f, uint32_t line, struct mcr_feed_line *out)
{
	struct mcr_feed_line it = {.size = sizeof(it)};
	int ret;

	if (line >= f->config.n_lines)
		return -ENOENT;
	ret = mcr_arbiter_line_info(f->arbiter, line, &it);
	if (ret < 0)
		return ret;
	it.line = line;
	memset(it.name, 0, sizeof(it.name));
	memcpy(it.name, f->config.lines[line].name, sizeof(f->config.lines[line].name));
	return mcr_sized_give(out, &it, sizeof(it));
}

int mcr_feed_stats_info(const struct mcr_feed *f, struct mcr_feed_stats *out)
{
	struct mcr_feed_stats it = {.size = sizeof(it)};

	mcr_arbiter_stats(f->arbiter, &it);
	it.size = sizeof(it);
	it.lines = f->config.n_lines;
	it.keys_refused += f->refused;
	it.held_copied = f->held_copied;
	it.held_lost = f->held_lost;
	it.time_ns = f->time_ns;
	it.digest = f->digest;
	return mcr_sized_give(out, &it, sizeof(it));
}

const char *mcr_feed_config_text(const struct mcr_feed *f)
{
	return f->text;
}
