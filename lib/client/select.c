/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "client/state.h"
#include "core/address.h"
#include "core/error.h"

static int check(const uint32_t *groups_be, size_t n_groups, size_t n_ids, struct mcr_error *err)
{
	if (n_groups > MCR_SELECT_MAX || n_ids > MCR_SELECT_MAX - n_groups)
		return mcr_error_set(err, -E2BIG, "a selection has at most %d groups and ids",
				     MCR_SELECT_MAX);
	for (size_t i = 0; i < n_groups; i++) {
		const uint8_t *b = (const uint8_t *)&groups_be[i];

		if (!mcr_ipv4_is_multicast(groups_be[i]))
			return mcr_error_set(err, -EINVAL,
					     "group %u.%u.%u.%u is not multicast: groups are in "
					     "network byte order",
					     b[0], b[1], b[2], b[3]);
	}
	return 0;
}

static void add(struct mcr_client_select *s, uint64_t key)
{
	s->keys[mcr_client_select_find(s, key)] = key;
}

int mcr_client_select_set(struct mcr_client_select *s, const uint32_t *groups_be, size_t n_groups,
			  const uint32_t *ids, size_t n_ids, struct mcr_error *err)
{
	struct mcr_client_select next = {.bits = 1, .groups = n_groups > 0, .ids = n_ids > 0};
	int ret = check(groups_be, n_groups, n_ids, err);

	if (ret < 0)
		return ret;
	if (n_groups + n_ids > 0) {
		while (((size_t)1 << next.bits) < 2 * (n_groups + n_ids))
			next.bits++;
		next.keys = calloc((size_t)1 << next.bits, sizeof(*next.keys));
		if (!next.keys)
			return mcr_error_set(err, -ENOMEM, "selection: no memory");
	}
	for (size_t i = 0; i < n_groups; i++)
		add(&next, mcr_client_key_of_group(groups_be[i]));
	for (size_t i = 0; i < n_ids; i++)
		add(&next, mcr_client_key_of_id(ids[i]));
	mcr_client_select_clear(s);
	*s = next;
	return 0;
}

void mcr_client_select_clear(struct mcr_client_select *s)
{
	free(s->keys);
	s->keys = NULL;
}

int mcr_consumer_select(struct mcr_consumer *c, const uint32_t *groups_be, size_t n_groups,
			const uint32_t *ids, size_t n_ids, struct mcr_error *err)
{
	return mcr_client_select_set(&c->select, groups_be, n_groups, ids, n_ids, err);
}

uint64_t mcr_consumer_skipped(const struct mcr_consumer *c)
{
	return c->counts.skipped;
}
