/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/feed/duration.h"
#include "core/join_order.h"
#include "join_lists.h"
#include "reload.h"
#include "settings/fail.h"
#include "settings/feeds.h"
#include "settings/keys.h"
#include "settings/share.h"
#include "start_check.h"

struct change {
	size_t n_new_channels;
	const struct mcr_channel_config *old_channels[MCR_CHANNELS_MAX];
	size_t n_old_channels;
	const struct mcr_channel_config *access[MCR_CHANNELS_MAX]; /* its live keys change */
	size_t n_access;
	size_t n_new_feeds, n_old_feeds, n_changed_feeds;
	bool shard;
};

/* Of the joins that go, those that another host has from now on are left later. */
static int divide_gone(struct mcr_reload_plan *plan, const struct mcr_settings *next,
		       const struct mcr_join_list *gone)
{
	struct mcr_join_list later = {0};
	int ret = mcr_joins_divide(&later, &plan->remove, gone, &next->share->elsewhere);

	if (ret == 0)
		ret = mcr_overlap_make(&plan->later, plan->overlap, &later);
	mcr_join_list_clear(&later);
	return ret;
}

static int find_joins(struct mcr_reload_plan *plan, const struct mcr_settings *next)
{
	struct mcr_join_list gone = {0};
	int ret = mcr_joins_subtract(&gone, &plan->held, &next->joins);

	if (ret == 0 && next->share && next->shard.overlap.value > 0) {
		ret = divide_gone(plan, next, &gone);
	} else if (ret == 0) {
		plan->remove = gone;
		gone = (struct mcr_join_list){0};
	}
	mcr_join_list_clear(&gone);
	return ret < 0 ? ret : mcr_joins_subtract(&plan->add, &next->joins, &plan->held);
}

/* Returns whether the engine still holds the joins that the plan starts from. */
static bool is_still_held(const struct mcr_reload_plan *plan, const struct mcr_engine *e)
{
	struct mcr_join_owner owner;
	struct mcr_join join;
	size_t n = 0;

	for (size_t i = 0; mcr_engine_join_owner(e, i, &owner) == 0; i++) {
		if (owner.maker != MCR_JOINED_BY_CONFIGURATION)
			continue;
		if (n == plan->held.n || mcr_engine_join_info(e, i, &join) < 0 ||
		    mcr_join_compare(&plan->held.items[n++], &join) != 0)
			return false;
	}
	return n == plan->held.n;
}

static void clear_joins(struct mcr_reload_plan *plan)
{
	mcr_join_list_clear(&plan->held);
	mcr_join_list_clear(&plan->remove);
	mcr_join_list_clear(&plan->add);
	mcr_overlap_clear(&plan->later);
}

/* If mcring-ctl left a join in the meantime, this makes the plan again. */
static int renew_joins(struct mcr_reload_plan *plan, const struct mcr_engine *e,
		       const struct mcr_settings *next)
{
	int ret;

	if (is_still_held(plan, e))
		return 0;
	clear_joins(plan);
	ret = mcr_joins_held(&plan->held, e);
	return ret < 0 ? ret : find_joins(plan, next);
}

static const struct mcr_channel_config *find(const struct mcr_settings *s, const char *name)
{
	const struct mcr_channel_setting *found = mcr_settings_channel(s, name);

	return found ? &found->config : NULL;
}

/* Lists the channels that next has and running has not, in the order of next. Returns how many. */
static size_t new_channels(const struct mcr_channel_config **out,
			   const struct mcr_settings *running, const struct mcr_settings *next)
{
	size_t n = 0;

	for (size_t i = 0; i < next->n_channels; i++)
		if (!find(running, next->channels[i].config.name))
			out[n++] = &next->channels[i].config;
	return n;
}

static const struct mcr_feed_config *find_feed(const struct mcr_settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_feeds; i++)
		if (strcmp(s->feeds[i].config.name, name) == 0)
			return &s->feeds[i].config;
	return NULL;
}

static void find_changed_feeds(struct change *c, const struct mcr_settings *running,
			       const struct mcr_settings *next)
{
	char unused[8];

	for (size_t i = 0; i < next->n_feeds; i++) {
		const struct mcr_feed_config *config = &next->feeds[i].config;
		const struct mcr_feed_config *was = find_feed(running, config->name);

		c->n_new_feeds += !was;
		c->n_changed_feeds +=
		    was && mcr_feed_config_difference(was, "", config, "", unused, sizeof(unused));
	}
	for (size_t i = 0; i < running->n_feeds; i++)
		c->n_old_feeds += !find_feed(next, running->feeds[i].config.name);
}

