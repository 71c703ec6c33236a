/* SPDX-License-Identifier: BSD-3-Clause */
/* A small engine whose consumers join: it keeps what they have. */
#ifndef MCR_TEST_JOINER_RIG_H
#define MCR_TEST_JOINER_RIG_H

#include "small_engine.h"

#define JOINED_MAX 5000

/* What the engine has joined, for whom, and what it says to the next change. */
struct joined {
	struct mcr_join joins[JOINED_MAX];
	uint64_t consumers[JOINED_MAX];
	size_t n;
	unsigned changes;
	int refusal;
};

static inline void take_out(struct joined *joined, size_t i)
{
	joined->n--;
	memmove(&joined->joins[i], &joined->joins[i + 1],
		(joined->n - i) * sizeof(joined->joins[0]));
	memmove(&joined->consumers[i], &joined->consumers[i + 1],
		(joined->n - i) * sizeof(joined->consumers[0]));
}

static inline int find(const struct joined *joined, uint64_t consumer, const struct mcr_join *join)
{
	for (size_t i = 0; i < joined->n; i++)
		if (joined->consumers[i] == consumer && mcr_join_equal(&joined->joins[i], join))
			return (int)i;
	return -1;
}

static inline int update(void *ctx, uint64_t consumer, const struct mcr_join *remove,
			 size_t n_remove, const struct mcr_join *add, size_t n_add,
			 struct mcr_error *err)
{
	struct joined *joined = ctx;
	int refusal = joined->refusal;

	joined->refusal = 0;
	joined->changes++;
	if (refusal != 0) {
		if (err)
			strcpy(err->text, "unknown interface \"x\"");
		return refusal;
	}
	for (size_t i = 0; i < n_remove; i++) {
		int at = find(joined, consumer, &remove[i]);

		if (at < 0) { /* tests that provoke it remove one at a time */
			strcpy(err->text, "there is no such join to leave");
			return -ENOENT;
		}
		take_out(joined, (size_t)at);
	}
	for (size_t i = 0; i < n_add; i++) {
		joined->joins[joined->n] = add[i];
		joined->consumers[joined->n++] = consumer;
	}
	return 0;
}

static inline int ended(void *ctx, const uint64_t *living, size_t n)
{
	struct joined *joined = ctx;
	int refusal = joined->refusal;

	joined->refusal = 0;
	joined->changes++;
	for (size_t i = 1; i < n; i++)
		assert_true(living[i - 1] < living[i]);
	for (size_t i = joined->n; refusal == 0 && i-- > 0;) {
		int lives = 0;

		for (size_t k = 0; k < n; k++)
			lives |= living[k] == joined->consumers[i];
		if (!lives)
			take_out(joined, i);
	}
	return refusal;
}

static const struct mcr_attach_joining joining = {.update = update, .ended = ended};

/* joins_max: of a consumer; per_uid: of a user; 0 = as by default. */
static inline void engine_create_with(struct small_engine *e, struct joined *joined, uint32_t uid,
				      uint32_t joins_max, uint32_t per_uid)
{
	const struct mcr_attach_config attach = {.mode = 0660, .gid = UINT32_MAX};
	struct mcr_channel_config channel = {.name = "md", .bytes = 65536, .joins_max = joins_max};

	memset(joined, 0, sizeof(*joined));
	channel.joiners.uids[0] = uid;
	channel.joiners.n_uids = 1;
	small_engine_create_as(e, &attach, &channel, 1);
	pthread_mutex_lock(&e->lock);
	mcr_attach_server_joins(e->server, &joining, joined, per_uid);
	pthread_mutex_unlock(&e->lock);
}

static inline void engine_create(struct small_engine *e, struct joined *joined, uint32_t uid)
{
	engine_create_with(e, joined, uid, 0, 0);
}

static inline void engine_destroy(struct small_engine *e, struct joined *joined)
{
	small_engine_destroy(e);
	memset(joined, 0, sizeof(*joined));
}

static inline struct mcr_consumer *consumer(struct small_engine *e)
{
	const struct mcr_consumer_opts opts = MCR_CONSUMER_OPTS_INIT;

	return small_engine_consumer(e, opts);
}

static inline size_t count(struct small_engine *e, const struct joined *joined)
{
	size_t n;

	pthread_mutex_lock(&e->lock);
	n = joined->n;
	pthread_mutex_unlock(&e->lock);
	return n;
}

#endif
