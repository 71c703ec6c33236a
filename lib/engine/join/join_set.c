/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/join_order.h"
#include "engine/join/join_set.h"

/* ---- the list ---- */

static int by_meaning(const void *a, const void *b)
{
	return mcr_join_compare(a, b);
}

static int same_owner(const struct mcr_join_owner *a, const struct mcr_join_owner *b)
{
	return a->maker == b->maker && a->consumer == b->consumer;
}

/* The joins to remove: n of them in order, and beside the first of equal ones how many of these
 * were not found so far, 0 beside the others. */
struct removal {
	struct mcr_join *joins;
	struct mcr_address *sources;
	size_t *left;
	size_t n;
};

static int removal_make(struct removal *r, const struct mcr_join_change *change,
			const struct mcr_join_names *names, struct mcr_error *err)
{
	struct mcr_rule rule;
	size_t first = 0, used = 0;
	int ret = 0;

	r->n = change->n_remove;
	r->joins = calloc(r->n + 1, sizeof(*r->joins));
	r->sources = calloc(mcr_join_room(change->remove, r->n) + 1, sizeof(*r->sources));
	r->left = calloc(r->n + 1, sizeof(*r->left));
	if (!r->joins || !r->sources || !r->left)
		return -ENOMEM;
	for (size_t i = 0; ret == 0 && i < r->n; i++) {
		ret = mcr_join_resolve(&r->joins[i], r->sources + used, &rule, &change->remove[i],
				       names, err);
		used += r->joins[i].n_sources;
	}
	if (ret < 0)
		return ret;
	qsort(r->joins, r->n, sizeof(*r->joins), by_meaning);
	for (size_t i = 0; i < r->n; i++) {
		if (by_meaning(&r->joins[first], &r->joins[i]) != 0)
			first = i;
		r->left[first]++;
	}
	return 0;
}

static void removal_clear(struct removal *r)
{
	free(r->joins);
	free(r->sources);
	free(r->left);
}

