/* SPDX-License-Identifier: BSD-3-Clause */
/* Joins and leaves: one change of the join set becomes one report per interface and one view for
 * the rx lcores. The ports' filters follow in the control thread's next round (filter_ports.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/error.h"
#include "engine/attach/attach_server.h"
#include "engine/state/filter_ports.h"
#include "engine/state/joins.h"
#include "engine/state/kernel_groups.h"
#include "engine/state/publish.h"
#include "engine/state/routes.h"
#include "engine/state/state.h"

static int same_filter(const struct mcr_source_filter *a, const struct mcr_source_filter *b)
{
	return a->mode == b->mode && a->n == b->n &&
	       (a->n == 0 || memcmp(a->sources, b->sources, a->n * sizeof(*a->sources)) == 0);
}

static const struct mcr_source_filter nothing = {.mode = MCR_FILTER_INCLUDE};

static int set_filter(struct mcr_engine *e, const struct mcr_group *g,
		      const struct mcr_source_filter *filter, uint64_t now_ns)
{
	return mcr_engine_set_membership(e, g->interface, g->group, filter, now_ns);
}

/* Tells IGMP or MLD of every group of `to` that differs from `from`. On an error those reported so
 * far, *reported of them, can be reported back. */
static int report_changed(struct mcr_engine *e, const struct mcr_join_set *from,
			  const struct mcr_join_set *to, size_t n, size_t *reported,
			  uint64_t now_ns)
{
	for (size_t i = 0; i < n; i++) {
		const struct mcr_group *g = &to->groups[i];
		const struct mcr_group *before = mcr_join_set_find(from, g->interface, g->group);
		int ret = 0;

		if (!before || !same_filter(&before->source_filter, &g->source_filter))
			ret = set_filter(e, g, &g->source_filter, now_ns);
		if (ret < 0)
			return ret;
		*reported = i + 1;
	}
	return 0;
}

/* Leaves cannot fail. */
static void report_left(struct mcr_engine *e, const struct mcr_join_set *from,
			const struct mcr_join_set *to, size_t n, uint64_t now_ns)
{
	for (size_t i = 0; i < n; i++)
		if (!mcr_join_set_find(to, from->groups[i].interface, from->groups[i].group))
			set_filter(e, &from->groups[i], &nothing, now_ns);
}

static void report_undone(struct mcr_engine *e, const struct mcr_join_set *from,
			  const struct mcr_join_set *to, size_t reported, uint64_t now_ns)
{
	for (size_t i = 0; i < reported; i++) {
		const struct mcr_group *g = &to->groups[i];
		const struct mcr_group *before = mcr_join_set_find(from, g->interface, g->group);

		set_filter(e, g, before ? &before->source_filter : &nothing, now_ns);
	}
}

static void describe_consumer(const void *ctx, uint64_t consumer, char *text, size_t cap)
{
	mcr_attach_server_describe(ctx, consumer, text, cap);
}

static void name_all(const struct mcr_engine *e, struct mcr_join_names *names)
{
	*names = (struct mcr_join_names){.n_interfaces = e->n_interfaces,
					 .n_channels = MCR_CHANNELS_MAX,
					 .describe = describe_consumer,
					 .ctx = e->attach};
	for (size_t i = 0; i < e->n_interfaces; i++)
		names->interfaces[i] = e->interfaces[i].config.name;
	for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
		if (e->channels[i] && !e->channels[i]->config.per_program) /* that has no rings */
			names->channels[i] = e->channels[i]->config.name;
}

/* What the old set leaves behind once no lcore counts in it. */
static struct mcr_retired *retire_slots(const struct mcr_join_set *from,
					const struct mcr_join_set *to)
{
	struct mcr_retired *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->slots = calloc(from->n_groups + 1, sizeof(*r->slots));
	if (!r->slots) {
		free(r);
		return NULL;
	}
	for (size_t i = 0; i < from->n_groups; i++)
		if (!mcr_join_set_find(to, from->groups[i].interface, from->groups[i].group))
			r->slots[r->n_slots++] = from->groups[i].slot;
	return r;
}

/* No lcore counts in a new group's slot before the view that has it, so control may write here. */
static void clear_new_slots(struct mcr_engine *e, const struct mcr_join_set *from,
			    const struct mcr_join_set *to)
{
	for (size_t i = 0; i < to->n_groups; i++) {
		const struct mcr_group *g = &to->groups[i];

		if (mcr_join_set_find(from, g->interface, g->group))
			continue;
		for (unsigned w = 0; w < e->n_workers; w++)
			e->workers[w]->group_counts[g->slot] = (struct mcr_group_count){0};
	}
}

