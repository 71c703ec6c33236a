/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nearest.h"
#include "engine/plan/channel_config.h"
#include "settings/fail.h"
#include "settings/feeds.h"
#include "settings/keys.h"
#include "settings/settings.h"
#include "settings/share.h"

struct mcr_settings *mcr_settings_create(void)
{
	return calloc(1, sizeof(struct mcr_settings));
}

static void free_strings(char **strings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(strings[i]);
	free(strings);
}

void mcr_settings_destroy(struct mcr_settings *s)
{
	if (!s)
		return;
	free_strings(s->eal, s->n_eal);
	free_strings(s->files, s->n_files);
	for (size_t i = 0; i < s->n_feeds; i++)
		mcr_feed_setting_clear(&s->feeds[i]);
	free(s->feeds);
	mcr_join_list_clear(&s->joins);
	free(s->origins);
	mcr_share_destroy(s->share);
	free(s);
}

/* Returns the copy in the list, or NULL: no memory. */
static const char *push_string(char ***strings, size_t *n, const char *text)
{
	char **bigger = reallocarray(*strings, *n + 1, sizeof(*bigger));

	if (!bigger)
		return NULL;
	*strings = bigger;
	bigger[*n] = strdup(text);
	if (!bigger[*n])
		return NULL;
	return bigger[(*n)++];
}

const char *mcr_settings_add_file(struct mcr_settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_files; i++)
		if (strcmp(s->files[i], name) == 0)
			return s->files[i];
	return push_string(&s->files, &s->n_files, name);
}

int mcr_settings_add_eal(struct mcr_settings *s, const char *argument, struct mcr_error *err)
{
	if (s->n_eal == MCR_SETTINGS_EAL_MAX)
		return mcr_fail(err, -ENOSPC, "more than %d EAL arguments", MCR_SETTINGS_EAL_MAX);
	return push_string(&s->eal, &s->n_eal, argument) ? 0 : mcr_fail_memory(err);
}

int mcr_settings_add_interface(struct mcr_settings *s, const struct mcr_interface_config *config,
			       struct mcr_origin origin, struct mcr_error *err)
{
	for (size_t i = 0; i < s->n_interfaces; i++) {
		const struct mcr_interface_setting *other = &s->interfaces[i];

		if (strcmp(other->config.name, config->name) == 0)
			return mcr_settings_name_taken("interface", config->name, other->origin,
						       err);
		if (strcmp(other->config.port, config->port) == 0 &&
		    other->config.vlan == config->vlan)
			return mcr_fail(err, -EEXIST,
					"port %s with VLAN %u is interface '%s' already: a port "
					"and a VLAN make one interface",
					config->port, config->vlan, other->config.name);
		if (config->kernel[0] && strcmp(other->config.kernel, config->kernel) == 0)
			return mcr_fail(err, -EEXIST,
					"interface '%s' has the kernel device '%s' already: each "
					"interface needs its own",
					other->config.name, config->kernel);
	}
	if (s->n_interfaces == MCR_INTERFACES_MAX)
		return mcr_fail(err, -ENOSPC, "more than %d interfaces", MCR_INTERFACES_MAX);
	s->interfaces[s->n_interfaces].config = *config;
	s->interfaces[s->n_interfaces].config.size = sizeof(*config);
	s->interfaces[s->n_interfaces++].origin = origin;
	return 0;
}

const struct mcr_channel_setting *mcr_settings_channel(const struct mcr_settings *s,
						       const char *name)
{
	for (size_t i = 0; i < s->n_channels; i++)
		if (strcmp(s->channels[i].config.name, name) == 0)
			return &s->channels[i];
	return NULL;
}

int mcr_settings_add_channel(struct mcr_settings *s, const struct mcr_channel_config *config,
			     struct mcr_origin origin, struct mcr_error *err)
{
	const struct mcr_channel_setting *other = mcr_settings_channel(s, config->name);

