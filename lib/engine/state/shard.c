/* SPDX-License-Identifier: BSD-3-Clause */
/* What the engine's owner says of the joins that several hosts share. */
#include <errno.h>
#include <string.h>

#include "core/sized.h"
#include "engine/state/state.h"

void mcr_engine_shard_put(struct mcr_engine *e, const struct mcr_shard_info *info)
{
	memset(&e->shard, 0, sizeof(e->shard));
	if (info)
		mcr_sized_take(&e->shard, sizeof(e->shard), info);
}

int mcr_engine_shard_info(const struct mcr_engine *e, struct mcr_shard_info *out)
{
	return e->shard.size > 0 ? mcr_sized_give(out, &e->shard, sizeof(e->shard)) : -ENOENT;
}
