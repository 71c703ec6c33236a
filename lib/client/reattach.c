/* SPDX-License-Identifier: BSD-3-Clause */
/* After a restart of the engine the consumer goes on in the rings of the new one. */
#include <errno.h>

#include "client/state.h"
#include "core/error.h"

/* The time up to which everything that arrived was published and polled, in the ring where that
 * time is earliest. */
static uint64_t known_until(const struct mcr_consumer *c)
{
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < c->n_rings; i++) {
		uint64_t until = mcr_client_until(&c->rings[i]);

		least = until < least ? until : least;
	}
	return least;
}

/* The time from which everything that arrives is in the new rings; 0 while one has not begun. */
static uint64_t known_from(const struct mcr_consumer *c)
{
	uint64_t latest = 0;

	for (unsigned i = 0; i < c->n_rings; i++) {
		uint64_t from = mcr_ring_reader_started(&c->rings[i].reader);

		if (from == 0)
			return 0;
		latest = from > latest ? from : latest;
	}
	return latest;
}

int mcr_client_fill_restart(struct mcr_consumer *c, struct mcr_msg *m)
{
	uint64_t from_ns = known_from(c);

	if (from_ns == 0)
		return 0;
	*m = (struct mcr_msg){
	    .kind = MCR_RESTART,
	    .pos = {.epoch = c->rings[0].reader.epoch, .ring = c->first},
	    .rx_ns = from_ns,
	    .since_ns = c->since_ns < from_ns ? c->since_ns : from_ns,
	};
	c->restarted = 0;
	return 1;
}

/* Another life of the channel. A gap that was not reported yet only grows. */
static void begin_epoch(struct mcr_consumer *c, const struct mcr_consumer *old)
{
	for (unsigned i = 0; i < c->n_rings; i++) {
		struct mcr_client_ring *ring = &c->rings[i];

		/* Its start: poll reports what is gone of it as lost. */
		mcr_ring_reader_go(&ring->reader, (struct mcr_ring_mark){0, 0});
		ring->done = mcr_client_next(ring);
	}
	if (!old->restarted)
		c->since_ns = known_until(old);
	c->restarted = 1;
	c->before = c->counts;
}

/* It is the same engine, which was stopped or starved: nothing was missed. */
static void resume_epoch(struct mcr_consumer *c, struct mcr_consumer *old)
{
	for (unsigned i = 0; i < c->n_rings; i++) {
		const struct mcr_client_ring fresh = c->rings[i];

		c->rings[i] = old->rings[i];
		c->rings[i].reader.header = fresh.reader.header;
		c->rings[i].reader.data = fresh.reader.data;
		old->rings[i].ahead = fresh.ahead; /* to be freed with the old ones */
	}
}

static int same_life(const struct mcr_consumer *a, const struct mcr_consumer *b)
{
	int same = a->n_rings == b->n_rings;

	for (unsigned i = 0; same && i < a->n_rings; i++) {
		const struct mcr_ring_reader *x = &a->rings[i].reader, *y = &b->rings[i].reader;

		same = x->epoch == y->epoch && x->bytes == y->bytes;
	}
	return same;
}

/* Goes on with an engine that has answered or, a cursor, in the map to which its consumer went. It
 * owns the attachment, or its place in the map, in any case. */
static int go_on(struct mcr_consumer *c, const struct mcr_attachment *attachment,
		 struct mcr_client_map *map, struct mcr_error *err)
{
	struct mcr_consumer next = *c, old = *c;
	int ret;

	if (old.map)
		next.opts.start = MCR_START_NEWEST;
	next.rings = NULL;
	next.attachment = *attachment;
	next.map = map;
	ret = mcr_client_stand(&next, &next.opts, err);
	if (ret < 0) {
		mcr_client_disconnect(&next);
		return ret;
	}
	if (same_life(&next, &old))
		resume_epoch(&next, &old);
	else if (old.map)
		begin_epoch(&next, &old);
	next.opts = old.opts;
	next.turn = 0;
	next.armed = 0;
	next.blocked_ns = 0;
	next.ask_end_ns = 0;
	*c = next;
	mcr_client_begin(c);
	if (!c->seat) /* before cursors learn that the old map is over */
		__atomic_store_n(&c->share->now, c->map, __ATOMIC_RELEASE);
	mcr_client_disconnect(&old);
	return 0;
}

/* A cursor goes where its consumer is. */
static int follow(struct mcr_consumer *cursor, struct mcr_error *err)
{
	struct mcr_client_map *map = mcr_client_map_enter(cursor->share);
	struct mcr_attachment attachment;
	int ret = -EAGAIN;

	if (map && !mcr_client_map_is_over(map)) {
		attachment = map->mapped;
		attachment.page = &cursor->seat->page;
		if (map != cursor->map)
			return go_on(cursor, &attachment, map, err);
		ret = 0;
	}
	if (map)
		mcr_client_map_leave(map);
	else if (!__atomic_load_n(&cursor->share->now, __ATOMIC_RELAXED))
		return mcr_error_set(err, -EPIPE, "the consumer of this cursor was closed");
	return ret == 0 ? 0 : mcr_error_set(err, ret, "the consumer of this cursor has no engine");
}

int mcr_consumer_reattach(struct mcr_consumer *c, struct mcr_error *err)
{
	struct mcr_attachment attachment;
	int ret;

	if (c->seat)
		return follow(c, err);
	if (c->target.path[0] == '\0')
		return mcr_error_set(err, -EINVAL,
				     "a consumer that was opened from a descriptor has no run "
				     "directory to reattach in: open another");
	ret = mcr_client_seek_next(c, &attachment, err);
	if (ret < 0)
		return ret;
	ret = go_on(c, &attachment, NULL, err);
	if (ret < 0)
		mcr_client_retry_next(c);
	else
		mcr_client_end_next(c);
	return ret;
}