	if (other)
		return mcr_settings_name_taken("channel", config->name, other->origin, err);
	if (s->n_channels == MCR_CHANNELS_MAX)
		return mcr_fail(err, -ENOSPC, "more than %d channels", MCR_CHANNELS_MAX);
	if (mcr_channel_check_programs(config, err) < 0)
		return -EINVAL;
	s->channels[s->n_channels].config = *config;
	s->channels[s->n_channels].config.size = sizeof(*config);
	s->channels[s->n_channels++].origin = origin;
	return 0;
}

static int note_origins(struct mcr_settings *s, size_t from, struct mcr_origin origin,
			struct mcr_error *err)
{
	struct mcr_origin *bigger;

	if (s->joins.n > MCR_JOINS_MAX)
		return mcr_fail(err, -ENOSPC, "more than %d joins after expansion", MCR_JOINS_MAX);
	if (s->joins.n == from)
		return 0;
	bigger = reallocarray(s->origins, s->joins.cap, sizeof(*bigger));
	if (!bigger)
		return mcr_fail_memory(err);
	s->origins = bigger;
	for (size_t i = from; i < s->joins.n; i++)
		s->origins[i] = origin;
	return 0;
}

int mcr_settings_add_joins(struct mcr_settings *s, const char *text, struct mcr_origin origin,
			   struct mcr_error *err)
{
	size_t from = s->joins.n;
	int ret = mcr_join_parse(&s->joins, text, err);

	if (ret == 0)
		ret = note_origins(s, from, origin, err);
	if (ret < 0)
		s->joins.n = from;
	return ret;
}

static int add_join(struct mcr_settings *s, const struct mcr_join *join, struct mcr_origin origin,
		    struct mcr_error *err)
{
	if (mcr_join_list_add(&s->joins, join) < 0)
		return mcr_fail_memory(err);
	if (origin.file && !(origin.file = mcr_settings_add_file(s, origin.file)))
		return mcr_fail_memory(err);
	if (note_origins(s, s->joins.n - 1, origin, err) < 0)
		return mcr_settings_locate(origin, err, -ENOSPC);
	return 0;
}

static int add_joins_of(struct mcr_settings *s, const struct mcr_settings *from,
			struct mcr_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < from->joins.n; i++)
		ret = add_join(s, &from->joins.items[i], from->origins[i], err);
	return ret;
}

/* Where the feed and its lines stand. */
static int keep_origins(struct mcr_settings *s, struct mcr_feed_setting *feed,
			struct mcr_error *err)
{
	feed->origin.file = mcr_settings_add_file(s, feed->origin.file);
	for (unsigned i = 0; i < feed->config.n_lines; i++)
		feed->lines[i].file = feed->origin.file;
	return feed->origin.file ? 0 : mcr_fail_memory(err);
}

static int add_feeds_of(struct mcr_settings *s, const struct mcr_settings *from,
			struct mcr_error *err)
{
	for (size_t i = 0; i < from->n_feeds; i++) {
		struct mcr_feed_setting feed;
		int ret = mcr_feed_setting_copy(&feed, &from->feeds[i]);

		if (ret < 0)
			return mcr_fail_memory(err);
		if (feed.origin.file)
			ret = keep_origins(s, &feed, err);
		if (ret == 0)
			ret = mcr_settings_add_feed(s, &feed, err);
		if (ret < 0) {
			mcr_feed_setting_clear(&feed);
			return mcr_settings_locate(from->feeds[i].origin, err, ret);
		}
	}
	return 0;
}

static int add_lists_of(struct mcr_settings *s, const struct mcr_settings *from,
			struct mcr_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < from->n_eal; i++)
		ret = mcr_settings_add_eal(s, from->eal[i], err);
	for (size_t i = 0; ret == 0 && i < from->n_files; i++)
		ret = mcr_settings_add_file(s, from->files[i]) ? 0 : mcr_fail_memory(err);
	for (size_t i = 0; ret == 0 && i < from->n_interfaces; i++) {
		struct mcr_origin origin = from->interfaces[i].origin;

		if (origin.file)
			origin.file = mcr_settings_add_file(s, origin.file);
		ret = mcr_settings_add_interface(s, &from->interfaces[i].config, origin, err);
		if (ret < 0)
			return mcr_settings_locate(origin, err, ret);
	}
	for (size_t i = 0; ret == 0 && i < from->n_channels; i++) {
		struct mcr_origin origin = from->channels[i].origin;

		if (origin.file)
			origin.file = mcr_settings_add_file(s, origin.file);
		ret = mcr_settings_add_channel(s, &from->channels[i].config, origin, err);
		if (ret < 0)
			return mcr_settings_locate(origin, err, ret);
	}
	if (ret == 0)
		ret = add_feeds_of(s, from, err);
	return ret == 0 ? add_joins_of(s, from, err) : ret;
}

