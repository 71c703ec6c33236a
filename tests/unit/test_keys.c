/* SPDX-License-Identifier: BSD-3-Clause */
/* Walks the tables of keys: each key is known to the file, the command line, --check, --help,
 * reload and the documentation, so that none of them is forgotten for a new one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "expand.h"
#include "fake_engine.h"
#include "options.h"
#include "reload.h"
#include "settings/key_kinds.h"
#include "settings/values.h"

#define VALUE_MAX 64
#define TEXT_MAX  512

static const struct mcr_keys *const tables[] = {&mcr_interface_keys, &mcr_channel_keys,
						&mcr_attach_keys, &mcr_engine_keys};

typedef void (*key_test)(const struct mcr_keys *keys, const struct mcr_key *key);

static void each_key(key_test test)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (size_t i = 0; i < tables[t]->n; i++)
			test(tables[t], &tables[t]->key[i]);
}

/* ---- a value of each kind ---- */

/* i = 0: a word that is not the default; 1: another. */
static const char *sample_word(const struct mcr_word *words, unsigned i)
{
	const char *text = NULL;

	for (uint32_t value = 0; i == 0 && !text; value++)
		text = value ? mcr_word_of(words, value) : NULL;
	return i == 0 ? text : mcr_word_of(words, 0);
}

/* Value 0 and value 1 of a key differ, and value 0 is not the default. As on the command line. */
static void sample(const struct mcr_key *key, unsigned i, char *buf)
{
	const struct mcr_kind *kind = key->kind;

	if (kind == &mcr_kind_name || kind == &mcr_kind_port || kind == &mcr_kind_device)
		sprintf(buf, "sample%u", i);
	else if (kind == &mcr_kind_path)
		sprintf(buf, "/sample%u", i);
	else if (kind == &mcr_kind_address)
		sprintf(buf, "10.0.0.%u/%u", i + 1, i + 8);
	else if (kind == &mcr_kind_word)
		strcpy(buf, sample_word(key->words, i));
	else if (kind == &mcr_kind_number || kind == &mcr_kind_seconds)
		sprintf(buf, "%llu", (unsigned long long)key->max - 1 - i);
	else if (kind == &mcr_kind_size)
		sprintf(buf, "%llu", (unsigned long long)key->min << (i + 1));
	else if (kind == &mcr_kind_mode)
		sprintf(buf, "06%u0", i);
	else if (kind == &mcr_kind_group || kind == &mcr_kind_one_user ||
		 kind == &mcr_kind_one_group)
		sprintf(buf, "%u", 70 + i);
	else if (kind == &mcr_kind_lcores)
		sprintf(buf, "3/%u", 4 + i);
	else if (kind == &mcr_kind_access)
		sprintf(buf, "users %u groups 8 9", 70 + i);
	else
		fail_msg("'%s' is of a kind that has no sample here: add one", key->name);
}

/* ---- the same in the file ---- */

/* "KEY: VALUE" */
static void in_the_file(const struct mcr_key *key, const char *value, char *buf)
{
	const char *rest = strchr(value, '/');

	if (key->kind == &mcr_kind_access)
		sprintf(buf, "%s: {users: [%.2s], groups: [8, 9]}", key->name, value + 6);
	else if (key->kind == &mcr_kind_one_user)
		sprintf(buf, "readers: {users: [%s]}", value);
	else if (key->kind == &mcr_kind_one_group)
		sprintf(buf, "readers: {groups: [%s]}", value);
	else if (key->kind->is_list)
		sprintf(buf, "%s: [%.*s, %s]", key->name, (int)(rest - value), value, rest + 1);
	else
		sprintf(buf, "%s: %s", key->name, value);
}

/* key NULL: nothing but what is required. */
static void file_with(const struct mcr_keys *keys, const struct mcr_key *key, const char *value,
		      char *buf)
{
	const char *name = key && strcmp(key->name, "name") == 0 ? "" : "name: a, ";
	const char *port = key && strcmp(key->name, "port") == 0 ? "" : "port: p, ";
	char pair[TEXT_MAX] = "";

	if (key)
		in_the_file(key, value, pair);
	if (keys == &mcr_interface_keys)
		sprintf(buf, "interfaces: [{%s%s%s}]\n", name, port, pair);
	else if (keys == &mcr_channel_keys)
		sprintf(buf, "channels: [{%s%s}]\n", name, pair);
	else if (keys == &mcr_attach_keys)
		sprintf(buf, "attach: {%s}\n", pair);
	else
		sprintf(buf, "%s\n", pair);
}