/* How many joins that equal this one are left to find, or NULL when it is not to be removed. */
static size_t *removal_find(const struct removal *r, const struct mcr_join *join)
{
	size_t low = 0, high = r->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (by_meaning(&r->joins[middle], join) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->n && by_meaning(&r->joins[low], join) == 0 ? &r->left[low] : NULL;
}

/* Marks which of one owner's joins are removed: the first of equal ones. */
static void take_from(uint8_t *gone, const struct mcr_join_set *old, struct mcr_join_owner owner,
		      const struct removal *r)
{
	for (size_t i = 0; i < old->n_joins; i++) {
		size_t *left;

		if (gone[i] || !same_owner(&old->owners[i], &owner))
			continue;
		left = removal_find(r, &old->joins[i]);
		if (left && *left > 0) {
			--*left;
			gone[i] = 1;
		}
	}
}

/* The error says whose the join is, but not to a consumer which other consumer's. */
static int refuse_leave(const struct mcr_join_set *old, const struct mcr_join *join,
			struct mcr_join_owner asker, const struct mcr_join_names *names,
			struct mcr_error *err)
{
	static const char *const why[MCR_JOIN_MAKERS] = {
	    [MCR_JOINED_BY_APPLICATION] = "it belongs to the application that runs this engine",
	    [MCR_JOINED_BY_CONFIGURATION] =
		"it belongs to the configuration: take it out of the file and reload",
	    [MCR_JOINED_BY_OPERATOR] = "it belongs to the operator: mcring-ctl leave removes it",
	    [MCR_JOINED_BY_CONSUMER] = "it belongs to another consumer",
	};
	char text[160], who[96] = "";
	const struct mcr_join_owner *owner = NULL;

	for (size_t i = 0; !owner && i < old->n_joins; i++)
		if (by_meaning(&old->joins[i], join) == 0 && !same_owner(&old->owners[i], &asker))
			owner = &old->owners[i];
	if (!owner)
		return mcr_join_refuse(err, join, -ENOENT, "there is no such join to leave");
	if (owner->maker != MCR_JOINED_BY_CONSUMER || asker.maker == MCR_JOINED_BY_CONSUMER)
		return mcr_join_refuse(err, join, -ENOENT, why[owner->maker]);
	if (names->describe)
		names->describe(names->ctx, owner->consumer, who, sizeof(who));
	snprintf(text, sizeof(text), "it belongs to consumer %" PRIu64 "%s%s, and ends with it",
		 owner->consumer, who[0] ? ", " : "", who);
	return mcr_join_refuse(err, join, -ENOENT, text);
}

/* The operator may also remove what the configuration joined. */
static int mark_removed(uint8_t *gone, const struct mcr_join_set *old,
			const struct mcr_join_change *change, const struct mcr_join_names *names,
			struct mcr_error *err)
{
	const struct mcr_join_owner configuration = {.maker = MCR_JOINED_BY_CONFIGURATION};
	struct removal r = {0};
	int ret = removal_make(&r, change, names, err);

	if (ret == 0)
		take_from(gone, old, change->owner, &r);
	if (ret == 0 && change->owner.maker == MCR_JOINED_BY_OPERATOR)
		take_from(gone, old, configuration, &r);
	for (size_t i = 0; ret == 0 && i < r.n; i++)
		if (r.left[i] > 0)
			ret = refuse_leave(old, &r.joins[i], change->owner, names, err);
	removal_clear(&r);
	return ret;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int mcr_join_change_drops(const struct mcr_join_change *change, const struct mcr_join_set *set,
			  size_t i)
{
	const struct mcr_join_owner *owner = &set->owners[i];

	if (change->channels >> set->rules[i].channel & 1)
		return 1;
	return change->living && owner->maker == MCR_JOINED_BY_CONSUMER &&
	       !bsearch(&owner->consumer, change->living, change->n_living, sizeof(*change->living),
			by_number);
}

/* Fills gone, a flag for each join of old. Returns how many stay, or -errno. */
static long mark(uint8_t *gone, const struct mcr_join_set *old,
		 const struct mcr_join_change *change, const struct mcr_join_names *names,
		 struct mcr_error *err)
{
	size_t kept = 0;
	int ret;

	for (size_t i = 0; i < old->n_joins; i++)
		gone[i] = (uint8_t)mcr_join_change_drops(change, old, i);
	if (change->n_remove > 0) {
		ret = mark_removed(gone, old, change, names, err);
		if (ret < 0)
			return ret;
	}
	for (size_t i = 0; i < old->n_joins; i++)
		kept += !gone[i];
	if (change->n_add > 0 && kept + change->n_add > MCR_JOINS_MAX)
		return mcr_error_set(err, -ENOSPC, "more than %d joins at a time", MCR_JOINS_MAX);
	return (long)kept;
}

static int allocate(struct mcr_join_set *set, size_t n, size_t n_sources)
{
	set->joins = calloc(n + 1, sizeof(*set->joins));
	set->sources = calloc(n_sources + 1, sizeof(*set->sources));
	set->rules = calloc(n + 1, sizeof(*set->rules));
	set->owners = calloc(n + 1, sizeof(*set->owners));
	return set->joins && set->sources && set->rules && set->owners ? 0 : -ENOMEM;
}

static void keep(struct mcr_join_set *set, struct mcr_address *sources,
		 const struct mcr_join_set *old, size_t i)
{
	struct mcr_join *join = &set->joins[set->n_joins];

	*join = old->joins[i];
	if (join->n_sources > 0)
		join->sources = memcpy(sources, join->sources, join->n_sources * sizeof(*sources));
	set->rules[set->n_joins] = old->rules[i];
	set->rules[set->n_joins].join = join;
	set->owners[set->n_joins++] = old->owners[i];
}

static int make_list(struct mcr_join_set *set, const struct mcr_join_set *old,
		     const struct mcr_join_change *change, const struct mcr_join_names *names,
		     struct mcr_error *err)
{
	uint8_t *gone = calloc(old->n_joins + 1, 1);
	long kept = gone ? mark(gone, old, change, names, err) : -ENOMEM;
	size_t room = mcr_join_room(change->add, change->n_add), used = 0;
	int ret = kept < 0 ? (int)kept : 0;

	for (size_t i = 0; ret == 0 && i < old->n_joins; i++)
		room += gone[i] ? 0 : old->joins[i].n_sources;
	if (ret == 0)
		ret = allocate(set, (size_t)kept + change->n_add, room);
	for (size_t i = 0; ret == 0 && i < old->n_joins; i++) {
		if (gone[i])
			continue;
		keep(set, set->sources + used, old, i);
		used += old->joins[i].n_sources;
	}
	for (size_t i = 0; ret == 0 && i < change->n_add; i++) {
		struct mcr_join *join = &set->joins[set->n_joins];

		ret = mcr_join_resolve(join, set->sources + used, &set->rules[set->n_joins],
				       &change->add[i], names, err);
		used += join->n_sources;
		set->owners[set->n_joins++] = change->owner;
	}
	for (size_t i = 0; ret == 0 && i < set->n_joins; i++)
		set->joins_in[set->rules[i].channel]++;
	free(gone);
	return ret;
}

/* ---- the groups ---- */

static int compare_group(uint16_t interface_a, const struct mcr_address *group_a,
			 uint16_t interface_b, const struct mcr_address *group_b)
{
	if (interface_a != interface_b)
		return interface_a < interface_b ? -1 : 1;
	return memcmp(group_a, group_b, sizeof(*group_a));
}

static int by_group(const void *a, const void *b)
{
	const struct mcr_rule *x = *(const struct mcr_rule *const *)a;
	const struct mcr_rule *y = *(const struct mcr_rule *const *)b;

	return compare_group(x->interface, &x->join->group, y->interface, &y->join->group);
}

const struct mcr_group *mcr_join_set_find(const struct mcr_join_set *set, uint16_t interface,
					  struct mcr_address group)
{
	for (size_t low = 0, high = set->n_groups; low < high;) {
		size_t middle = (low + high) / 2;
		const struct mcr_group *g = &set->groups[middle];
		int order = compare_group(interface, &group, g->interface, &g->group);

		if (order == 0)
			return g;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The group that n rules of one (interface, group) make. scratch: room for n joins. */
static int make_group(struct mcr_group *g, const struct mcr_join_set *set,
		      struct mcr_rule *const *rules, size_t n, const struct mcr_join **scratch)
{
	for (size_t i = 0; i < n; i++)
		scratch[i] = rules[i]->join;
	g->interface = rules[0]->interface;
	g->group = rules[0]->join->group;
	g->udp_port = rules[0]->join->port;
	g->channels = 0;
	for (size_t i = 0; i < n; i++) {
		g->channels |= UINT64_C(1) << rules[i]->channel;
		g->joins_of[set->owners[rules[i] - set->rules].maker]++;
		if (rules[i]->join->port != g->udp_port)
			g->udp_port = 0;
	}
	g->joins = (unsigned)n;
	return mcr_source_filter_merge(&g->source_filter, scratch, n);
}

static int make_groups(struct mcr_join_set *set, const struct mcr_join_set *old,
		       struct mcr_slots *slots, uint64_t now_ns)
{
	struct mcr_rule **order = calloc(set->n_joins + 1, sizeof(*order));
	const struct mcr_join **scratch = calloc(set->n_joins + 1, sizeof(*scratch));
	int ret = 0;

	set->groups = calloc(set->n_joins + 1, sizeof(*set->groups));
	if (!order || !scratch || !set->groups)
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
		ret = make_group(g, set, &order[i], n, scratch);
		if (ret < 0)
			break;
		before = mcr_join_set_find(old, g->interface, g->group);
		g->joined_ns = before ? before->joined_ns : now_ns;
		if (before)
			g->slot = before->slot;
		else
			ret = mcr_slots_take(slots, &g->slot);
		if (ret < 0) {
			free((void *)(uintptr_t)g->source_filter.sources);
			break;
		}
		set->n_groups++;
		set->groups_on[g->interface]++;
		for (size_t k = 0; k < n; k++)
			order[i + k]->membership = g->slot;
	}
	free(order);
	free(scratch);
	return ret;
}

int mcr_join_set_change(struct mcr_join_set **out, const struct mcr_join_set *old,
			const struct mcr_join_change *change, const struct mcr_join_names *names,
			struct mcr_slots *slots, uint64_t realtime_ns, struct mcr_error *err)
{
	struct mcr_join_set *set = calloc(1, sizeof(*set));
	int ret = -ENOMEM;

	if (set)
		ret = make_list(set, old, change, names, err);
	if (ret == 0) {
		ret = make_groups(set, old, slots, realtime_ns);
		if (ret == -ENOSPC)
			mcr_error_set(err, ret, "more than %d groups joined at a time",
				      MCR_MEMBERSHIPS_MAX);
	}
	if (ret == 0) {
		*out = set;
		return 0;
	}
	if (ret == -ENOMEM)
		mcr_error_set(err, ret, "not enough memory for the joins");
	mcr_join_set_undo(set, old, slots);
	return ret;
}

void mcr_join_set_undo(struct mcr_join_set *set, const struct mcr_join_set *old,
		       struct mcr_slots *slots)
{
	for (size_t i = 0; set && i < set->n_groups; i++) {
		const struct mcr_group *g = &set->groups[i];

		if (!mcr_join_set_find(old, g->interface, g->group))
			mcr_slots_give(slots, g->slot);
	}
	mcr_join_set_destroy(set);
}

void mcr_join_set_destroy(struct mcr_join_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->n_groups; i++)
		free((void *)(uintptr_t)set->groups[i].source_filter.sources);
	free(set->groups);
	free(set->owners);
	free(set->rules);
	free(set->sources);
	free(set->joins);
	free(set);
}