int mcr_settings_add(struct mcr_settings *s, const struct mcr_settings *from, struct mcr_error *err)
{
	mcr_keys_take(&mcr_engine_keys, &s->engine, &from->engine);
	mcr_keys_take(&mcr_attach_keys, &s->attach, &from->attach);
	mcr_keys_take(&mcr_stats_keys, &s->stats, &from->stats);
	mcr_keys_take(&mcr_shard_keys, &s->shard, &from->shard);
	s->takes_all |= from->takes_all;
	if (from->shard_origin.file && !s->shard_origin.file) {
		s->shard_origin = from->shard_origin;
		s->shard_origin.file = mcr_settings_add_file(s, from->shard_origin.file);
	}
	return add_lists_of(s, from, err);
}

struct mcr_attach_config mcr_settings_attach(const struct mcr_settings *s)
{
	const struct mcr_attach_setting *a = &s->attach;

	return (struct mcr_attach_config){
	    .mode = a->mode.value,
	    .gid = a->gid.set ? a->gid.value : UINT32_MAX,
	    .consumers_max = a->consumers.value,
	    .consumers_per_uid = a->consumers_per_uid.value,
	};
}

struct mcr_stats_config mcr_settings_stats(const struct mcr_settings *s)
{
	const struct mcr_stats_setting *t = &s->stats;

	return (struct mcr_stats_config){
	    .mode = t->mode.value,
	    .gid = t->gid.set ? t->gid.value : UINT32_MAX,
	};
}

/* ---- the whole ---- */

/* Of n settings, of size octets each. first: the name in the first of them. Writes "NAME, NAME";
 * wanted: one of them that there is not, for " (did you mean NAME?); there are: NAME, NAME". */
static void list_names(const char *first, size_t size, size_t n, const char *wanted, char *buf,
		       size_t cap)
{
	struct mcr_nearest search = mcr_nearest_to(wanted);
	char hint[MCR_NEAREST_HINT];
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		mcr_nearest_try(&search, first + i * size);
	buf[0] = '\0';
	if (wanted[0])
		used =
		    (size_t)snprintf(buf, cap, "%s; there are: ", mcr_nearest_hint(hint, &search));
	for (size_t i = 0; i < n && used < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s", i ? ", " : "",
					 first + i * size);
}

static int bad_join(const struct mcr_settings *s, size_t i, struct mcr_error *err,
		    const char *problem, const char *names)
{
	char text[160];

	mcr_join_format(text, sizeof(text), &s->joins.items[i]);
	mcr_fail(err, -EINVAL, "join '%s': %s%s", text, problem, names);
	return mcr_settings_locate(s->origins[i], err, -EINVAL);
}

static int resolve_interface(struct mcr_settings *s, size_t i, struct mcr_error *err)
{
	struct mcr_join *join = &s->joins.items[i];
	char names[200];

	if (!join->interface[0] && s->n_interfaces == 1) {
		memcpy(join->interface, s->interfaces[0].config.name, sizeof(join->interface));
		return 0;
	}
	for (size_t k = 0; k < s->n_interfaces; k++)
		if (strcmp(s->interfaces[k].config.name, join->interface) == 0)
			return 0;
	list_names(s->interfaces[0].config.name, sizeof(s->interfaces[0]), s->n_interfaces,
		   join->interface, names, sizeof(names));
	if (s->n_interfaces == 0)
		return bad_join(s, i, err, "there is no interface: give one with --interface", "");
	if (!join->interface[0])
		return bad_join(s, i, err, "name the interface, one of: ", names);
	return bad_join(s, i, err, "no such interface", names);
}

/* If the operator declared channels, an undeclared name is a mistake; if not, joins make the
 * channels that they name. "default" is always allowed. */
