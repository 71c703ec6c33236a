/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/host_address.h"
#include "engine/join_set.h"

/* ---- slots ---- */

void mcr_slots_fini(struct mcr_slots *slots)
{
	free(slots->free);
	*slots = (struct mcr_slots){0};
}

void mcr_slots_give(struct mcr_slots *slots, uint32_t slot)
{
	slots->free[slots->n_free++] = slot;
}

/* The stack has room for every slot from the first take on, so that giving cannot fail. */
static int slots_take(struct mcr_slots *slots, uint32_t *out)
{
	if (slots->free == NULL) {
		slots->free = calloc(MCR_MEMBERSHIPS_MAX, sizeof(*slots->free));
		if (slots->free == NULL)
			return -ENOMEM;
	}
	if (slots->n_free > 0)
		*out = slots->free[--slots->n_free];
	else if (slots->next < MCR_MEMBERSHIPS_MAX)
		*out = slots->next++;
	else
		return -ENOSPC;
	return 0;
}

/* ---- one join ---- */

static int bad(struct mcr_error *err, const struct mcr_join *join, int code, const char *why)
{
	char text[256];

	mcr_join_format(text, sizeof(text), join);
	return mcr_error_set(err, code, "join \"%s\": %s", text, why);
}

static int unknown(struct mcr_error *err, const char *kind, const char *name,
		   const char *const *names, size_t n)
{
	char known[320] = "";
	size_t len = 0;

	for (size_t i = 0; i < n && len < sizeof(known); i++)
		if (names[i] != NULL)
			len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
						len ? ", " : "", names[i]);
	if (name[0] == '\0')
		return mcr_error_set(err, -EINVAL,
				     "a join must say which %s it is for (%s=NAME): there are %s",
				     kind, kind, known[0] ? known : "none");
	return mcr_error_set(err, -ENOENT, "no %s \"%s\": there are %s", kind, name,
			     known[0] ? known : "none");
}

static int find_name(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

static int by_address(const void *a, const void *b)
{
	uint32_t x = ntohl(*(const uint32_t *)a), y = ntohl(*(const uint32_t *)b);

	return x < y ? -1 : x > y;
}

static int check_filter(const struct mcr_join *join, struct mcr_error *err)
{
	uint32_t group = ntohl(join->group_be);

	if (group >> 28 != 14)
		return bad(err, join, -EINVAL,
			   "the group is not a multicast address (224.0.0.0/4)");
	if (join->mode > MCR_FILTER_INCLUDE || join->n_sources > MCR_JOIN_SOURCES_MAX)
		return bad(err, join, -EINVAL, "unknown filter mode, or too many sources");
	if (join->mode == MCR_FILTER_INCLUDE && join->n_sources == 0)
		return bad(err, join, -EINVAL, "an including join needs a source");
	/* RFC 4607 §1: source-specific only; 232.0.0.0 itself is not usable. */
	if (group >> 24 == 232 && (join->mode != MCR_FILTER_INCLUDE || group == 0xe8000000))
		return bad(err, join, -EINVAL,
			   "232.0.0.0/8 is source-specific: name a source with @SOURCE");
	for (unsigned i = 0; i < join->n_sources; i++)
		if (!mcr_host_address_ok(join->sources_be[i]))
			return bad(err, join, -EINVAL, "a source is not a unicast address");
	return 0;
}

/* A clean copy: names resolved, sources in order, and every unused octet 0, so that equal joins are
 * equal octet for octet. */
static int resolve(struct mcr_join *to, struct mcr_rule *rule, const struct mcr_join *from,
		   const struct mcr_join_names *names, struct mcr_error *err)
{
	int interface = -1, channel, ret;
	const char *want = from->channel[0] ? from->channel : "default";

	if (memchr(from->interface, 0, MCR_NAME_MAX) == NULL ||
	    memchr(from->channel, 0, MCR_NAME_MAX) == NULL)
		return mcr_error_set(err, -EINVAL, "a join's name is not terminated");
	ret = check_filter(from, err);
	if (ret < 0)
		return ret;
	if (from->interface[0] == '\0' && names->n_interfaces == 1)
		interface = 0;
	else if (from->interface[0] != '\0')
		interface = find_name(from->interface, names->interfaces, names->n_interfaces);
	if (interface < 0)
		return unknown(err, "interface", from->interface, names->interfaces,
			       names->n_interfaces);
	channel = find_name(want, names->channels, names->n_channels);
	if (channel < 0)
		return unknown(err, "channel", want, names->channels, names->n_channels);

	memset(to, 0, sizeof(*to));
	strcpy(to->interface, names->interfaces[interface]);
	strcpy(to->channel, names->channels[channel]);
	to->group_be = from->group_be;
	to->id = from->id;
	to->port = from->port;
	to->mode = from->mode;
	memcpy(to->sources_be, from->sources_be, from->n_sources * sizeof(*to->sources_be));
	qsort(to->sources_be, from->n_sources, sizeof(*to->sources_be), by_address);
	for (unsigned i = 0; i < from->n_sources; i++)
		if (to->n_sources == 0 || to->sources_be[to->n_sources - 1] != to->sources_be[i])
			to->sources_be[to->n_sources++] = to->sources_be[i];
	for (unsigned i = to->n_sources; i < from->n_sources; i++)
		to->sources_be[i] = 0;
	*rule = (struct mcr_rule){
	    .join = to, .interface = (uint16_t)interface, .channel = (uint16_t)channel};
	return 0;
}

/* ---- the list ---- */

static int by_octets(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mcr_join));
}

