/* SPDX-License-Identifier: BSD-3-Clause */
/* A hold is one more user of a map, and of the share that the map is in. */
#include <errno.h>
#include <stdlib.h>

#include "client/state.h"

struct mcr_hold {
	struct mcr_client_share *share;
	struct mcr_client_map *map;
};

int mcr_consumer_hold(struct mcr_hold **out, struct mcr_consumer *c)
{
	struct mcr_hold *hold;

	if (!c->map)
		return -EPIPE;
	hold = malloc(sizeof(*hold));
	if (!hold)
		return -ENOMEM;
	/* Not the last one: c is there. */
	__atomic_add_fetch(&c->share->users, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&c->map->users, 1, __ATOMIC_RELAXED);
	*hold = (struct mcr_hold){c->share, c->map};
	*out = hold;
	return 0;
}

void mcr_hold_release(struct mcr_hold *hold)
{
	if (!hold)
		return;
	mcr_client_map_leave(hold->map);
	mcr_client_share_leave(hold->share);
	free(hold);
}
