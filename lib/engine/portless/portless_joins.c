/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "engine/portless/portless_state.h"

static void describe(const void *ctx, uint64_t consumer, char *text, size_t cap)
{
	mcr_attach_server_describe(ctx, consumer, text, cap);
}

static void name_all(const struct mcr_portless *p, struct mcr_join_names *names)
{
	*names = (struct mcr_join_names){.n_interfaces = p->n_interfaces,
					 .n_channels = MCR_CHANNELS_MAX,
					 .describe = describe,
					 .ctx = p->attach};
	for (unsigned i = 0; i < p->n_interfaces; i++)
		names->interfaces[i] = p->interfaces[i].name;
	for (unsigned i = 0; i < MCR_CHANNELS_MAX; i++)
		if (p->channels[i] && !p->channels[i]->config.per_program)
			names->channels[i] = p->channels[i]->config.name;
}

/* Nobody counts in slots here, so those of groups that were left are free at once. */
static void adopt(struct mcr_portless *p, struct mcr_join_set *next, struct mcr_group_table *table)
{
	struct mcr_join_set *old = p->joins;

	mcr_group_table_destroy(mcr_portless_show(p, table));
	p->joins = next;
	for (size_t i = 0; i < old->n_groups; i++)
		if (!mcr_join_set_find(next, old->groups[i].interface, old->groups[i].group))
			mcr_slots_give(&p->slots, old->groups[i].slot);
	mcr_join_set_destroy(old);
}

int mcr_portless_change(struct mcr_portless *p, const struct mcr_join_change *change,
			struct mcr_error *err)
{
	struct mcr_group_table *table;
	struct mcr_join_names names;
	struct mcr_join_set *next;
	int ret;

	if (p->is_stopping)
		return mcr_error_set(err, -ESHUTDOWN, "the engine is stopping");
	name_all(p, &names);
	ret = mcr_join_set_change(&next, p->joins, change, &names, &p->slots,
				  mcr_portless_clock(CLOCK_REALTIME), err);
	if (ret < 0)
		return ret;
	ret = mcr_group_table_create(&table, next->rules, next->n_joins);
	if (ret < 0) {
		mcr_join_set_undo(next, p->joins, &p->slots);
		return mcr_error_set(err, ret, "no memory to change the joins");
	}
	adopt(p, next, table);
	return 0;
}

int mcr_portless_consumer_update(void *portless, uint64_t consumer, const struct mcr_join *remove,
				 size_t n_remove, const struct mcr_join *add, size_t n_add,
				 struct mcr_error *err)
{
	const struct mcr_join_change change = {
	    .owner = {.consumer = consumer, .maker = MCR_JOINED_BY_CONSUMER},
	    .remove = remove,
	    .n_remove = n_remove,
	    .add = add,
	    .n_add = n_add};
	struct mcr_portless *p = portless;
	int ret = n_remove == 0 && n_add == 0 ? 0 : mcr_portless_change(p, &change, err);

	if (ret == 0)
		p->joined_ns = mcr_portless_clock(CLOCK_MONOTONIC);
	return ret;
}

int mcr_portless_consumers_ended(void *portless, const uint64_t *living, size_t n)
{
	const struct mcr_join_change change = {.living = living, .n_living = n};
	struct mcr_portless *p = portless;

	for (size_t i = 0; i < p->joins->n_joins; i++)
		if (mcr_join_change_drops(&change, p->joins, i))
			return mcr_portless_change(p, &change, NULL);
	return 0;
}

int mcr_portless_program_end(void *portless, const char *name)
{
	struct mcr_portless *p = portless;
	struct mcr_portless_channel *channel;
	unsigned at = 0;
	int ret = 0;

	while (at < MCR_CHANNELS_MAX &&
	       (!p->channels[at] || strcmp(p->channels[at]->config.name, name) != 0))
		at++;
	if (at == MCR_CHANNELS_MAX)
		return -ENOENT;
	channel = p->channels[at];
	if (p->joins->joins_in[at] > 0)
		ret = mcr_portless_change(
		    p, &(struct mcr_join_change){.channels = UINT64_C(1) << at}, NULL);
	if (ret < 0)
		return ret;
	p->channels[at] = NULL;
	mcr_portless_show(p, p->table);
	mcr_attach_server_remove_channel(p->attach, name);
	mcr_portless_drop_channel(p, channel);
	return 0;
}
