/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/apply.h"
#include "settings/fail.h"
#include "settings/key_kinds.h"
#include "settings/values.h"

/* ---- the keys of the tables ---- */

static int apply_access(const struct mcr_config_reader *f, int mapping, const char *key,
			const struct mcr_access_yaml *y, struct mcr_access *access)
{
	int node = mcr_config_field(f, mapping, key);
	int users = mcr_config_field(f, node, "users"),
	    groups = mcr_config_field(f, node, "groups");
	int ret = 0, at = node;

	/* An empty list of readers would admit everybody, which is not what its author means. */
	if (y->n_users == 0 && y->n_groups == 0)
		ret = mcr_fail(f->err, -EINVAL,
			       "%s: expected users or groups; without readers everybody may "
			       "read, without joiners nobody may join",
			       key);
	for (unsigned i = 0; ret == 0 && i < y->n_users; i++) {
		at = mcr_config_doc_item(f->doc, users, i);
		ret = mcr_access_add_user(access, y->users[i], f->err);
	}
	for (unsigned i = 0; ret == 0 && i < y->n_groups; i++) {
		at = mcr_config_doc_item(f->doc, groups, i);
		ret = mcr_access_add_group(access, y->groups[i], f->err);
	}
	return mcr_config_located(f, at, NULL, ret);
}

static int apply_list(const struct mcr_config_reader *f, int mapping, const struct mcr_key *key,
		      const struct mcr_key_yaml *y, void *config)
{
	int list = mcr_config_field(f, mapping, key->name);

	for (unsigned i = 0; i < y->n; i++) {
		int ret = mcr_key_parse(key, config, y->list[i], f->err);

		if (ret < 0)
			return mcr_config_located(f, mcr_config_doc_item(f->doc, list, i),
						  key->name, ret);
	}
	return 0;
}

/* A mapping of names and their values: each is an entry NAME:VALUE. */
static int apply_pairs(const struct mcr_config_reader *f, int mapping, const struct mcr_key *key,
		       void *config)
{
	int node = mcr_config_field(f, mapping, key->name), value, ret = 0;
	const char *name, *text;
	char entry[128];

	if (node && mcr_config_doc_text(f->doc, node)) {
		ret = mcr_fail(f->err, -EINVAL, "found a value, expected a mapping (NAME: VALUE)");
		return mcr_config_located(f, node, key->name, ret);
	}
	for (size_t i = 0; ret == 0 && (value = mcr_config_doc_pair(f->doc, node, i, &name)); i++) {
		text = mcr_config_doc_text(f->doc, value);
		if (!text)
			ret = mcr_fail(f->err, -EINVAL, "found a list, expected a value");
		else if (snprintf(entry, sizeof(entry), "%s:%s", name, text) >= (int)sizeof(entry))
			ret = mcr_fail(f->err, -EINVAL, "'%.64s...': too long", name);
		else
			ret = mcr_key_parse(key, config, entry, f->err);
		ret = mcr_config_located(f, value, key->name, ret);
	}
	return ret;
}

/* Reads the values of one mapping into config. */
static int apply_keys(const struct mcr_config_reader *f, int mapping, const struct mcr_keys *keys,
		      const struct mcr_key_yaml *y, void *config)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < keys->n; i++) {
		const struct mcr_key *key = &keys->key[i];
		uint8_t *field = (uint8_t *)config + key->offset;

		if (key->flags & MCR_KEY_MAPPING)
			ret = apply_pairs(f, mapping, key, config);
		if (!y[i].text)
			continue;
		if (key->kind == &mcr_kind_access)
			ret = apply_access(f, mapping, key->name, y[i].access,
					   (struct mcr_access *)field);
		else if (key->kind->between)
			ret = apply_list(f, mapping, key, &y[i], config);
		else
			ret = mcr_config_located(f, mcr_config_field(f, mapping, key->name),
						 key->name,
						 mcr_key_parse(key, config, y[i].text, f->err));
	}
	return ret;
}

/* ---- the parts of a file ---- */

