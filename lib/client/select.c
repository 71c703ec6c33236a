/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include "client/state.h"
#include "core/address.h"
#include "core/error.h"

/* In `what`, above the port or the id. */
#define OF_GROUP (UINT64_C(1) << 32)
#define OF_ID    (UINT64_C(2) << 32)

static int is_multicast(struct mcr_address group)
{
	return mcr_address_is_ipv4(group) ? mcr_ipv4_is_multicast(mcr_address_ipv4_be(group))
					  : group.octets[0] == 0xff; /* RFC 4291 §2.7 */
}

static int check(const struct mcr_select_group *groups, size_t n_groups, size_t n_ids,
		 struct mcr_error *err)
{
	char text[MCR_ADDRESS_TEXT];

	if (n_groups > MCR_SELECT_MAX || n_ids > MCR_SELECT_MAX - n_groups)
		return mcr_error_set(err, -E2BIG, "a selection has at most %d groups and ids",
				     MCR_SELECT_MAX);
	for (size_t i = 0; i < n_groups; i++)
		if (!is_multicast(groups[i].group))
			return mcr_error_set(err, -EINVAL, "group %s is not multicast",
					     mcr_address_format(text, groups[i].group));
	return 0;
}

/* The place where a key is or would be. */
static struct mcr_client_key *find(const struct mcr_client_select *s, struct mcr_client_key key)
{
	size_t mask = ((size_t)1 << s->bits) - 1;
	/* What differs most, the end of the group and the port, comes low: the product spreads it
	 * upwards. */
	uint64_t low = (key.group[1] >> 32 | key.group[1] << 32) ^ key.group[0] ^
		       key.what * UINT64_C(0xff51afd7ed558ccd);
	size_t at = (size_t)((low * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - s->bits));

	while (s->keys[at].what != 0 &&
	       (s->keys[at].what != key.what || s->keys[at].group[0] != key.group[0] ||
		s->keys[at].group[1] != key.group[1]))
		at = (at + 1) & mask;
	return &s->keys[at];
}

static int has(const struct mcr_client_select *s, struct mcr_client_key key)
{
	return find(s, key)->what != 0;
}

static void add(struct mcr_client_select *s, struct mcr_client_key key)
{
	*find(s, key) = key;
}

static struct mcr_client_key key_of_group(struct mcr_address group, uint16_t port)
{
	struct mcr_client_key key = {.what = OF_GROUP | port};

	memcpy(key.group, group.octets, sizeof(key.group));
	return key;
}

static struct mcr_client_key key_of_id(uint32_t id)
{
	return (struct mcr_client_key){.what = OF_ID | id};
}

int mcr_client_select_set(struct mcr_client_select *s, const struct mcr_select_group *groups,
			  size_t n_groups, const uint32_t *ids, size_t n_ids, struct mcr_error *err)
{
	struct mcr_client_select next = {.bits = 1, .ids = n_ids > 0};
	int ret = check(groups, n_groups, n_ids, err);

	if (ret < 0)
		return ret;
	if (n_groups + n_ids > 0) {
		while (((size_t)1 << next.bits) < 2 * (n_groups + n_ids))
			next.bits++;
		next.keys = calloc((size_t)1 << next.bits, sizeof(*next.keys));
		if (!next.keys)
			return mcr_error_set(err, -ENOMEM, "selection: no memory");
	}
	for (size_t i = 0; i < n_groups; i++) {
		add(&next, key_of_group(groups[i].group, groups[i].port));
		next.ports |= groups[i].port != 0;
		next.groups |= groups[i].port == 0;
	}
	for (size_t i = 0; i < n_ids; i++)
		add(&next, key_of_id(ids[i]));
	mcr_client_select_clear(s);
	*s = next;
	return 0;
}

void mcr_client_select_clear(struct mcr_client_select *s)
{
	free(s->keys);
	s->keys = NULL;
}

int mcr_client_select_has(const struct mcr_client_select *s, const struct mcr_ring_message *m)
{
	const struct mcr_record *record = &m->record;
	struct mcr_address group = mcr_address_from_ipv4(record->group_be);

	if (record->interface_form & MCR_FORM_INET6)
		memcpy(group.octets, m->addresses, sizeof(group.octets));
	return (s->ports && has(s, key_of_group(group, record->port))) ||
	       (s->groups && has(s, key_of_group(group, 0))) ||
	       (s->ids && has(s, key_of_id(record->id)));
}

int mcr_consumer_select(struct mcr_consumer *c, const struct mcr_select_group *groups,
			size_t n_groups, const uint32_t *ids, size_t n_ids, struct mcr_error *err)
{
	return mcr_client_select_set(&c->select, groups, n_groups, ids, n_ids, err);
}

uint64_t mcr_consumer_skipped(const struct mcr_consumer *c)
{
	return c->counts.skipped;
}
