/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of a channel that a consumer wants: a hash set of groups and ids. */
#ifndef MCR_CLIENT_SELECT_H
#define MCR_CLIENT_SELECT_H

#include <stddef.h>
#include <stdint.h>

#include <mcring/consumer.h>

#include "core/ring_reader.h"

/* A group with a port, or an id. `what` is 0 where the place is free. */
struct mcr_client_key {
	uint64_t group[2]; /* as in struct mcr_address; 0 for an id */
	uint64_t what;
};

struct mcr_client_select {
	struct mcr_client_key *keys; /* 1 << bits, at most half in use; NULL = all is wanted */
	unsigned bits;
	int ports, groups, ids; /* whether there are any: groups with a port, with any port; ids */
};

/* mcr_client_select_set replaces the set. Errors as mcr_consumer_select, the set unchanged. */
int mcr_client_select_set(struct mcr_client_select *s, const struct mcr_select_group *groups,
			  size_t n_groups, const uint32_t *ids, size_t n_ids,
			  struct mcr_error *err);

/* mcr_client_select_clear frees the set: then all is wanted. */
void mcr_client_select_clear(struct mcr_client_select *s);

/* mcr_client_select_has: whether the set, which has keys, names this message. */
int mcr_client_select_has(const struct mcr_client_select *s, const struct mcr_ring_message *m);

static inline int mcr_client_select_wants(const struct mcr_client_select *s,
					  const struct mcr_ring_message *m)
{
	if (__builtin_expect(!s->keys, 1) ||
	    (m->record.vlan_kind >> MCR_KIND_SHIFT & MCR_KIND_MASK) != MCR_DATA)
		return 1;
	return mcr_client_select_has(s, m);
}

#endif
