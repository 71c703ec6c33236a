/* SPDX-License-Identifier: BSD-3-Clause */
/* A feed that a program brings itself: it joins what its lines receive. Where the channel has no
 * joiners, whoever runs the engine makes the joins. */
#include <errno.h>

#include <mcring/join.h>

#include "feed/state.h"

int mcr_feed_join(struct mcr_feed_source *s, struct mcr_error *err)
{
	const struct mcr_feed_config *config = &s->feed->config;
	char text[256];
	int ret = 0;

	for (unsigned i = 0; i < config->n_lines; i++) {
		const struct mcr_feed_line_config *line = &config->lines[i];

		for (size_t n = 0; (s->lines >> i & 1) && n < line->n_flows; n++) {
			const struct mcr_feed_flow *flow = &line->flows[n];
			struct mcr_join join = {.group = flow->group, .port = flow->port};

			memcpy(join.interface, flow->interface, sizeof(join.interface));
			if (!mcr_address_is_none(flow->source)) {
				join.mode = MCR_FILTER_INCLUDE;
				join.sources = &flow->source;
				join.n_sources = 1;
			}
			mcr_join_format(text, sizeof(text), &join);
			ret = mcr_consumer_join(s->c, text, err);
			if (ret < 0)
				return ret == -EACCES ? 0 : ret;
		}
	}
	return 0;
}
