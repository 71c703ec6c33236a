/* SPDX-License-Identifier: BSD-3-Clause */
/* A cursor is a consumer that reads what another one has mapped. It shares nothing with it that the
 * other's thread writes, but for the words of share.h. */
#include <errno.h>

#include "client/state.h"
#include "core/error.h"

/* The counts of the cursor that had the seat before go on, if they are of this channel, so that the
 * sum does not shrink. */
static struct mcr_client_counts counted(const struct mcr_client_seat *seat, uint64_t epoch)
{
	const struct mcr_consumer_page *page = &seat->page;

	if (seat->epoch != epoch)
		return (struct mcr_client_counts){0};
	return (struct mcr_client_counts){0 - page->received, 0 - page->lost, 0 - page->stale,
					  0 - page->skipped};
}

/* A cursor at a place in its consumer's map that is still to be found. */
static struct mcr_consumer *make(struct mcr_consumer *c, const struct mcr_consumer_opts *opts)
{
	struct mcr_client_seat *seat = mcr_client_seat_take(c->share);
	struct mcr_consumer *cursor;

	if (!seat)
		return NULL;
	cursor = mcr_client_new(opts, c->share);
	if (!cursor) {
		mcr_client_give_back(&seat->lasting);
		return NULL;
	}
	cursor->seat = seat;
	cursor->before = counted(seat, c->rings[0].reader.epoch);
	cursor->fd = -EINVAL;
	/* Not the last one: the consumer is there. */
	__atomic_add_fetch(&c->map->users, 1, __ATOMIC_RELAXED);
	cursor->map = c->map;
	cursor->attachment = c->map->mapped;
	cursor->attachment.page = &seat->page;
	return cursor;
}

int mcr_consumer_cursor(struct mcr_consumer **out, struct mcr_consumer *c,
			const struct mcr_consumer_opts *user_opts, struct mcr_error *err)
{
	struct mcr_consumer_opts opts;
	struct mcr_consumer *cursor;
	int ret = mcr_client_refuse_cursor(c, err);

	if (ret == 0 && !c->map)
		ret = mcr_error_set(err, -EPIPE, "the consumer of this cursor has no engine yet");
	if (ret == 0)
		ret = mcr_client_take_opts(&opts, user_opts, err);
	if (ret < 0)
		return ret;
	cursor = make(c, &opts);
	if (!cursor)
		return mcr_error_set(err, -ENOMEM, "cursor: no memory");
	ret = mcr_client_stand(cursor, &opts, err);
	if (ret == 0)
		ret = mcr_client_select_set(&cursor->select, opts.groups, opts.n_groups, opts.ids,
					    opts.n_ids, err);
	if (ret < 0) {
		mcr_consumer_close(cursor);
		return ret;
	}
	mcr_client_begin(cursor);
	c->has_cursors = 1;
	*out = cursor;
	return 0;
}
