/* SPDX-License-Identifier: BSD-3-Clause */
/* Held packets. They stay in the ring while there is room before the writer, and are copied when
 * less than half of it is left, or before the reader sleeps. */
#include <errno.h>
#include <stdlib.h>

#include "feed/state.h"

struct move {
	struct mcr_feed *feed;
	const struct mcr_feed_reader *reader; /* of this ring; NULL = of any */
	uint64_t before;                      /* a seq: those of the ring from it on stay */
	int is_full;
};

static int move(void *ctx, struct mcr_msg *msg, unsigned line, uint64_t *held)
{
	struct move *it = ctx;
	struct mcr_feed *f = it->feed;
	struct mcr_feed_source *s;
	uint64_t handle;
	uint8_t *to;

	if (*held != 0) /* it is there; so is what was inserted, which is of no line */
		return MCR_ARBITER_ON;
	s = f->of_line[line];
	if (it->reader && (it->reader->source != s || it->reader->ring != msg->pos.ring ||
			   msg->pos.seq >= it->before))
		return MCR_ARBITER_ON;
	to = mcr_feed_arena_take(&f->arena, msg->len, &handle);
	if (!to) {
		it->is_full = 1;
		return MCR_ARBITER_STOP;
	}
	if (!s->c || mcr_consumer_read(s->c, msg, to, msg->len) < 0) {
		mcr_feed_arena_give(&f->arena, handle);
		f->held_lost++;
		return MCR_ARBITER_DROP;
	}
	msg->data = to;
	*held = handle;
	f->held_copied++;
	return MCR_ARBITER_ON;
}

static int move_all(struct mcr_feed *f, uint32_t lines, struct move *it)
{
	mcr_arbiter_held(f->arbiter, lines, move, it);
	/* What is handed out for it makes room; the rest is moved when there is some. */
	if (it->is_full)
		mcr_arbiter_crowded(f->arbiter);
	return it->is_full ? -ENOSPC : 0;
}

void mcr_feed_hold_ring(struct mcr_feed *f, struct mcr_feed_reader *r)
{
	uint64_t left, next;

	if (r->count == 0 || r->unlooked < r->room / 8)
		return;
	r->unlooked = 0;
	left = mcr_consumer_headroom(r->c);
	next = r->batch[r->count - 1].pos.seq + 1;
	if (left > r->room)
		r->room = left;
	if (next + r->room / 2 > left)
		move_all(f, r->source->lines, &(struct move){f, r, next + r->room / 2 - left, 0});
}

int mcr_feed_hold_lines(struct mcr_feed *f, uint32_t lines)
{
	return move_all(f, lines, &(struct move){.feed = f});
}

static void forget(void *ctx, uint64_t held)
{
	struct mcr_feed *f = ctx;

	f->forgotten[f->n_forgotten++] = held;
}

void mcr_feed_give_forgotten(struct mcr_feed *f)
{
	while (f->n_forgotten > 0)
		mcr_feed_arena_give(&f->arena, f->forgotten[--f->n_forgotten]);
}

int mcr_feed_hold_create(struct mcr_feed *f)
{
	int ret =
	    mcr_feed_arena_create(&f->arena, f->opts.arena_bytes ? f->opts.arena_bytes : 4u << 20);

	if (ret < 0)
		return ret;
	/* Each block of the arena is forgotten at most once between two polls. */
	f->forgotten = calloc(f->arena.n_units, sizeof(*f->forgotten));
	mcr_arbiter_on_forget(f->arbiter, forget, f);
	return f->forgotten ? 0 : -ENOMEM;
}
