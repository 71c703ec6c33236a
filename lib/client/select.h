/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of a channel that a consumer wants: a hash set of groups and ids. */
#ifndef MCR_CLIENT_SELECT_H
#define MCR_CLIENT_SELECT_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/consumer.h>

#include "core/ring.h"

struct mcr_client_select {
	uint64_t *keys; /* 1 << bits of them, at most half in use, 0 = free; NULL = all is wanted */
	unsigned bits;
	int groups, ids; /* whether there are any */
};

/* mcr_client_select_set replaces the set. Errors as mcr_consumer_select, the set unchanged. */
int mcr_client_select_set(struct mcr_client_select *s, const uint32_t *groups_be, size_t n_groups,
			  const uint32_t *ids, size_t n_ids, struct mcr_error *err);

/* mcr_client_select_clear frees the set: then all is wanted. */
void mcr_client_select_clear(struct mcr_client_select *s);

static inline uint64_t mcr_client_key_of_group(uint32_t group_be)
{
	return UINT64_C(1) << 32 | group_be;
}

static inline uint64_t mcr_client_key_of_id(uint32_t id)
{
	return UINT64_C(2) << 32 | id;
}

/* mcr_client_select_find gives the place where a key is or would be. */
static inline size_t mcr_client_select_find(const struct mcr_client_select *s, uint64_t key)
{
	size_t mask = ((size_t)1 << s->bits) - 1;
	size_t at = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - s->bits));

	while (s->keys[at] != 0 && s->keys[at] != key)
		at = (at + 1) & mask;
	return at;
}

static inline int mcr_client_select_wants(const struct mcr_client_select *s,
					  const struct mcr_desc *d)
{
	if (!s->keys || d->kind != MCR_DATA)
		return 1;
	return (s->groups &&
		s->keys[mcr_client_select_find(s, mcr_client_key_of_group(d->group_be))] != 0) ||
	       (s->ids && s->keys[mcr_client_select_find(s, mcr_client_key_of_id(d->id))] != 0);
}

#endif