/* Marks for each join to remove one join of the old set. gone: n_joins flags. */
static int mark_removed(uint8_t *gone, const struct mcr_join_set *old,
			const struct mcr_join *remove, size_t n, const struct mcr_join_names *names,
			struct mcr_error *err)
{
	struct mcr_join *sorted = calloc(n, sizeof(*sorted));
	uint8_t *used = calloc(n, 1);
	struct mcr_rule rule;
	int ret = sorted == NULL || used == NULL ? -ENOMEM : 0;

	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = resolve(&sorted[i], &rule, &remove[i], names, err);
	if (ret < 0)
		goto out;
	qsort(sorted, n, sizeof(*sorted), by_octets);
	for (size_t i = 0; i < old->n_joins; i++) {
		size_t low = 0, high = n;

		while (low < high) { /* the first of those that equal joins[i] */
			size_t middle = (low + high) / 2;

			if (by_octets(&sorted[middle], &old->joins[i]) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		while (low < n && used[low] && by_octets(&sorted[low], &old->joins[i]) == 0)
			low++;
		if (low < n && by_octets(&sorted[low], &old->joins[i]) == 0)
			used[low] = gone[i] = 1;
	}
	for (size_t i = 0; ret == 0 && i < n; i++)
		if (!used[i])
			ret = bad(err, &sorted[i], -ENOENT, "there is no such join to leave");
out:
	free(sorted);
	free(used);
	return ret;
}

static int make_list(struct mcr_join_set *set, const struct mcr_join_set *old,
		     const struct mcr_join *remove, size_t n_remove, const struct mcr_join *add,
		     size_t n_add, const struct mcr_join_names *names, struct mcr_error *err)
{
	uint8_t *gone = calloc(old->n_joins + 1, 1);
	size_t cap = old->n_joins + n_add;
	int ret = 0;

	set->joins = calloc(cap + 1, sizeof(*set->joins));
	set->rules = calloc(cap + 1, sizeof(*set->rules));
	if (gone == NULL || set->joins == NULL || set->rules == NULL) {
		free(gone);
		return -ENOMEM;
	}
	if (n_remove > 0)
		ret = mark_removed(gone, old, remove, n_remove, names, err);
	for (size_t i = 0; ret == 0 && i < old->n_joins; i++) {
		if (gone[i])
			continue;
		set->joins[set->n_joins] = old->joins[i];
		set->rules[set->n_joins] = old->rules[i];
		set->rules[set->n_joins].join = &set->joins[set->n_joins];
		set->n_joins++;
	}
	for (size_t i = 0; ret == 0 && i < n_add; i++) {
		ret = resolve(&set->joins[set->n_joins], &set->rules[set->n_joins], &add[i], names,
			      err);
		set->n_joins++;
	}
	free(gone);
	return ret;
}

/* ---- the groups ---- */

static int compare_group(uint16_t interface_a, uint32_t group_a, uint16_t interface_b,
			 uint32_t group_b)
{
	if (interface_a != interface_b)
		return interface_a < interface_b ? -1 : 1;
	group_a = ntohl(group_a);
	group_b = ntohl(group_b);
	return group_a < group_b ? -1 : group_a > group_b;
}

static int by_group(const void *a, const void *b)
{
	const struct mcr_rule *x = *(const struct mcr_rule *const *)a;
	const struct mcr_rule *y = *(const struct mcr_rule *const *)b;

	return compare_group(x->interface, x->join->group_be, y->interface, y->join->group_be);
}

const struct mcr_group *mcr_join_set_find(const struct mcr_join_set *set, uint16_t interface,
					  uint32_t group_be)
{
	for (size_t low = 0, high = set->n_groups; low < high;) {
		size_t middle = (low + high) / 2;
		const struct mcr_group *g = &set->groups[middle];
		int order = compare_group(interface, group_be, g->interface, g->group_be);

		if (order == 0)
			return g;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The group that n rules of one (interface, group) make. scratch: room for n filters. */
static int make_group(struct mcr_group *g, struct mcr_rule *const *rules, size_t n,
		      struct mcr_filter *scratch)
{
	for (size_t i = 0; i < n; i++)
		scratch[i] = (struct mcr_filter){.mode = rules[i]->join->mode,
						 .sources_be = rules[i]->join->sources_be,
						 .n = rules[i]->join->n_sources};
	g->interface = rules[0]->interface;
	g->group_be = rules[0]->join->group_be;
	g->udp_port = rules[0]->join->port;
	g->channels = 0;
	for (size_t i = 0; i < n; i++) {
		g->channels |= UINT64_C(1) << rules[i]->channel;
		if (rules[i]->join->port != g->udp_port)
			g->udp_port = 0;
	}
	g->joins = (unsigned)n;
	return mcr_filter_merge(&g->filter, scratch, n);
}

static int make_groups(struct mcr_join_set *set, const struct mcr_join_set *old,
		       struct mcr_slots *slots, uint64_t now_ns)
{
	struct mcr_rule **order = calloc(set->n_joins + 1, sizeof(*order));
	struct mcr_filter *scratch = calloc(set->n_joins + 1, sizeof(*scratch));
	int ret = 0;

	set->groups = calloc(set->n_joins + 1, sizeof(*set->groups));
	if (order == NULL || scratch == NULL || set->groups == NULL)
		ret = -ENOMEM;
	for (size_t i = 0; ret == 0 && i < set->n_joins; i++)
		order[i] = &set->rules[i];
	if (ret == 0)
		qsort(order, set->n_joins, sizeof(struct mcr_rule *), by_group);
	for (size_t i = 0, n; ret == 0 && i < set->n_joins; i += n) {
		struct mcr_group *g = &set->groups[set->n_groups];
		const struct mcr_group *before;

		for (n = 1; i + n < set->n_joins && by_group(&order[i], &order[i + n]) == 0; n++)
			;
		ret = make_group(g, &order[i], n, scratch);
		if (ret < 0)
			break;
		before = mcr_join_set_find(old, g->interface, g->group_be);
		g->joined_ns = before ? before->joined_ns : now_ns;
		if (before != NULL)
			g->slot = before->slot;
		else
			ret = slots_take(slots, &g->slot);
		if (ret < 0) {
			free((void *)(uintptr_t)g->filter.sources_be);
			break;
		}
		set->n_groups++;
		for (size_t k = 0; k < n; k++)
			order[i + k]->membership = g->slot;
	}
	free(order);
	free(scratch);
	return ret;
}

int mcr_join_set_change(struct mcr_join_set **out, const struct mcr_join_set *old,
			const struct mcr_join *remove, size_t n_remove, const struct mcr_join *add,
			size_t n_add, const struct mcr_join_names *names, struct mcr_slots *slots,
			uint64_t realtime_ns, struct mcr_error *err)
{
	struct mcr_join_set *set = calloc(1, sizeof(*set));
	int ret = -ENOMEM;

	if (set != NULL)
		ret = make_list(set, old, remove, n_remove, add, n_add, names, err);
	if (ret == 0)
		ret = make_groups(set, old, slots, realtime_ns);
	if (ret == 0) {
		*out = set;
		return 0;
	}
	if (ret == -ENOMEM)
		mcr_error_set(err, ret, "not enough memory for the joins");
	else if (ret == -ENOSPC)
		mcr_error_set(err, ret, "more than %d groups joined at a time",
			      MCR_MEMBERSHIPS_MAX);
	mcr_join_set_undo(set, old, slots);
	return ret;
}

void mcr_join_set_undo(struct mcr_join_set *set, const struct mcr_join_set *old,
		       struct mcr_slots *slots)
{
	for (size_t i = 0; set != NULL && i < set->n_groups; i++) {
		const struct mcr_group *g = &set->groups[i];

		if (mcr_join_set_find(old, g->interface, g->group_be) == NULL)
			mcr_slots_give(slots, g->slot);
	}
	mcr_join_set_destroy(set);
}

void mcr_join_set_destroy(struct mcr_join_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->n_groups; i++)
		free((void *)(uintptr_t)set->groups[i].filter.sources_be);
	free(set->groups);
	free(set->rules);
	free(set->joins);
	free(set);
}
