/* SPDX-License-Identifier: BSD-3-Clause */
/* Memberships, and the joins behind them. */
#include <string.h>

#include "engine/control/control_info.h"
#include "engine/control/control_json.h"

#define OWN_GROUPS_MAX 16 /* of an interface */

#define ITEM(fn) static MCR_CONTROL_ITEM(fn)

/* The first ones: n_sources says how many there are. */
static json_t *sources_of(const struct mcr_engine *engine, size_t i)
{
	struct mcr_address list[MCR_JOIN_SOURCES_MAX];
	int n = mcr_engine_group_sources(engine, i, list, MCR_JOIN_SOURCES_MAX);
	json_t *sources = json_array();

	for (int k = 0; sources && k < n && k < MCR_JOIN_SOURCES_MAX; k++)
		json_array_append_new(sources, mcr_json_address(list[k]));
	return sources;
}

/* How many joins each maker has in the group. */
static json_t *owners_of(const struct mcr_group_info *g)
{
	json_t *owners = json_object();

	for (unsigned m = 0; owners && m < MCR_JOIN_MAKERS; m++)
		if (g->joins_of[m] > 0)
			json_object_set_new(owners, mcr_join_maker_name(m),
					    mcr_json_number(g->joins_of[m]));
	return owners;
}

/* Item i of those that the answer shows. */
MCR_CONTROL_ITEM(mcr_control_group)
{
	struct mcr_group_info g = {.size = sizeof(g)};

	if (snapshot->groups) {
		if (i >= snapshot->n_groups)
			return NULL;
		i = snapshot->groups[i];
	}
	if (mcr_engine_group_info(src->engine, i, &g) < 0)
		return NULL;
	return json_pack(
	    "{so so ss si so si so so so so so so so so so so so so}", "interface",
	    mcr_json_string(g.interface), "group", mcr_json_address(g.group), "mode",
	    g.mode == MCR_FILTER_INCLUDE ? "include" : "exclude", "n_sources", (int)g.n_sources,
	    "sources", sources_of(src->engine, i), "joins", (int)g.joins, "owners", owners_of(&g),
	    "packets", mcr_json_number(g.packets), "bytes", mcr_json_number(g.bytes), "joined_ns",
	    mcr_json_number_or_null(g.joined_ns), "first_ns", mcr_json_number_or_null(g.first_ns),
	    "last_ns", mcr_json_number_or_null(g.last_ns), "rung", mcr_json_string(g.rung),
	    "rung_reason", mcr_json_string(g.rung_reason), "queue",
	    g.queue < 0 ? json_null() : mcr_json_number((uint64_t)g.queue), "igmp_state",
	    mcr_json_string(g.igmp_state), "last_report_ns",
	    mcr_json_number_or_null(g.last_report_ns), "last_query_ns",
	    mcr_json_number_or_null(g.last_query_ns));
}

static size_t place_of_interface(const struct mcr_control_source *src, const char *name)
{
	struct mcr_interface_config config = {.size = sizeof(config)};
	size_t i = 0;

	while (mcr_engine_interface_config(src->engine, i, &config) == 0 &&
	       strcmp(config.name, name) != 0)
		i++;
	return i;
}

/* Groups are in the order of their interfaces, and on each by address. */
static int is_behind(const struct mcr_control_source *src, const struct mcr_group_info *a,
		     const struct mcr_group_info *b)
{
	if (strcmp(a->interface, b->interface) != 0)
		return place_of_interface(src, a->interface) >
		       place_of_interface(src, b->interface);
	return memcmp(&a->group, &b->group, sizeof(a->group)) > 0;
}

/* Those that were chosen are known by their indices alone. */
static void keep_group(const struct mcr_control_source *src, struct mcr_control_snapshot *snapshot,
		       size_t i)
{
	snapshot->group.size = sizeof(snapshot->group);
	if (!snapshot->groups)
		mcr_engine_group_info(src->engine, i - 1, &snapshot->group);
}

static size_t find_group(const struct mcr_control_source *src,
			 const struct mcr_control_snapshot *snapshot, size_t i)
{
	const struct mcr_group_info *last = &snapshot->group;
	struct mcr_group_info g = {.size = sizeof(g)};
	size_t low = 0, high = MCR_MEMBERSHIPS_MAX;

	if (snapshot->groups || (mcr_engine_group_info(src->engine, i - 1, &g) == 0 &&
				 !is_behind(src, &g, last) && !is_behind(src, last, &g)))
		return i;
	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (mcr_engine_group_info(src->engine, middle, &g) < 0 || is_behind(src, &g, last))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const struct mcr_control_array mcr_control_by_group = {keep_group, find_group};

MCR_CONTROL_ITEM(mcr_control_groups_total)
{
	struct mcr_interface_info f = {.size = sizeof(f)};
	uint64_t total = 0;

	(void)snapshot;
	for (; mcr_engine_interface_info(src->engine, i, &f) == 0; i++)
		total += f.groups;
	return mcr_json_number(total);
}

/* The groups that an interface is a member of by itself. */
ITEM(own)
{
	struct mcr_interface_info f = {.size = sizeof(f)};
	struct mcr_address list[OWN_GROUPS_MAX];
	int n = mcr_engine_interface_groups(src->engine, i, list, OWN_GROUPS_MAX);
	json_t *groups;

	if (n < 0 || mcr_engine_interface_info(src->engine, i, &f) < 0)
		return NULL;
	groups = json_array();
	for (int k = 0; groups && k < n && k < OWN_GROUPS_MAX; k++)
		json_array_append_new(groups, mcr_json_address(list[k]));
	return json_pack("{so so}", "interface", mcr_json_string(f.name), "groups", groups);
}

ITEM(join)
{
	struct mcr_join_owner owner;
	struct mcr_join j;
	char text[4096];

	if (mcr_engine_join_info(src->engine, i, &j) < 0 ||
	    mcr_engine_join_owner(src->engine, i, &owner) < 0)
		return NULL;
	mcr_join_format(text, sizeof(text), &j);
	return json_pack("{so ss so}", "join", mcr_json_string(text), "owner",
			 mcr_join_maker_name(owner.maker), "consumer",
			 mcr_json_number_or_null(owner.consumer));
}

const struct mcr_control_section mcr_control_groups[] = {
    {"groups", &mcr_control_by_group, mcr_control_group},
    {"joins", &mcr_control_by_index, join},
    {"own", &mcr_control_by_index, own},
    {NULL, NULL, NULL},
};