static void find_change(struct change *c, const struct mcr_settings *running,
			const struct mcr_settings *next)
{
	for (size_t i = 0; i < next->n_channels; i++) {
		const struct mcr_channel_config *config = &next->channels[i].config;
		const struct mcr_channel_config *was = find(running, config->name);

		c->n_new_channels += !was;
		if (was && mcr_keys_differ(&mcr_channel_keys, was, config, true))
			c->access[c->n_access++] = config;
	}
	for (size_t i = 0; i < running->n_channels; i++)
		if (!find(next, running->channels[i].config.name))
			c->old_channels[c->n_old_channels++] = &running->channels[i].config;
	find_changed_feeds(c, running, next);
	c->shard = mcr_keys_differ(&mcr_shard_keys, &running->shard, &next->shard, true);
}

/* ---- what needs a restart ---- */

static bool same_interfaces(const struct mcr_settings *a, const struct mcr_settings *b)
{
	bool same = a->n_interfaces == b->n_interfaces;

	for (size_t i = 0; same && i < a->n_interfaces; i++)
		same = !mcr_keys_differ(&mcr_interface_keys, &a->interfaces[i].config,
					&b->interfaces[i].config, false);
	return same;
}

static bool same_eal(const struct mcr_settings *a, const struct mcr_settings *b)
{
	bool same = a->n_eal == b->n_eal;

	for (size_t i = 0; same && i < a->n_eal; i++)
		same = strcmp(a->eal[i], b->eal[i]) == 0;
	return same;
}

static bool same_channels(const struct mcr_settings *a, const struct mcr_settings *b)
{
	bool same = true;

	for (size_t i = 0; same && i < a->n_channels; i++) {
		const struct mcr_channel_config *x = &a->channels[i].config, *y = find(b, x->name);

		same = !y || !mcr_keys_differ(&mcr_channel_keys, x, y, false);
	}
	return same;
}

static bool same_single_values(const struct mcr_settings *a, const struct mcr_settings *b)
{
	return !mcr_keys_differ(&mcr_engine_keys, &a->engine, &b->engine, false) &&
	       !mcr_keys_differ(&mcr_attach_keys, &a->attach, &b->attach, false) &&
	       !mcr_keys_differ(&mcr_stats_keys, &a->stats, &b->stats, false);
}

static void restart_note(const struct mcr_settings *running, const struct mcr_settings *next,
			 char *buf, size_t cap)
{
	snprintf(buf, cap, "%s%s%s%s", same_interfaces(running, next) ? "" : " interfaces,",
		 same_eal(running, next) ? "" : " EAL arguments,",
		 same_channels(running, next) ? "" : " the size or lcore of channels,",
		 same_single_values(running, next) ? ""
						   : " single values (name, idle and the like),");
	if (buf[0])
		buf[strlen(buf) - 1] = '\0';
}

/* The engine keeps what it was started with, so the next reload must compare with that. */
static void keep_started(struct mcr_settings *next, const struct mcr_settings *running)
{
	for (size_t i = 0; i < next->n_channels; i++) {
		const struct mcr_channel_config *was = find(running, next->channels[i].config.name);

		if (was)
			mcr_keys_copy(&mcr_channel_keys, &next->channels[i].config, was, false);
	}
	memcpy(next->interfaces, running->interfaces, sizeof(next->interfaces));
	for (size_t i = 0; i < running->n_interfaces; i++)
		next->interfaces[i].origin = (struct mcr_origin){NULL, 0};
	next->n_interfaces = running->n_interfaces;
	next->engine = running->engine;
	next->attach = running->attach;
	next->stats = running->stats;
}

static void swap_eal(struct mcr_settings *a, struct mcr_settings *b)
{
	char **eal = a->eal;
	size_t n = a->n_eal;

	a->eal = b->eal;
	a->n_eal = b->n_eal;
	b->eal = eal;
	b->n_eal = n;
}

/* ---- the change ---- */

struct old_channel {
	const struct mcr_channel_config *config;
	bool in_use;
};

static int compare_names(const void *a, const void *b)
{
	const struct old_channel *x = a, *y = b;

	return strcmp(x->config->name, y->config->name);
}