static int resolve_channel(struct mcr_settings *s, size_t i, size_t n_declared,
			   struct mcr_error *err)
{
	struct mcr_join *join = &s->joins.items[i];
	struct mcr_channel_config made = {.bytes = 0};
	const struct mcr_channel_setting *there;
	char names[200];

	if (!join->channel[0])
		strcpy(join->channel, MCR_DEFAULT_CHANNEL);
	there = mcr_settings_channel(s, join->channel);
	if (there && there->config.per_program)
		return bad_join(s, i, err, "only the programs themselves join into channel ",
				join->channel);
	if (there)
		return 0;
	if (n_declared && strcmp(join->channel, MCR_DEFAULT_CHANNEL) != 0) {
		list_names(s->channels[0].config.name, sizeof(s->channels[0]), s->n_channels,
			   join->channel, names, sizeof(names));
		return bad_join(s, i, err, "no such channel", names);
	}
	memcpy(made.name, join->channel, sizeof(made.name));
	if (mcr_settings_add_channel(s, &made, s->origins[i], err) < 0)
		return mcr_settings_locate(s->origins[i], err, -ENOSPC);
	return 0;
}

static void complete_engine(struct mcr_engine_setting *e)
{
	mcr_keys_complete(&mcr_engine_keys, e);
	if (!e->run_dir[0])
		snprintf(e->run_dir, sizeof(e->run_dir), MCR_RUN_ROOT "/%s", e->name);
}

static int add_line_joins(struct mcr_settings *s, struct mcr_error *err)
{
	struct mcr_line_joins joins;
	int ret = mcr_settings_line_joins(s, &joins);

	if (ret < 0)
		return mcr_fail_memory(err);
	for (size_t i = 0; ret == 0 && i < joins.list.n; i++)
		ret = add_join(s, &joins.list.items[i], joins.origins[i], err);
	mcr_line_joins_clear(&joins);
	return ret;
}

int mcr_settings_complete(struct mcr_settings *s, struct mcr_error *err)
{
	static const struct mcr_channel_config def = {.name = MCR_DEFAULT_CHANNEL};
	size_t n_declared = s->n_channels;
	int ret = 0;

	complete_engine(&s->engine);
	mcr_keys_complete(&mcr_attach_keys, &s->attach);
	mcr_keys_complete(&mcr_stats_keys, &s->stats);
	ret = mcr_share_create(&s->share, s, err);
	mcr_keys_complete(&mcr_shard_keys, &s->shard);
	if (ret == 0)
		ret = add_line_joins(s, err);
	for (size_t i = 0; ret == 0 && i < s->joins.n; i++) {
		ret = resolve_interface(s, i, err);
		if (ret == 0)
			ret = resolve_channel(s, i, n_declared, err);
	}
	if (ret == 0 && mcr_share_take(s) < 0)
		ret = mcr_fail_memory(err);
	if (ret == 0 && s->n_channels == 0)
		ret = mcr_settings_add_channel(s, &def, (struct mcr_origin){0}, err);
	for (size_t i = 0; ret == 0 && i < s->n_channels; i++)
		mcr_channel_fill(&s->channels[i].config);
	return ret;
}

static int by_membership(const void *a, const void *b)
{
	const struct mcr_join *const *x = a, *const *y = b;
	int order = strcmp((*x)->interface, (*y)->interface);

	if (order)
		return order;
	return memcmp(&(*x)->group, &(*y)->group, sizeof((*x)->group));
}

size_t mcr_settings_memberships(const struct mcr_settings *s)
{
	const struct mcr_join **sorted = calloc(s->joins.n + 1, sizeof(struct mcr_join *));
	size_t n = 0;

	if (!sorted)
		return 0;
	for (size_t i = 0; i < s->joins.n; i++)
		sorted[i] = &s->joins.items[i];
	qsort(sorted, s->joins.n, sizeof(struct mcr_join *), by_membership);
	for (size_t i = 0; i < s->joins.n; i++)
		n += i == 0 || by_membership(&sorted[i - 1], &sorted[i]) != 0;
	free(sorted);
	return n;
}
