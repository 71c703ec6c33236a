/* SPDX-License-Identifier: BSD-3-Clause */
#include "settings/share.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/nearest.h"
#include "settings/fail.h"

/* ---- what was given ---- */

static int bad(const struct mcr_settings *s, struct mcr_error *err)
{
	mcr_fail_prefix(err, -EINVAL, "shard: ");
	return mcr_settings_locate(s->shard_origin, err, -EINVAL);
}

/* Writes "a, b, c (did you mean b?)". */
static void list_hosts(char *buf, size_t cap, const struct mcr_shard *shard, const char *wanted)
{
	struct mcr_nearest search = mcr_nearest_to(wanted);
	char hint[MCR_NEAREST_HINT];
	size_t used = 0;

	for (unsigned i = 0; i < shard->n; i++)
		mcr_nearest_try(&search, shard->hosts[i].name);
	for (unsigned i = 0; i < shard->n && used < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s", i ? ", " : "",
					 shard->hosts[i].name);
	if (used < cap)
		snprintf(buf + used, cap - used, "%s", mcr_nearest_hint(hint, &search));
}

/* Finds a host by its name, with or without a domain. *also: another one that it may be. Returns
 * which one, or shard->n: none. */
static unsigned find(const struct mcr_shard *shard, const char *name, unsigned *also)
{
	unsigned found = shard->n;

	*also = shard->n;
	for (unsigned i = 0; i < shard->n; i++) {
		if (strcmp(shard->hosts[i].name, name) == 0) {
			*also = shard->n;
			return i;
		}
		if (!mcr_shard_is_same(shard->hosts[i].name, name))
			continue;
		*also = found < shard->n ? i : shard->n;
		found = found < shard->n ? found : i;
	}
	return found;
}

static int ambiguous(const struct mcr_shard *shard, const char *key, const char *name,
		     unsigned first, unsigned also, struct mcr_error *err)
{
	return mcr_fail(err, -EINVAL, "%s: '%s' may be %s or %s: write it in full", key, name,
			shard->hosts[first].name, shard->hosts[also].name);
}

static int take_weights(struct mcr_shard *shard, const struct mcr_shard_setting *given,
			struct mcr_error *err)
{
	for (unsigned i = 0; i < given->n_weights; i++) {
		const char *name = given->weights[i].host;
		char hosts[256];
		unsigned also, found = find(shard, name, &also);

		if (found == shard->n) {
			list_hosts(hosts, sizeof(hosts), shard, name);
			return mcr_fail(err, -EINVAL,
					"weights: '%s' is none of the hosts, which are %s", name,
					hosts);
		}
		if (also < shard->n)
			return ambiguous(shard, "weights", name, found, also, err);
		shard->hosts[found].weight = given->weights[i].weight;
	}
	return 0;
}

static int find_me(struct mcr_share *share, const struct mcr_shard_setting *given,
		   struct mcr_error *err)
{
	char system[HOST_NAME_MAX + 1] = "", name[MCR_SHARD_NAME_MAX], hosts[256];
	const struct mcr_shard *shard = &share->shard;
	const bool has_me = given->me[0] != '\0';
	unsigned also;

	gethostname(system, sizeof(system) - 1);
	if (has_me)
		snprintf(name, sizeof(name), "%s", given->me);
	else if (mcr_shard_name(name, system) < 0)
		snprintf(name, sizeof(name), "%s", system);
	share->me = find(shard, name, &also);
	if (share->me < shard->n && also == shard->n)
		return 0;
	if (share->me < shard->n)
		return ambiguous(shard, has_me ? "me" : "this host's name", name, share->me, also,
				 err);
	list_hosts(hosts, sizeof(hosts), shard, name);
	if (has_me)
		return mcr_fail(err, -EINVAL, "me: '%s' is none of the hosts, which are %s", name,
				hosts);
	return mcr_fail(err, -EINVAL,
			"this host is called '%.64s', which is none of the hosts: give `me`, one "
			"of %s",
			name, hosts);
}

static bool is_given(const struct mcr_shard_setting *s)
{
	return s->n_hosts || s->me[0] || s->copies.set || s->n_weights || s->overlap.set;
}

static int fill(struct mcr_share *share, const struct mcr_shard_setting *given,
		struct mcr_error *err)
{
	struct mcr_shard *shard = &share->shard;
	int ret;

	shard->n = given->n_hosts;
	shard->copies = given->copies.set ? given->copies.value : 1;
	for (unsigned i = 0; i < shard->n; i++) {
		memcpy(shard->hosts[i].name, given->hosts[i], sizeof(shard->hosts[i].name));
		shard->hosts[i].weight = 1;
	}
	if (shard->n == 0)
		return mcr_fail(err, -EINVAL,
				"needs the key 'hosts', the names of all hosts that share");
	if (shard->copies > shard->n)
		return mcr_fail(err, -EINVAL, "copies: %u, but there are only %u hosts",
				shard->copies, shard->n);
	ret = take_weights(shard, given, err);
	return ret == 0 ? find_me(share, given, err) : ret;
}

int mcr_share_create(struct mcr_share **out, const struct mcr_settings *s, struct mcr_error *err)
{
	const struct mcr_shard_setting *given = &s->shard;
	struct mcr_share *share;

	*out = NULL;
	if (s->takes_all || !is_given(given))
		return 0;
	share = calloc(1, sizeof(*share));
	if (!share)
		return mcr_fail_memory(err);
	if (fill(share, given, err) < 0) {
		free(share);
		return bad(s, err);
	}
	*out = share;
	return 0;
}