static int apply(struct mcr_engine *e, struct mcr_join_set *next, struct mcr_channel *dropped,
		 uint64_t now_ns)
{
	struct mcr_retired *r = retire_slots(e->joins, next);
	struct mcr_group_table *table = NULL;
	size_t reported = 0;
	int ret = r ? 0 : -ENOMEM;

	mcr_engine_mark_shared(e, next);
	if (ret == 0)
		ret = mcr_group_table_create(&table, next->rules, next->n_joins);
	if (ret == 0)
		ret = report_changed(e, e->joins, next, next->n_groups, &reported, now_ns);
	if (ret == 0) {
		clear_new_slots(e, e->joins, next);
		r->channel = dropped;
		ret = mcr_engine_publish(e, table, r);
	}
	if (ret < 0) {
		report_undone(e, e->joins, next, reported, now_ns);
		mcr_group_table_destroy(table);
		if (r)
			free(r->slots);
		free(r);
		return ret;
	}
	report_left(e, e->joins, next, e->joins->n_groups, now_ns);
	mcr_join_set_destroy(e->joins);
	e->joins = next;
	mcr_engine_joins_changed(e, now_ns);
	return 0;
}

void mcr_engine_renew_joins(struct mcr_engine *e, size_t interface, uint64_t now_ns)
{
	if (e->state >= MCR_ENGINE_STOPPING) /* all are left */
		return;
	for (size_t i = 0; i < e->joins->n_groups; i++) {
		const struct mcr_group *g = &e->joins->groups[i];

		/* Without memory it stays unreported, as with a report that is lost. */
		if (g->interface == interface &&
		    mcr_address_is_equal(g->group, mcr_address_solicited_node(g->group)))
			set_filter(e, g, &g->source_filter, now_ns);
	}
}

int mcr_engine_change_joins(struct mcr_engine *e, const struct mcr_join_change *wanted,
			    struct mcr_channel *dropped, struct mcr_error *err)
{
	uint64_t now_ns = mcr_clock_now_monotonic();
	struct mcr_join_names names;
	struct mcr_join_set *next;
	int ret;

	if (e->state >= MCR_ENGINE_STOPPING)
		return mcr_error_set(err, -ESHUTDOWN, "the engine is stopping");
	name_all(e, &names);
	ret = mcr_join_set_change(&next, e->joins, wanted, &names, &e->slots,
				  mcr_clock_now_realtime(), err);
	if (ret < 0)
		return ret;
	if (dropped)
		for (size_t i = 0; i < MCR_CHANNELS_MAX; i++)
			if (e->channels[i] == dropped)
				e->channels[i] = NULL;
	ret = apply(e, next, dropped, now_ns);
	if (ret == 0)
		return 0;
	mcr_join_set_undo(next, e->joins, &e->slots);
	return mcr_error_set(err, ret, "cannot change the joins: %s", strerror(-ret));
}

static int update(struct mcr_engine *e, struct mcr_join_owner owner, const struct mcr_join *remove,
		  size_t n_remove, const struct mcr_join *add, size_t n_add, struct mcr_error *err)
{
	const struct mcr_join_change wanted = {
	    .owner = owner, .remove = remove, .n_remove = n_remove, .add = add, .n_add = n_add};

	return n_remove == 0 && n_add == 0 ? 0 : mcr_engine_change_joins(e, &wanted, NULL, err);
}

int mcr_engine_update_as(struct mcr_engine *e, enum mcr_join_maker owner,
			 const struct mcr_join *remove, size_t n_remove, const struct mcr_join *add,
			 size_t n_add, struct mcr_error *err)
{
	if ((unsigned)owner >= MCR_JOIN_MAKERS || owner == MCR_JOINED_BY_CONSUMER)
		return mcr_error_set(err, -EINVAL, "joins cannot be made for owner %u",
				     (unsigned)owner);
	return update(e, (struct mcr_join_owner){.maker = (uint8_t)owner}, remove, n_remove, add,
		      n_add, err);
}

int mcr_engine_update(struct mcr_engine *e, const struct mcr_join *remove, size_t n_remove,
		      const struct mcr_join *add, size_t n_add, struct mcr_error *err)
{
	return mcr_engine_update_as(e, MCR_JOINED_BY_APPLICATION, remove, n_remove, add, n_add,
				    err);
}

int mcr_engine_consumer_update(void *engine, uint64_t consumer, const struct mcr_join *remove,
			       size_t n_remove, const struct mcr_join *add, size_t n_add,
			       struct mcr_error *err)
{
	return update(
	    engine, (struct mcr_join_owner){.consumer = consumer, .maker = MCR_JOINED_BY_CONSUMER},
	    remove, n_remove, add, n_add, err);
}

int mcr_engine_consumers_ended(void *engine, const uint64_t *living, size_t n)
{
	const struct mcr_join_change wanted = {.living = living, .n_living = n};
	struct mcr_engine *e = engine;

	for (size_t i = 0; i < e->joins->n_joins; i++)
		if (mcr_join_change_drops(&wanted, e->joins, i))
			return mcr_engine_change_joins(e, &wanted, NULL, NULL);
	return 0;
}

int mcr_engine_join(struct mcr_engine *e, const struct mcr_join *join, struct mcr_error *err)
{
	return mcr_engine_update(e, NULL, 0, join, 1, err);
}

int mcr_engine_leave(struct mcr_engine *e, const struct mcr_join *join, struct mcr_error *err)
{
	return mcr_engine_update(e, join, 1, NULL, 0, err);
}