/* A value that was given before stays. */
static int apply_single_values(const struct mcr_config_reader *f, const struct mcr_config_yaml *y)
{
	struct mcr_engine_setting engine = {.name = ""};
	struct mcr_attach_setting attach = {.mode = {0}};
	struct mcr_stats_setting stats = {.mode = {0}};
	struct mcr_shard_setting shard = {.me = ""};
	int root = mcr_config_doc_root(f->doc);
	int ret = apply_keys(f, root, &mcr_engine_keys, y->engine, &engine);

	if (ret == 0 && y->attach)
		ret = apply_keys(f, mcr_config_field(f, root, "attach"), &mcr_attach_keys,
				 y->attach, &attach);
	if (ret == 0 && y->stats)
		ret = apply_keys(f, mcr_config_field(f, root, "stats"), &mcr_stats_keys, y->stats,
				 &stats);
	if (ret == 0 && y->shard)
		ret = apply_keys(f, mcr_config_field(f, root, "shard"), &mcr_shard_keys, y->shard,
				 &shard);
	if (y->shard && !f->s->shard_origin.file)
		f->s->shard_origin = mcr_config_origin(f, mcr_config_field(f, root, "shard"));
	mcr_keys_take(&mcr_engine_keys, &f->s->engine, &engine);
	mcr_keys_take(&mcr_attach_keys, &f->s->attach, &attach);
	mcr_keys_take(&mcr_stats_keys, &f->s->stats, &stats);
	mcr_keys_take(&mcr_shard_keys, &f->s->shard, &shard);
	return ret;
}

/* EAL would get "-l 0-1" in one entry as one argument, which it does not understand. */
static int check_eal(const char *text, struct mcr_error *err)
{
	if (text[0] == '-' && text[1] && text[1] != '-' && text[2] == ' ')
		return mcr_fail(
		    err, -EINVAL,
		    "'%.64s': expected one argument in each entry: write '%.2s' and '%.48s'", text,
		    text, text + 3);
	if (strcmp(text, "--") == 0)
		return mcr_fail(err, -EINVAL, "'--' ends EAL's arguments: leave it out");
	return 0;
}

static int apply_eal(const struct mcr_config_reader *f, const struct mcr_config_yaml *y)
{
	int list = mcr_config_field(f, mcr_config_doc_root(f->doc), "eal");

	for (unsigned i = 0; i < y->n_eal; i++) {
		int ret = check_eal(y->eal[i], f->err);

		if (ret == 0)
			ret = mcr_settings_add_eal(f->s, y->eal[i], f->err);
		if (ret < 0)
			return mcr_config_located(f, mcr_config_doc_item(f->doc, list, i), "eal",
						  ret);
	}
	return 0;
}

static int apply_interface(const struct mcr_config_reader *f, int node,
			   const struct mcr_key_yaml *y)
{
	struct mcr_interface_config cfg = {.vlan = 0};
	int ret = apply_keys(f, node, &mcr_interface_keys, y, &cfg);

	if (ret < 0)
		return ret;
	ret = mcr_settings_add_interface(f->s, &cfg, mcr_config_origin(f, node), f->err);
	return mcr_config_located(f, node, NULL, ret);
}

static int apply_channel(const struct mcr_config_reader *f, int node, const struct mcr_key_yaml *y)
{
	struct mcr_channel_config cfg = {.bytes = 0};
	int ret = apply_keys(f, node, &mcr_channel_keys, y, &cfg);

	if (ret < 0)
		return ret;
	ret = mcr_settings_add_channel(f->s, &cfg, mcr_config_origin(f, node), f->err);
	return mcr_config_located(f, node, NULL, ret);
}

static int take_join(const struct mcr_config_reader *f, void *ctx, const char *text,
		     struct mcr_origin origin)
{
	return mcr_settings_add_joins(f->s, text, origin, f->err);
}

int mcr_config_apply(const struct mcr_config_reader *f, const struct mcr_config_yaml *y)
{
	int root = mcr_config_doc_root(f->doc), list, ret = apply_single_values(f, y);

	if (ret == 0)
		ret = apply_eal(f, y);
	list = mcr_config_field(f, root, "interfaces");
	for (unsigned i = 0; ret == 0 && i < y->n_interfaces; i++)
		ret = apply_interface(f, mcr_config_doc_item(f->doc, list, i),
				      &y->interfaces[i * mcr_interface_keys.n]);
	list = mcr_config_field(f, root, "channels");
	for (unsigned i = 0; ret == 0 && i < y->n_channels; i++)
		ret = apply_channel(f, mcr_config_doc_item(f->doc, list, i),
				    &y->channels[i * mcr_channel_keys.n]);
	list = mcr_config_field(f, root, "joins");
	for (unsigned i = 0; ret == 0 && i < y->n_joins; i++)
		ret = mcr_config_apply_join(f, mcr_config_doc_item(f->doc, list, i), &y->joins[i],
					    take_join, NULL);
	list = mcr_config_field(f, root, "feeds");
	for (unsigned i = 0; ret == 0 && i < y->n_feeds; i++)
		ret = mcr_config_apply_feed(f, mcr_config_doc_item(f->doc, list, i), &y->feeds[i]);
	return ret;
}