void mcr_share_destroy(struct mcr_share *share)
{
	if (!share)
		return;
	mcr_join_list_clear(&share->elsewhere);
	free(share);
}

/* ---- whose the groups are ---- */

struct owned_group {
	struct mcr_address group;
	uint64_t owners;
	bool is_of_feed;
};

/* All groups, once each, in order. */
struct owned_groups {
	struct owned_group *items;
	size_t n;
};

static int by_group(const void *a, const void *b)
{
	return memcmp(&((const struct owned_group *)a)->group,
		      &((const struct owned_group *)b)->group, sizeof(struct mcr_address));
}

/* One entry for each join, and one for each group of each feed. */
static void list_groups(struct owned_groups *groups, const struct mcr_settings *s)
{
	for (size_t i = 0; i < s->joins.n; i++)
		groups->items[groups->n++] =
		    (struct owned_group){s->joins.items[i].group, 0, false};
	for (size_t i = 0; i < s->n_feeds; i++) {
		const struct mcr_feed_config *feed = &s->feeds[i].config;
		const uint64_t owners = mcr_shard_owners(&s->share->shard, feed->name);

		for (unsigned k = 0; k < feed->n_lines; k++)
			for (size_t f = 0; f < feed->lines[k].n_flows; f++)
				groups->items[groups->n++] = (struct owned_group){
				    feed->lines[k].flows[f].group, owners, true};
	}
}

static void keep_each_once(struct owned_groups *groups)
{
	size_t n = 0;

	qsort(groups->items, groups->n, sizeof(groups->items[0]), by_group);
	for (size_t i = 0; i < groups->n; i++) {
		const struct owned_group *next = &groups->items[i];
		struct owned_group *last = n > 0 ? &groups->items[n - 1] : NULL;

		if (last && by_group(last, next) == 0) {
			last->owners |= next->owners;
			last->is_of_feed |= next->is_of_feed;
		} else {
			groups->items[n++] = *next;
		}
	}
	groups->n = n;
}

static void find_owners(struct owned_groups *groups, const struct mcr_shard *shard)
{
	char text[MCR_ADDRESS_TEXT];

	for (size_t i = 0; i < groups->n; i++) {
		struct owned_group *g = &groups->items[i];

		if (!g->is_of_feed)
			g->owners = mcr_shard_owners(shard, mcr_address_format(text, g->group));
	}
}

static size_t n_entries(const struct mcr_settings *s)
{
	size_t n = s->joins.n;

	for (size_t i = 0; i < s->n_feeds; i++)
		for (unsigned k = 0; k < s->feeds[i].config.n_lines; k++)
			n += s->feeds[i].config.lines[k].n_flows;
	return n;
}

static uint64_t owners_of(const struct owned_groups *groups, struct mcr_address group)
{
	size_t low = 0, high = groups->n;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		int order = memcmp(&groups->items[middle].group, &group, sizeof(group));

		if (order == 0)
			return groups->items[middle].owners;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0; /* never: each join's group is listed */
}

/* ---- the share ---- */

/* Counts one of what that member counts for each of its owners. */
static void count(struct mcr_share *share, uint64_t owners, size_t offset)
{
	++*(size_t *)((char *)&share->whole + offset);
	for (; owners; owners &= owners - 1)
		++*(size_t *)((char *)&share->hosts[__builtin_ctzll(owners)] + offset);
}

static void count_feeds_and_groups(struct mcr_share *share, const struct mcr_settings *s,
				   const struct owned_groups *groups)
{
	for (size_t i = 0; i < s->n_feeds; i++)
		count(share, mcr_shard_owners(&share->shard, s->feeds[i].config.name),
		      offsetof(struct mcr_share_count, feeds));
	for (size_t i = 0; i < groups->n; i++)
		if (!groups->items[i].is_of_feed)
			count(share, groups->items[i].owners,
			      offsetof(struct mcr_share_count, groups));
}

static int move_joins(struct mcr_settings *s, const struct owned_groups *groups)
{
	struct mcr_share *share = s->share;
	size_t kept = 0;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < s->joins.n; i++) {
		const struct mcr_join *join = &s->joins.items[i];
		const uint64_t owners = owners_of(groups, join->group);

		count(share, owners, offsetof(struct mcr_share_count, joins));
		if (!mcr_share_has(share, owners)) {
			ret = mcr_join_list_add(&share->elsewhere, join);
			continue;
		}
		s->origins[kept] = s->origins[i];
		s->joins.items[kept++] = *join;
	}
	if (ret == 0)
		s->joins.n = kept;
	return ret;
}

int mcr_share_take(struct mcr_settings *s)
{
	struct owned_groups groups = {.n = 0};
	int ret;

	if (!s->share)
		return 0;
	groups.items = calloc(n_entries(s) + 1, sizeof(groups.items[0]));
	if (!groups.items)
		return -ENOMEM;
	list_groups(&groups, s);
	keep_each_once(&groups);
	find_owners(&groups, &s->share->shard);
	count_feeds_and_groups(s->share, s, &groups);
	ret = move_joins(s, &groups);
	free(groups.items);
	return ret;
}
