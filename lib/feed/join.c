/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed that a program brings itself: it joins what its lines receive. Where the channel has no
 * joiners, whoever runs the engine makes the joins. */
#include <errno.h>

#include <mcring/join.h>

#include "feed/state.h"

static int join_flow(struct mcr_consumer *c, const struct mcr_feed_flow *flow,
		     struct mcr_error *err)
{
	struct mcr_join join = {.group = flow->group, .port = flow->port};
	char text[256];

	memcpy(join.interface, flow->interface, sizeof(join.interface));
	if (!mcr_address_is_none(flow->source)) {
		join.mode = MCR_FILTER_INCLUDE;
		join.sources = &flow->source;
		join.n_sources = 1;
	}
	mcr_join_format(text, sizeof(text), &join);
	return mcr_consumer_join(c, text, err);
}

int mcr_feed_join(struct mcr_feed_source *s, struct mcr_error *err)
{
	const struct mcr_feed_config *config = &s->feed->config;
	int ret = 0;

	for (; s->asked_line < config->n_lines; s->asked_line++, s->asked = 0) {
		const struct mcr_feed_line_config *line = &config->lines[s->asked_line];

		while ((s->lines >> s->asked_line & 1) && s->asked < line->n_flows) {
			ret = join_flow(s->c, &line->flows[s->asked], err);
			if (ret < 0)
				return ret == -EACCES ? 0 : ret;
			s->asked++;
		}
	}
	return 0;
}
