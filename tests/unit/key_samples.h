/* SPDX-License-Identifier: BSD-3-Clause */
/* Two values of each key, and files that have them: to walk the tables of settings/keys.h. */
#ifndef MCR_TEST_KEY_SAMPLES_H
#define MCR_TEST_KEY_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "settings/key_kinds.h"

#define VALUE_MAX 128
#define TEXT_MAX  1024

static const struct mcr_keys *const tables[] = {&mcr_interface_keys, &mcr_channel_keys,
						&mcr_attach_keys,    &mcr_stats_keys,
						&mcr_shard_keys,     &mcr_engine_keys};

typedef void (*key_test)(const struct mcr_keys *keys, const struct mcr_key *key);

static inline void each_key(key_test test)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (size_t i = 0; i < tables[t]->n; i++)
			test(tables[t], &tables[t]->key[i]);
}

/* ---- a value of each kind ---- */

/* i = 0: the word of the first value that is not 0, so not the default; 1: that of 0, or of 2. */
static inline const char *sample_word(const struct mcr_word *words, unsigned i)
{
	uint32_t value = i ? 0 : 1;

	if (i && !mcr_word_of(words, 0)) /* the default has no word */
		value = 2;
	while (!mcr_word_of(words, value))
		value++;
	return mcr_word_of(words, value);
}

/* One or two below the largest, or the two that there are. */
static inline uint64_t number(const struct mcr_key *key, unsigned i)
{
	return key->max - key->min < 2 ? key->min + i : key->max - 1 - i;
}

/* Value 0 and value 1 of a key differ, and value 0 is not the default. As on the command line. */
static inline void sample(const struct mcr_key *key, unsigned i, char *buf)
{
	const struct mcr_key_kind *kind = key->kind;

	if (kind == &mcr_kind_name || kind == &mcr_kind_port || kind == &mcr_kind_device)
		sprintf(buf, "sample%u", i);
	else if (kind == &mcr_kind_path)
		sprintf(buf, "/sample%u", i);
	else if (kind == &mcr_kind_address)
		sprintf(buf, "10.0.0.%u/%u", i + 1, i + 8);
	else if (kind == &mcr_kind_address6)
		sprintf(buf, "2001:db8::%u/%u", i + 1, i + 64);
	else if (kind == &mcr_kind_word)
		strcpy(buf, sample_word(key->words, i));
	else if (kind == &mcr_kind_number || kind == &mcr_kind_seconds)
		sprintf(buf, "%llu", (unsigned long long)number(key, i));
	else if (kind == &mcr_kind_decimal_seconds)
		sprintf(buf, "%u.%03u", 7 + i, 20 * i);
	else if (kind == &mcr_kind_size)
		sprintf(buf, "%llu", (unsigned long long)key->min << (i + 1));
	else if (kind == &mcr_kind_mode)
		sprintf(buf, "06%u0", i);
	else if (kind == &mcr_kind_group || kind == &mcr_kind_one_user ||
		 kind == &mcr_kind_one_group)
		sprintf(buf, "%u", 70 + i);
	else if (kind == &mcr_kind_lcores)
		sprintf(buf, "3/%u", 4 + i);
	else if (kind == &mcr_kind_prefixes)
		sprintf(buf, "10.%u.0.0/16+2001:db8::/%u", i, i + 40);
	else if (kind == &mcr_kind_scopes)
		strcpy(buf, i ? "none" : "239.128.0.0/9+ff15::/16");
	else if (kind == &mcr_kind_static_groups)
		sprintf(buf, "239.1.1.%u+ff35::1@2001:db8::%u", i, i + 1);
	else if (kind == &mcr_kind_host)
		sprintf(buf, "host%u", i + 1);
	else if (kind == &mcr_kind_hosts)
		sprintf(buf, "host0+host%u", i + 3);
	else if (kind == &mcr_kind_weights)
		sprintf(buf, "host0:2+host1:%u", i + 3);
	else if (kind == &mcr_kind_duration)
		sprintf(buf, "%ums", 1500 + i);
	else if (kind == &mcr_kind_access)
		sprintf(buf, "users %u groups 8 9", 70 + i);
	else
		fail_msg("'%s' is of a kind that has no sample here: add one", key->name);
}

/* ---- the same in the file ---- */

