/* SPDX-License-Identifier: BSD-3-Clause */
/* Cursors of a consumer of the small engine. */
#ifndef CURSOR_RIG_H
#define CURSOR_RIG_H

#include "small_engine.h"

static const struct mcr_attach_config ATTACH = {.mode = 0600, .gid = UINT32_MAX};
static const struct mcr_channel_config MD = {.name = "md", .bytes = 4096};

static inline struct mcr_consumer *cursor_of(struct mcr_consumer *c, struct mcr_consumer_opts opts)
{
	struct mcr_consumer *cursor = NULL;
	struct mcr_error err = {""};

	if (mcr_consumer_cursor(&cursor, c, &opts, &err) != 0)
		fail_msg("%s", err.text);
	return cursor;
}

static inline struct mcr_consumer *cursor_from(struct mcr_consumer *c, enum mcr_start start)
{
	struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	opts.start = start;
	return cursor_of(c, opts);
}

/* What poll returns next is the message of this seq, whose payload is that number. */
static inline void is_next(struct mcr_consumer *c, uint64_t seq)
{
	struct mcr_msg msg;
	uint64_t payload;

	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 1);
	assert_int_equal(msg.kind, MCR_DATA);
	assert_int_equal(msg.pos.seq, seq);
	assert_int_equal(mcr_consumer_read(c, &msg, &payload, sizeof(payload)), sizeof(payload));
	assert_int_equal(payload, seq);
	assert_int_equal(mcr_consumer_intact(c, &msg), 1);
}

static inline void is_empty(struct mcr_consumer *c)
{
	struct mcr_msg msg;

	assert_int_equal(mcr_consumer_poll(c, &msg, 1), 0);
}

static inline void is_over(struct mcr_consumer *c)
{
	struct mcr_msg msg;

	assert_int_equal(mcr_consumer_poll(c, &msg, 1), -EPIPE);
}

static inline void stop(struct small_engine *e)
{
	for (unsigned i = 0; i < e->n_rings; i++)
		mcr_ring_set_state(e->regions[i].mem, MCR_RING_STOPPED);
}

static inline void next_life(struct small_engine *e, unsigned n_rings, uint64_t epoch)
{
	small_engine_kill(e);
	small_engine_start(e, &ATTACH, &MD, n_rings, epoch);
	for (unsigned i = 0; i < n_rings; i++)
		mcr_ring_set_started(&e->writers[i], 9000);
}

static inline void reattach(struct mcr_consumer *c)
{
	struct mcr_error err = {""};
	int ret;

	while ((ret = mcr_consumer_reattach(c, &err)) == -EAGAIN)
		assert_int_equal(mcr_consumer_wait(c, UINT64_C(10000000000)), 1);
	if (ret != 0)
		fail_msg("%s", err.text);
}

#endif
