/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/sized.h"
#include "feed/state.h"

/* Behind a text. */
static void add(char text[64], const char *format, ...)
{
	const size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, 64 - len, format, args);
	va_end(args);
}

/* A stream of a publisher whom nobody declared: his number is of no use to anybody. */
static void name_publisher(const struct mcr_feed *f, uint32_t number, char text[64])
{
	char address[MCR_ADDRESS_TEXT];
	struct mcr_address source;
	uint32_t flow;

	*strrchr(text, '=') = '\0';
	*(strrchr(text, ' ') ? strrchr(text, ' ') : text) = '\0';
	if (!mcr_feed_publishers_at(&f->publishers, number, &source, &flow))
		return;
	if (f->config.numbering.scope_is_group)
		add(text, "%sflow=%u", text[0] ? " " : "", flow);
	add(text, "%ssource=%s", text[0] ? " " : "", mcr_address_format(address, source));
}

int mcr_feed_key_info(const struct mcr_feed *f, uint32_t key, struct mcr_feed_key *out)
{
	const struct mcr_feed_declaration *d = &f->config.numbering;
	struct mcr_feed_key it = {.size = sizeof(it)};
	uint32_t number;
	int ret = mcr_arbiter_key_info(f->arbiter, key, &it);

	if (ret < 0)
		return ret;
	mcr_feed_key_text(d, it.scope, it.epoch, it.text, sizeof(it.text));
	number = (uint32_t)(it.scope[1] >> 32); /* lib/feed has put it there */
	if (!d->scope_is_group && !d->scope_is_source)
		return mcr_sized_give(out, &it, sizeof(it));
	if (number >= MCR_FEED_FLOWS_MAX) {
		name_publisher(f, number - MCR_FEED_FLOWS_MAX, it.text);
	} else if (number < f->config.lines[0].n_flows) {
		const struct mcr_feed_flow *flow = &f->config.lines[0].flows[number];
		char group[MCR_ADDRESS_TEXT];

		add(it.text, " group=%s", mcr_address_format(group, flow->group));
		if (flow->port != 0)
			add(it.text, " port=%u", flow->port);
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
