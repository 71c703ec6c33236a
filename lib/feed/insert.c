/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program got back by itself: messages that were sent again, or a snapshot. */
#include <errno.h>

#include "feed/state.h"

uint64_t mcr_feed_wire(const struct mcr_feed *f, uint64_t seq)
{
	return mcr_arbiter_wire(f->arbiter, seq);
}

int mcr_feed_insert(struct mcr_feed *f, uint32_t key, uint64_t seq, uint32_t count,
		    const void *data, size_t len)
{
	struct mcr_msg msg = {.len = (uint32_t)len, .rx_ns = f->time_ns};
	uint64_t handle;
	uint8_t *to;
	int ret;

	if (!data || count == 0 || len > UINT16_MAX || f->opts.order == MCR_FEED_AS_THEY_COME)
		return -EINVAL;
	mcr_feed_give_forgotten(f);
	to = mcr_feed_arena_take(&f->arena, len, &handle);
	if (!to)
		return -ENOSPC;
	memcpy(to, data, len);
	msg.data = to;
	ret = mcr_arbiter_insert(f->arbiter, key, seq, count, &msg, handle);
	if (ret < 0)
		mcr_feed_arena_give(&f->arena, handle);
	return ret;
}

int mcr_feed_resume(struct mcr_feed *f, uint32_t key, uint64_t next)
{
	mcr_feed_give_forgotten(f);
	return mcr_arbiter_resume(f->arbiter, key, next);
}