static struct mcr_settings *from_file(const char *text)
{
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_error err = {""};

	if (mcr_config_parse(s, "m.yaml", text, strlen(text), &err) < 0 ||
	    mcr_settings_complete(s, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return s;
}

/* What a table's keys are of. */
static const void *config_of(const struct mcr_keys *keys, const struct mcr_settings *s)
{
	if (keys == &mcr_interface_keys)
		return &s->interfaces[0].config;
	if (keys == &mcr_channel_keys)
		return &s->channels[0].config;
	return keys == &mcr_attach_keys ? (const void *)&s->attach : (const void *)&s->engine;
}

static bool is_same(const struct mcr_keys *keys, const void *a, const void *b)
{
	return !mcr_keys_differ(keys, a, b, false) && !mcr_keys_differ(keys, a, b, true);
}

/* ---- the command line ---- */

/* The option's argument; "" = it has none. */
static void argument(const struct mcr_keys *keys, const struct mcr_key *key, const char *option,
		     const char *value, char *buf)
{
	bool is_name = strcmp(key->name, "name") == 0, is_port = strcmp(key->name, "port") == 0;
	const char *head = keys == &mcr_interface_keys ? "a=p," : "a,";

	if (keys == &mcr_engine_keys)
		strcpy(buf, strcmp(key->name, "keep_memberships") == 0 ? "" : value);
	else if (keys == &mcr_attach_keys)
		snprintf(buf, TEXT_MAX, "%s=%s", option, value);
	else if (is_name)
		snprintf(buf, TEXT_MAX, "%s%s", value, keys == &mcr_interface_keys ? "=p" : "");
	else if (is_port)
		snprintf(buf, TEXT_MAX, "a=%s", value);
	else
		snprintf(buf, TEXT_MAX, "%s%s=%s", head, option, value);
}

static void option_of(const struct mcr_key *key, char *buf)
{
	strcpy(buf, key->name);
	for (char *c = buf; *c; c++)
		*c = *c == '_' ? '-' : *c;
}

static struct mcr_settings *from_options(const struct mcr_keys *keys, const struct mcr_key *key,
					 const char *value)
{
	char option[64], name[70], text[TEXT_MAX];
	char *argv[] = {(char[]){"mcring"}, name, text, NULL};
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_error err = {""};
	struct mcr_options o;

	option_of(key, option);
	sprintf(name, "--%s", keys == &mcr_engine_keys ? option : keys->of);
	argument(keys, key, option, value, text);
	if (mcr_options_parse(&o, s, text[0] ? 3 : 2, argv, &err) < 0 ||
	    mcr_settings_complete(s, &err) < 0)
		fail_msg("%s %s: %s", name, text, err.text);
	return s;
}

static void is_alike(const struct mcr_keys *keys, const struct mcr_key *key)
{
	for (unsigned i = 0; i < 2; i++) {
		char value[VALUE_MAX], text[TEXT_MAX];
		struct mcr_settings *file, *options;

		if (key->flags & MCR_KEY_FILE_ONLY ||
		    (i && strcmp(key->name, "keep_memberships") == 0))
			continue;
		sample(key, i, value);
		file_with(keys, key, value, text);
		file = from_file(text);
		options = from_options(keys, key, value);
		if (!is_same(keys, config_of(keys, file), config_of(keys, options)))
			fail_msg("%s '%s': file and command line differ", key->name, value);
		mcr_settings_destroy(file);
		mcr_settings_destroy(options);
	}
}

static void file_and_command_line_take_the_same(void **state)
{
	each_key(is_alike);
}

/* ---- --check ---- */

/* The rest of the line that begins with "# interface a: " or the like, without counts. */
static char *line_of(const struct mcr_keys *keys, const struct mcr_settings *s)
{
	char *text = NULL, *line, head[32];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	mcr_expand(out, s);
	fclose(out);
	sprintf(head, "# %s", keys->of);
	line = strstr(text, head);
	assert_non_null(line);
	line = strdup(strstr(line, ": ") + 2);
	line[strcspn(line, ";\n")] = '\0';
	free(text);
	return line;
}

static const struct mcr_key *find(const struct mcr_keys *keys, const char *option)
{
	char name[64];

	for (size_t i = 0; i < keys->n; i++) {
		option_of(&keys->key[i], name);
		if (strcmp(name, option) == 0)
			return &keys->key[i];
	}
	fail_msg("no key is called '%s'", option);
	return NULL;
}

/* "users 70 groups 8 9" */
static void read_access(struct mcr_access *access, char *text)
{
	int (*add)(struct mcr_access *, const char *, struct mcr_error *) = NULL;
	char *save = NULL;

	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (strcmp(word, "users") == 0)
			add = mcr_access_add_user;
		else if (strcmp(word, "groups") == 0)
			add = mcr_access_add_group;
		else
			assert_int_equal(add(access, word, NULL), 0);
	}
}

/* "KEY VALUE, KEY VALUE" */
static void read_line(const struct mcr_keys *keys, void *config, char *line)
{
	char *save = NULL, *save_entry = NULL;

	for (char *item = strtok_r(line, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		char *value = strchr(item += *item == ' ', ' ');
		const struct mcr_key *key;

		*value++ = '\0';
		key = find(keys, item);
		if (key->kind == &mcr_kind_access)
			read_access((struct mcr_access *)((char *)config + key->offset), value);
		else if (!key->kind->is_list)
			assert_int_equal(mcr_key_parse(key, config, value, NULL), 0);
		else
			for (char *one = strtok_r(value, "/", &save_entry); one;
			     one = strtok_r(NULL, "/", &save_entry))
				assert_int_equal(mcr_key_parse(key, config, one, NULL), 0);
	}
}

static void is_printed(const struct mcr_keys *keys, const struct mcr_key *key)
{
	for (unsigned i = 0; i < 2; i++) {
		union {
			struct mcr_interface_config interface;
			struct mcr_channel_config channel;
			struct mcr_attach_setting attach;
			struct mcr_engine_setting engine;
		} again;
		char value[VALUE_MAX], text[TEXT_MAX], *line;
		struct mcr_settings *s;

		sample(key, i, value);
		file_with(keys, key, value, text);
		s = from_file(text);
		line = line_of(keys, s);
		memset(&again, 0, sizeof(again));
		if (keys == &mcr_interface_keys ||
		    keys == &mcr_channel_keys) /* of the line's head */
			strcpy(again.interface.name, s->n_interfaces ? s->interfaces[0].config.name
								     : s->channels[0].config.name);
		read_line(keys, &again, line);
		if (!is_same(keys, &again, config_of(keys, s)))
			fail_msg("%s '%s': what --check prints reads back as another", key->name,
				 value);
		free(line);
		mcr_settings_destroy(s);
	}
}

static void what_check_prints_reads_back_the_same(void **state)
{
	each_key(is_printed);
}

/* ---- reload ---- */

struct reloaded {
	struct mcr_engine engine;
	struct mcr_settings *running;
	struct mcr_error report;
};

static void start(struct reloaded *r, const char *text)
{
	memset(r, 0, sizeof(*r));
	r->running = from_file(text);
	for (size_t i = 0; i < r->running->n_channels; i++)
		mcr_engine_channel_add(&r->engine, &r->running->channels[i].config, NULL);
}

static void reload(struct reloaded *r, const char *text)
{
	struct mcr_settings *next = from_file(text);
	struct mcr_reload_plan plan;

	assert_int_equal(mcr_reload_begin(&plan, &r->engine, NULL), 0);
	assert_int_equal(mcr_reload_prepare(&plan, &r->engine, r->running, next, 0, NULL), 0);
	assert_int_equal(mcr_reload_apply(&r->engine, &r->running, next, &plan, 0, &r->report), 0);
	mcr_reload_end(&plan, &r->engine);
}

static void end(struct reloaded *r)
{
	fake_engine_clear(&r->engine);
	mcr_settings_destroy(r->running);
}

#define NOTHING "joins +0 -0, channels +0 -0"

static void changes(const struct mcr_keys *keys, const struct mcr_key *key, const char *before,
		    const char *after)
{
	const char *expected =
	    key->flags & MCR_KEY_LIVE ? NOTHING ", access of 1" : NOTHING "; needs a restart: ";
	struct reloaded r;

	start(&r, before);
	if (keys == &mcr_channel_keys && strcmp(key->name, "name") == 0)
		expected = "joins +0 -0, channels +1 -1";
	for (int i = 0; i < 2; i++) {
		reload(&r, after);
		if (!strstr(r.report.text, expected))
			fail_msg("'%s' from %sto %sis '%s' to a reload", key->name, before, after,
				 r.report.text);
		if (!strstr(expected, "restart")) /* that is said each time */
			expected = NOTHING;
	}
	if (key->flags & MCR_KEY_LIVE) /* and the engine has it */
		assert_false(mcr_keys_differ(keys, &r.engine.channels[0],
					     &r.running->channels[0].config, true));
	end(&r);
}

static void is_compared(const struct mcr_keys *keys, const struct mcr_key *key)
{
	char none[TEXT_MAX], value[VALUE_MAX], first[TEXT_MAX], second[TEXT_MAX];
	struct reloaded r;

	sample(key, 0, value);
	file_with(keys, key, value, first);
	sample(key, 1, value);
	file_with(keys, key, value, second);
	file_with(keys, NULL, NULL, none);
	if (!(key->flags & MCR_KEY_REQUIRED))
		changes(keys, key, none, first);
	changes(keys, key, first, second);
	start(&r, first);
	reload(&r, first);
	assert_string_equal(r.report.text, NOTHING);
	end(&r);
}

static void a_reload_sees_each_changed_value(void **state)
{
	each_key(is_compared);
}

/* ---- nothing is left out ---- */

/* Every octet of a struct belongs to a key, but for padding: so many at a time. */
static void covers(const struct mcr_keys *keys, size_t size, size_t padding)
{
	size_t hole = 0;

	for (size_t at = 0; at < size; at++) {
		bool is_known = false;

		for (size_t i = 0; i < keys->n; i++) {
			const struct mcr_key *key = &keys->key[i];

			is_known |=
			    (at >= key->offset && at < key->offset + key->size) || at == key->given;
		}
		hole = is_known ? 0 : hole + 1;
		if (hole > padding)
			fail_msg("%s: octet %zu of the struct belongs to no key", keys->of, at);
	}
}

static void each_field_has_a_key(void **state)
{
	covers(&mcr_interface_keys, sizeof(struct mcr_interface_config), 3);
	/* Handlers are of applications. */
	covers(&mcr_channel_keys, offsetof(struct mcr_channel_config, handler), 4);
	covers(&mcr_attach_keys, sizeof(struct mcr_attach_setting), 3);
	covers(&mcr_engine_keys, sizeof(struct mcr_engine_setting), 3);
}

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 1 << 18);

