/* SPDX-License-Identifier: BSD-3-Clause */
/* The share of this host: what `shard` makes of the settings. The joins of a feed's groups go by
 * the feed's name, so that the lines of a feed stay together; those of other groups go by the
 * group, whatever its ports and sources. A group of several feeds is wherever one of them is.
 * Thread: any. */
#ifndef MCR_APP_SHARE_H
#define MCR_APP_SHARE_H

#include "core/shard.h"
#include "settings/settings.h"

struct mcr_share_count {
	size_t feeds;
	size_t groups; /* that no feed has */
	size_t joins;
};

struct mcr_share {
	struct mcr_shard shard;
	unsigned me; /* which of its hosts */
	struct mcr_share_count whole, hosts[MCR_SHARD_HOSTS_MAX];
	struct mcr_join_list elsewhere; /* the joins that are only other hosts' */
};

/* mcr_share_create checks what was given, before defaults are filled in. *out NULL: nothing was, or
 * s takes all.
 * It asks the system for the host's name if `me` is not given. Returns 0, -EINVAL with err, which
 * begins with the origin, or -ENOMEM. */
int mcr_share_create(struct mcr_share **out, const struct mcr_settings *s, struct mcr_error *err);

/* mcr_share_destroy frees a share. NULL is allowed. */
void mcr_share_destroy(struct mcr_share *share);

/* mcr_share_take moves the joins of s that are not this host's to s->share, and counts.
 * s->share NULL: all are. Returns 0 or -ENOMEM. */
int mcr_share_take(struct mcr_settings *s);

/* mcr_share_has: whether a set of owners has this host. */
static inline int mcr_share_has(const struct mcr_share *share, uint64_t owners)
{
	return (int)(owners >> share->me & 1);
}

#endif