/* "KEY: {NAME: VALUE, NAME: VALUE}" of NAME:VALUE+NAME:VALUE. */
static inline void in_a_mapping(const struct mcr_key *key, const char *value, char *buf)
{
	buf += sprintf(buf, "%s: {", key->name);
	for (; *value; value++)
		buf += sprintf(buf, *value == ':' || *value == '+' ? "%c " : "%c",
			       *value == '+' ? ',' : *value);
	strcpy(buf, "}");
}

/* What `shard` needs beside a key: as many hosts as there may be copies, and which one this is.
 * form: behind a key, before the hosts, between two, behind them. */
static inline void shard_needs(const struct mcr_key *key, const char *const form[4], char *buf)
{
	if (!key || key->kind != &mcr_kind_hosts) {
		buf += sprintf(buf, "hosts%s%shost0", form[0], form[1]);
		for (unsigned i = 1; i < MCR_SHARD_HOSTS_MAX; i++)
			buf += sprintf(buf, "%shost%u", form[2], i);
		buf += sprintf(buf, "%s,", form[3]);
	}
	if (!key || key->kind != &mcr_kind_host)
		sprintf(buf, "me%shost0,", form[0]);
}

/* "KEY: VALUE" */
static inline void in_the_file(const struct mcr_key *key, const char *value, char *buf)
{
	size_t len;

	if (key->kind == &mcr_kind_access)
		sprintf(buf, "%s: {users: [%.2s], groups: [8, 9]}", key->name, value + 6);
	else if (key->kind == &mcr_kind_one_user)
		sprintf(buf, "readers: {users: [%s]}", value);
	else if (key->kind == &mcr_kind_one_group)
		sprintf(buf, "readers: {groups: [%s]}", value);
	else if (key->flags & MCR_KEY_MAPPING)
		in_a_mapping(key, value, buf);
	else if (key->kind->between) {
		buf += sprintf(buf, "%s: [", key->name);
		for (; *value; value += len + (value[len] != '\0')) {
			len = (size_t)(strchrnul(value, key->kind->between) - value);
			buf += sprintf(buf, "%.*s, ", (int)len, value);
		}
		strcpy(buf, "]");
	} else
		sprintf(buf, "%s: %s", key->name, value);
}

/* key NULL: nothing but what is required. */
static inline void file_with(const struct mcr_keys *keys, const struct mcr_key *key,
			     const char *value, char *buf)
{
	const char *name = key && strcmp(key->name, "name") == 0 ? "" : "name: a, ";
	const char *port = key && strcmp(key->name, "port") == 0 ? "" : "port: p, ";
	static const char *const form[4] = {": ", "[", ", ", "]"};
	char pair[TEXT_MAX] = "", needs[TEXT_MAX] = "";

	if (key)
		in_the_file(key, value, pair);
	if (keys == &mcr_interface_keys)
		sprintf(buf, "interfaces: [{%s%s%s}]\n", name, port, pair);
	else if (keys == &mcr_channel_keys)
		sprintf(buf, "channels: [{%s%s}]\n", name, pair);
	else if (keys == &mcr_attach_keys)
		sprintf(buf, "attach: {%s}\n", pair);
	else if (keys == &mcr_stats_keys)
		sprintf(buf, "stats: {%s}\n", pair);
	else if (keys == &mcr_shard_keys) {
		shard_needs(key, form, needs);
		sprintf(buf, "shard: {%s%s}\n", needs, pair);
	} else
		sprintf(buf, "%s\n", pair);
}

static inline struct mcr_settings *from_file(const char *text)
{
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_error err = {""};

	if (mcr_config_parse(s, "m.yaml", text, strlen(text), &err) < 0 ||
	    mcr_settings_complete(s, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return s;
}

/* What a table's keys are of. */
static inline const void *config_of(const struct mcr_keys *keys, const struct mcr_settings *s)
{
	if (keys == &mcr_interface_keys)
		return &s->interfaces[0].config;
	if (keys == &mcr_channel_keys)
		return &s->channels[0].config;
	if (keys == &mcr_attach_keys)
		return &s->attach;
	if (keys == &mcr_shard_keys)
		return &s->shard;
	return keys == &mcr_stats_keys ? (const void *)&s->stats : (const void *)&s->engine;
}

static inline bool is_same(const struct mcr_keys *keys, const void *a, const void *b)
{
	return !mcr_keys_differ(keys, a, b, false) && !mcr_keys_differ(keys, a, b, true);
}

#endif
