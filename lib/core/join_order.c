/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/join_order.h"

static const char *channel_of(const struct mcr_join *join)
{
	return join->channel[0] ? join->channel : "default";
}

int mcr_join_compare(const struct mcr_join *a, const struct mcr_join *b)
{
	int order = strncmp(a->interface, b->interface, MCR_NAME_MAX);

	if (!order)
		order = strncmp(channel_of(a), channel_of(b), MCR_NAME_MAX);
	if (!order)
		order = memcmp(&a->group, &b->group, sizeof(a->group));
	if (!order)
		order = (int)a->port - (int)b->port;
	if (!order)
		order = (a->id > b->id) - (a->id < b->id);
	if (!order)
		order = (int)a->mode - (int)b->mode;
	if (!order)
		order = (a->n_sources > b->n_sources) - (a->n_sources < b->n_sources);
	if (!order && a->n_sources > 0)
		order = memcmp(a->sources, b->sources, a->n_sources * sizeof(*a->sources));
	return order;
}

int mcr_join_equal(const struct mcr_join *a, const struct mcr_join *b)
{
	return mcr_join_compare(a, b) == 0;
}