/* Makes one pass over the joins, of which there may be very many, for all channels. */
static void find_used(struct old_channel *channels, size_t n, const struct mcr_engine *e)
{
	struct mcr_channel_config config = {.name = ""};
	const struct old_channel key = {.config = &config};
	struct mcr_join join;

	qsort(channels, n, sizeof(*channels), compare_names);
	for (size_t i = 0; n > 0 && mcr_engine_join_info(e, i, &join) == 0; i++) {
		struct old_channel *found;

		snprintf(config.name, sizeof(config.name), "%s",
			 join.channel[0] ? join.channel : MCR_DEFAULT_CHANNEL);
		found = bsearch(&key, channels, n, sizeof(*channels), compare_names);
		if (found)
			found->in_use = true;
	}
}

/* Returns how many channels stay because joins made at run time use them. */
static size_t remove_channels(struct mcr_engine *e, const struct change *c,
			      struct mcr_settings *next)
{
	struct old_channel channels[MCR_CHANNELS_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < c->n_old_channels; i++)
		channels[i] = (struct old_channel){.config = c->old_channels[i]};
	find_used(channels, c->n_old_channels, e);
	for (size_t i = 0; i < c->n_old_channels; i++) {
		const struct mcr_channel_config *old = channels[i].config;

		if (!channels[i].in_use && mcr_engine_channel_remove(e, old->name, NULL) == 0)
			continue;
		/* It stays in the settings, so that another reload can remove it. */
		mcr_settings_add_channel(next, old, (struct mcr_origin){NULL, 0}, NULL);
		kept++;
	}
	return kept;
}

static int put_channels(struct mcr_engine *e, struct mcr_reload_plan *plan, struct mcr_error *err)
{
	for (size_t i = 0; i < plan->n_channels; i++) {
		int ret = mcr_engine_channel_put(e, plan->made[i], err);

		if (ret < 0) {
			while (i-- > 0)
				mcr_engine_channel_remove(e, plan->configs[i]->name, NULL);
			return ret;
		}
		plan->made[i] = NULL;
	}
	return 0;
}

static int carry_out(struct mcr_engine *e, const struct change *c, struct mcr_reload_plan *plan,
		     struct mcr_error *err)
{
	int ret = put_channels(e, plan, err);

	if (ret < 0)
		return ret;
	ret = mcr_engine_feeds_keep(e, plan->feeds, err);
	if (ret == 0 && plan->remove.n + plan->add.n > 0)
		ret = mcr_engine_update_as(e, MCR_JOINED_BY_CONFIGURATION, plan->remove.items,
					   plan->remove.n, plan->add.items, plan->add.n, err);
	for (size_t i = 0; ret < 0 && i < plan->n_channels; i++)
		mcr_engine_channel_remove(e, plan->configs[i]->name, NULL);
	for (size_t i = 0; ret == 0 && i < c->n_access; i++)
		ret = mcr_engine_channel_access(e, c->access[i], err);
	if (ret == 0) {
		mcr_engine_feeds_put(e, plan->feeds);
		plan->feeds = NULL;
	}
	return ret;
}

static void write_report(struct mcr_error *report, const struct change *c,
			 const struct mcr_reload_plan *plan, const struct mcr_settings *next,
			 int dry_run, size_t n_kept, const char *restart)
{
	const size_t later = mcr_overlap_joins(&plan->later);
	char kept[192] = "", within[64] = "", time[32];

	if (later)
		snprintf(within, sizeof(within), ", -%zu within %s", later,
			 mcr_duration_format(next->shard.overlap.value, time, sizeof(time)));
	if (n_kept)
		snprintf(kept, sizeof(kept), ", %zu kept for joins made at run time", n_kept);
	if (c->n_access)
		snprintf(kept + strlen(kept), sizeof(kept) - strlen(kept), ", access of %zu",
			 c->n_access);
	if (c->n_new_feeds + c->n_old_feeds + c->n_changed_feeds > 0)
		snprintf(kept + strlen(kept), sizeof(kept) - strlen(kept),
			 ", feeds +%zu -%zu, changed %zu", c->n_new_feeds, c->n_old_feeds,
			 c->n_changed_feeds);
	mcr_fail(report, 0, "%sjoins +%zu -%zu%s, channels +%zu -%zu%s%s%s%s",
		 dry_run ? "would change: " : "", plan->add.n, plan->remove.n, within,
		 c->n_new_channels, c->n_old_channels - n_kept, kept,
		 c->shard ? ", shard changed" : "", restart[0] ? "; needs a restart:" : "",
		 restart);
}