	assert_non_null(in);
	assert_true(fread(text, 1, (1 << 18) - 1, in) > 0);
	fclose(in);
	return text;
}

static char *documentation, *example, *help;

static void is_documented(const struct mcr_keys *keys, const struct mcr_key *key)
{
	char row[70], line[70], option[64], form[70];

	option_of(key, option);
	sprintf(row, "| `%s` |", key->name);
	sprintf(line, "%s:", key->name);
	sprintf(form, keys == &mcr_engine_keys ? "--%s" : ",%s=", option);
	if (!(key->flags & MCR_KEY_OPTION_ONLY) &&
	    (!strstr(documentation, row) || !strstr(example, line)))
		fail_msg("'%s' is not in docs/config.md and docs/mcring.yaml", key->name);
	if (!(key->flags & (MCR_KEY_FILE_ONLY | MCR_KEY_REQUIRED)) && !strstr(help, form) &&
	    !strstr(help, form + 1))
		fail_msg("'%s' is not in --help", key->name);
}

static void each_key_is_documented(void **state)
{
	size_t len;
	FILE *out = open_memstream(&help, &len);

	mcr_options_help(out);
	fclose(out);
	documentation = read_file(MCR_DOCS "/config.md");
	example = read_file(MCR_DOCS "/mcring.yaml");
	each_key(is_documented);
	free(documentation);
	free(example);
	free(help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(file_and_command_line_take_the_same),
	    cmocka_unit_test(what_check_prints_reads_back_the_same),
	    cmocka_unit_test(a_reload_sees_each_changed_value),
	    cmocka_unit_test(each_field_has_a_key),
	    cmocka_unit_test(each_key_is_documented),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
