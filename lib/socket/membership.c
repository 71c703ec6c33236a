/* SPDX-License-Identifier: BSD-3-Clause */
/* As ip_mc_join_group, ip_mc_leave_group, ip_mc_source and ip_mc_msfilter of Linux and their forms
 * for IPv6 do. */
#include "socket/membership.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/source_set.h"

/* Starts from what there is, with room for one source more. */
static int copy_state(struct mcr_next *next, const struct mcr_joined *old)
{
	uint32_t n = old ? old->n_listed : 0;

	next->listed = calloc((size_t)n + 1, sizeof(*next->listed));
	if (!next->listed)
		return -ENOBUFS;
	if (n > 0)
		memcpy(next->listed, old->listed, n * sizeof(*next->listed));
	next->n = n;
	next->has_list = old ? old->has_list : 0;
	return 0;
}

static uint32_t index_of(const struct mcr_next *next, struct mcr_address source)
{
	uint32_t i = 0;

	while (i < next->n && !mcr_address_is_equal(next->listed[i], source))
		i++;
	return i;
}

static int drop_source(struct mcr_next *next, struct mcr_address source)
{
	uint32_t i = index_of(next, source);

	if (i == next->n)
		return -EADDRNOTAVAIL;
	if (next->n == 1 && !next->is_exclude) {
		next->kind = MCR_NEXT_GONE;
		return 0;
	}
	next->n--;
	memmove(&next->listed[i], &next->listed[i + 1], (next->n - i) * sizeof(*next->listed));
	next->kind = MCR_NEXT_CHANGED;
	return 0;
}

static int add_source(struct mcr_next *next, struct mcr_address source, uint32_t most)
{
	if (next->has_list && next->n >= most)
		return -ENOBUFS;
	if (index_of(next, source) < next->n)
		return -EADDRNOTAVAIL;
	next->listed[next->n++] = source;
	next->has_list = 1;
	next->kind = MCR_NEXT_CHANGED;
	return 0;
}

static int change_source(struct mcr_next *next, const struct mcr_joined *old,
			 const struct mcr_join_request *r)
{
	int is_exclude = r->op == MCR_OP_BLOCK || r->op == MCR_OP_UNBLOCK;
	int is_new = r->op == MCR_OP_ADD_SOURCE || r->op == MCR_OP_BLOCK, rc;

	if (!old && r->op != MCR_OP_ADD_SOURCE)
		return -EINVAL;
	rc = copy_state(next, old);
	if (rc < 0)
		return rc;
	if (old && old->m.is_exclude != is_exclude) {
		if (old->has_list)
			return -EINVAL;
		next->kind = MCR_NEXT_CHANGED; /* whatever comes of the source */
	}
	next->is_exclude = (uint8_t)is_exclude;
	return is_new ? add_source(next, r->sources[0], mcr_join_limits_get()->sources[r->is_ipv4])
		      : drop_source(next, r->sources[0]);
}

static int set_filter(struct mcr_next *next, const struct mcr_joined *old,
		      const struct mcr_join_request *r)
{
	if (!r->is_exclude && r->n_sources == 0) {
		next->kind = MCR_NEXT_GONE;
		return old ? 0 : -EADDRNOTAVAIL;
	}
	if (!old)
		return -EINVAL;
	next->listed = calloc((size_t)r->n_sources + 1, sizeof(*next->listed));
	if (!next->listed)
		return -ENOBUFS;
	if (r->n_sources > 0)
		memcpy(next->listed, r->sources, r->n_sources * sizeof(*next->listed));
	next->n = r->n_sources;
	next->has_list = r->n_sources > 0;
	next->is_exclude = r->is_exclude;
	next->kind = MCR_NEXT_CHANGED;
	return 0;
}

int mcr_membership_next(struct mcr_next *next, const struct mcr_joined *old,
			const struct mcr_join_request *request)
{
	memset(next, 0, sizeof(*next));
	switch (request->op) {
	case MCR_OP_JOIN:
		if (old)
			return -EADDRINUSE;
		next->is_exclude = 1;
		next->kind = MCR_NEXT_CHANGED;
		return 0;
	case MCR_OP_LEAVE:
		next->kind = old ? MCR_NEXT_GONE : MCR_NEXT_SAME;
		return old ? 0 : -EADDRNOTAVAIL;
	case MCR_OP_FILTER:
		return set_filter(next, old, request);
	default:
		return change_source(next, old, request);
	}
}

struct mcr_joined *mcr_joined_make(struct mcr_address group, int is_exclude, int has_list,
				   const struct mcr_address *listed, uint32_t n)
{
	struct mcr_joined *j = calloc(1, sizeof(*j));
	struct mcr_address *both = calloc(2 * (size_t)n + 1, sizeof(*both));

	if (!j || !both) {
		free(j);
		free(both);
		return NULL;
	}
	if (n > 0) {
		memcpy(both, listed, n * sizeof(*both));
		memcpy(both + n, listed, n * sizeof(*both));
	}
	j->m.group = group;
	j->m.interface = MCR_NO_INTERFACE;
	j->m.is_exclude = (uint8_t)is_exclude;
	j->m.sources = both;
	j->m.n_sources = (uint32_t)mcr_source_set_sort(both, n);
	j->m.until = MCR_VERSION_OPEN;
	j->has_list = (uint8_t)has_list;
	j->listed = both + n;
	j->n_listed = n;
	return j;
}

void mcr_joined_free(struct mcr_joined *j)
{
	if (j)
		free(j->m.sources);
	free(j);
}