/* Lines that name this engine would become another one's while it runs on as it is. */
static int check_engine_name(const struct mcr_settings *running, const struct mcr_settings *next,
			     struct mcr_error *err)
{
	char now[MCR_NAME_MAX], then[MCR_NAME_MAX];

	mcr_feed_engine_name(now, running->engine.run_dir);
	mcr_feed_engine_name(then, next->engine.run_dir);
	if (strcmp(now, then) == 0)
		return 0;
	for (size_t i = 0; i < next->n_feeds; i++)
		if (next->feeds[i].config.lines[0].engine[0])
			return mcr_fail(err, -EINVAL,
					"the engine is %s, and would be %s, and lines of feed %s "
					"name engines: restart it",
					now, then, next->feeds[i].config.name);
	return 0;
}

int mcr_reload_check(const struct mcr_settings *running, const struct mcr_settings *next,
		     unsigned n_lcores, const char *root, struct mcr_error *err)
{
	const struct mcr_channel_config *channels[MCR_CHANNELS_MAX];
	size_t n = new_channels(channels, running, next);
	int ret = mcr_router_check(next, err);

	if (ret == 0)
		ret = check_engine_name(running, next, err);
	if (ret < 0)
		return ret;
	return n ? mcr_ring_memory_check(channels, n, n_lcores, 0, root, err) : 0;
}

int mcr_reload_begin(struct mcr_reload_plan *plan, const struct mcr_engine *e,
		     struct mcr_overlap *overlap, struct mcr_error *err)
{
	memset(plan, 0, sizeof(*plan));
	plan->overlap = overlap;
	return mcr_joins_held(&plan->held, e) == 0 ? 0 : mcr_fail_memory(err);
}

int mcr_reload_prepare(struct mcr_reload_plan *plan, struct mcr_engine *e,
		       const struct mcr_settings *running, const struct mcr_settings *next,
		       int dry_run, struct mcr_error *err)
{
	size_t n = dry_run ? 0 : new_channels(plan->configs, running, next),
	       *made = &plan->n_channels;
	int ret = find_joins(plan, next);

	if (ret < 0)
		return mcr_fail_memory(err);
	for (; ret == 0 && *made < n; *made += ret == 0)
		ret = mcr_engine_channel_prepare(e, plan->configs[*made], &plan->made[*made], err);
	if (ret == 0)
		ret = mcr_settings_feeds(next, &plan->feeds, err);
	return ret;
}

void mcr_reload_end(struct mcr_reload_plan *plan, struct mcr_engine *e)
{
	for (size_t i = 0; i < plan->n_channels; i++)
		mcr_engine_channel_discard(e, plan->made[i]);
	plan->n_channels = 0;
	mcr_feeds_destroy(plan->feeds);
	plan->feeds = NULL;
	clear_joins(plan);
}

int mcr_reload_apply(struct mcr_engine *e, struct mcr_settings **running, struct mcr_settings *next,
		     struct mcr_reload_plan *plan, int dry_run, uint64_t now_ns,
		     struct mcr_error *report)
{
	struct change c = {.n_new_channels = 0};
	char restart[160];
	size_t n_kept = 0;
	int ret = renew_joins(plan, e, next);

	find_change(&c, *running, next);
	if (ret < 0)
		mcr_fail_memory(report);
	restart_note(*running, next, restart, sizeof(restart));
	if (ret == 0 && !dry_run)
		ret = carry_out(e, &c, plan, report);
	if (ret == 0 && !dry_run) {
		keep_started(next, *running);
		swap_eal(next, *running);
		n_kept = remove_channels(e, &c, next);
	}
	if (ret == 0)
		write_report(report, &c, plan, next, dry_run, n_kept, restart);
	if (ret == 0 && !dry_run) {
		mcr_overlap_begin(&plan->later, now_ns + next->shard.overlap.value);
		mcr_overlap_clear(plan->overlap);
		*plan->overlap = plan->later;
		plan->later = (struct mcr_overlap){NULL, 0};
		mcr_settings_destroy(*running);
		*running = next;
	}
	return ret;
}
