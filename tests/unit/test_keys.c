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

#include "key_samples.h"
#include "options.h"
#include "settings/values.h"
#include "settings_print.h"

/* ---- the command line ---- */

static bool is_switch(const struct mcr_key *key)
{
	return strcmp(key->name, "keep_memberships") == 0 || strcmp(key->name, "pdump") == 0;
}

/* The option's argument; "" = it has none. */
static void argument(const struct mcr_keys *keys, const struct mcr_key *key, const char *option,
		     const char *value, char *buf)
{
	bool is_name = strcmp(key->name, "name") == 0, is_port = strcmp(key->name, "port") == 0;
	const char *head = keys == &mcr_interface_keys ? "a=p," : "a,";
	static const char *const form[4] = {"=", "", "+", ""};
	char needs[TEXT_MAX] = "";

	if (keys == &mcr_engine_keys)
		strcpy(buf, is_switch(key) ? "" : value);
	else if (keys == &mcr_attach_keys || keys == &mcr_stats_keys)
		snprintf(buf, TEXT_MAX, "%s=%s", option, value);
	else if (keys == &mcr_shard_keys) {
		shard_needs(key, form, needs);
		sprintf(buf, "%s%s=%s", needs, option, value);
	} else if (is_name)
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
		    (i && keys == &mcr_engine_keys && is_switch(key)))
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

	mcr_settings_print(out, s);
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
	char *save = NULL, *save_entry = NULL, between[2] = "";

	for (char *item = strtok_r(line, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		char *value = strchr(item += *item == ' ', ' ');
		const struct mcr_key *key;

		*value++ = '\0';
		key = find(keys, item);
		between[0] = key->kind->between;
		if (key->kind == &mcr_kind_access)
			read_access((struct mcr_access *)((char *)config + key->offset), value);
		else if (!key->kind->between)
			assert_int_equal(mcr_key_parse(key, config, value, NULL), 0);
		else
			for (char *one = strtok_r(value, between, &save_entry); one;
			     one = strtok_r(NULL, between, &save_entry))
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
			struct mcr_stats_setting stats;
			struct mcr_shard_setting shard;
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

/* ---- nothing is left out ---- */

static size_t alignment(const struct mcr_key *key)
{
	if (key->kind == &mcr_kind_name || key->kind == &mcr_kind_port ||
	    key->kind == &mcr_kind_path || key->kind == &mcr_kind_device)
		return 1;
	if (key->kind == &mcr_kind_prefixes || key->kind == &mcr_kind_scopes ||
	    key->kind == &mcr_kind_host || key->kind == &mcr_kind_hosts ||
	    key->kind == &mcr_kind_weights)
		return 1;
	if (key->kind == &mcr_kind_lcores || key->kind == &mcr_kind_static_groups)
		return sizeof(uint16_t);
	return key->size == sizeof(uint64_t) || key->size < sizeof(uint32_t) ? key->size
									     : sizeof(uint32_t);
}

/* Whether an octet belongs to a key; *padding is what may stand before it. */
static bool is_known(const struct mcr_keys *keys, size_t at, size_t *padding)
{
	for (size_t i = 0; i < keys->n; i++) {
		const struct mcr_key *key = &keys->key[i];

		*padding = at == key->given && at != key->offset ? 0 : alignment(key) - 1;
		if (at == key->given || (at >= key->offset && at < key->offset + key->size))
			return true;
	}
	return false;
}

static void covers(const struct mcr_keys *keys, size_t from, size_t size)
{
	size_t hole = 0, padding;

	for (size_t at = from; at < size; at++) {
		bool known = is_known(keys, at, &padding);

		if (known && hole > padding)
			fail_msg("%s: octet %zu of the struct belongs to no key", keys->of, at - 1);
		hole = known ? 0 : hole + 1;
	}
	if (hole >= sizeof(uint32_t))
		fail_msg("%s: the last octets of the struct belong to no key", keys->of);
}

static void each_field_has_a_key(void **state)
{
	covers(&mcr_interface_keys, offsetof(struct mcr_interface_config, name),
	       sizeof(struct mcr_interface_config));
	/* Handlers are of applications. */
	covers(&mcr_channel_keys, offsetof(struct mcr_channel_config, name),
	       offsetof(struct mcr_channel_config, handler));
	covers(&mcr_channel_keys, offsetof(struct mcr_channel_config, joins_max),
	       sizeof(struct mcr_channel_config));
	covers(&mcr_attach_keys, 0, sizeof(struct mcr_attach_setting));
	covers(&mcr_stats_keys, 0, sizeof(struct mcr_stats_setting));
	covers(&mcr_shard_keys, 0, sizeof(struct mcr_shard_setting));
	covers(&mcr_engine_keys, 0, sizeof(struct mcr_engine_setting));
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

static const char *manual_path; /* mcring.yaml(5), which is made of the documentation */
static char *documentation, *example, *manual, *help;

static void is_documented(const struct mcr_keys *keys, const struct mcr_key *key)
{
	char row[70], line[70], item[70], option[64], form[70];

	option_of(key, option);
	sprintf(row, "| `%s` |", key->name);
	sprintf(line, "%s:", key->name);
	sprintf(item, ".It \"\\fB%s\\fP\"", key->name);
	sprintf(form, keys == &mcr_engine_keys ? "--%s" : ",%s=", option);
	if (!(key->flags & MCR_KEY_OPTION_ONLY) &&
	    (!strstr(documentation, row) || !strstr(example, line)))
		fail_msg("'%s' is not in docs/config.md and docs/mcring.yaml", key->name);
	if (!(key->flags & MCR_KEY_OPTION_ONLY) && !strstr(manual, item))
		fail_msg("'%s' is not in mcring.yaml(5)", key->name);
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
	manual = read_file(manual_path);
	each_key(is_documented);
	free(documentation);
	free(example);
	free(manual);
	free(help);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(file_and_command_line_take_the_same),
	    cmocka_unit_test(what_check_prints_reads_back_the_same),
	    cmocka_unit_test(each_field_has_a_key),
	    cmocka_unit_test(each_key_is_documented),
	};

	assert_int_equal(argc, 2);
	manual_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
