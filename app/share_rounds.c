/* SPDX-License-Identifier: BSD-3-Clause */
#include "share_rounds.h"

#include <stdio.h>
#include <time.h>

#include "settings/share.h"

#define AGAIN_NS UINT64_C(1000000000)

static uint64_t now_on(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

uint64_t mcr_share_now_ns(void)
{
	return now_on(CLOCK_MONOTONIC);
}

void mcr_share_show(struct mcr_engine *e, const struct mcr_settings *s,
		    const struct mcr_overlap *overlap)
{
	const struct mcr_share *share = s->share;
	const uint64_t next_ns = mcr_overlap_next(overlap);
	struct mcr_shard_info info = {.size = sizeof(info)};

	if (!share) {
		mcr_engine_shard_put(e, NULL);
		return;
	}
	snprintf(info.me, sizeof(info.me), "%s", share->shard.hosts[share->me].name);
	info.hosts = share->shard.n;
	info.copies = share->shard.copies;
	info.digest = mcr_shard_digest(&share->shard);
	info.joins = share->hosts[share->me].joins;
	info.joins_of_all = share->whole.joins;
	info.leaving = mcr_overlap_joins(overlap);
	if (next_ns != UINT64_MAX)
		info.leave_ns = now_on(CLOCK_REALTIME) + next_ns - mcr_share_now_ns();
	mcr_engine_shard_put(e, &info);
}

void mcr_share_round(struct mcr_engine *e, const struct mcr_settings *s,
		     struct mcr_overlap *overlap, struct mcr_log *log)
{
	const uint64_t now_ns = overlap->n > 0 ? mcr_share_now_ns() : 0;
	struct mcr_error err;
	size_t left;

	if (mcr_overlap_next(overlap) > now_ns)
		return;
	if (mcr_overlap_leave(overlap, e, now_ns, now_ns + AGAIN_NS, &left, &err) < 0)
		mcr_log_line(log, MCR_LOG_ERROR,
			     "shard: joins of other hosts could not be left, and will be tried "
			     "again: %s",
			     err.text);
	if (left > 0)
		mcr_log_line(log, MCR_LOG_INFO, "shard: left %zu join%s, which other hosts have",
			     left, left == 1 ? "" : "s");
	mcr_share_show(e, s, overlap);
}
