/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "core/nearest.h"
#include "settings/fail.h"
#include "settings/keys.h"

#define HELP_INDENT 14
#define HELP_WIDTH  96

static bool has_flag(const struct mcr_key *key)
{
	return key->given != key->offset;
}

static const uint8_t *field_of(const struct mcr_key *key, const void *config)
{
	return (const uint8_t *)config + key->offset;
}

static bool is_given(const struct mcr_key *key, const void *config)
{
	const uint8_t *field = field_of(key, config);

	if (has_flag(key))
		return ((const uint8_t *)config)[key->given] != 0;
	for (size_t i = 0; i < key->size; i++)
		if (field[i])
			return true;
	return false;
}

int mcr_key_parse(const struct mcr_key *key, void *config, const char *text, struct mcr_error *err)
{
	int ret = key->kind->parse(key, (uint8_t *)config + key->offset, text, err);

	if (ret == 0 && has_flag(key))
		((uint8_t *)config)[key->given] = 1;
	return ret;
}

static void print_key(const struct mcr_key *key, const void *config, char buf[MCR_KEY_TEXT_MAX])
{
	buf[0] = '\0';
	if (key->kind->print && (is_given(key, config) || key->flags & MCR_KEY_SHOWN))
		key->kind->print(key, field_of(key, config), buf, MCR_KEY_TEXT_MAX);
}

/* ---- the command line ---- */

/* Writes the name that a key has in options. */
static void option_name(const struct mcr_key *key, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", key->name);
	for (char *c = buf; *c; c++)
		*c = *c == '_' ? '-' : *c;
}

/* Whether KEY=VALUE may be part of an option. */
static bool is_option(const struct mcr_key *key)
{
	return !(key->flags & (MCR_KEY_REQUIRED | MCR_KEY_FILE_ONLY));
}

const struct mcr_key *mcr_keys_find_option(const struct mcr_keys *keys, const char *name)
{
	char option[64];

	for (size_t i = 0; i < keys->n; i++) {
		option_name(&keys->key[i], option, sizeof(option));
		if (is_option(&keys->key[i]) && strcmp(option, name) == 0)
			return &keys->key[i];
	}
	return NULL;
}

static int unknown_option(const struct mcr_keys *keys, const char *name, struct mcr_error *err)
{
	struct mcr_word known[MCR_KEYS_MAX + 1] = {{NULL, 0}};
	struct mcr_nearest search = mcr_nearest_to(name);
	char names[MCR_KEYS_MAX][32], list[640];
	uint32_t n = 0;

	for (size_t i = 0; i < keys->n; i++) {
		if (!is_option(&keys->key[i]))
			continue;
		option_name(&keys->key[i], names[n], sizeof(names[n]));
		mcr_nearest_try(&search, names[n]);
		known[n] = (struct mcr_word){names[n], n};
		n++;
	}
	if (search.name) /* the list may be longer than an error */
		return mcr_fail(err, -EINVAL, "unknown key '%.64s': did you mean %s?", name,
				search.name);
	mcr_words_list(known, ", ", " or ", list, sizeof(list));
	return mcr_fail(err, -EINVAL, "unknown key '%.64s': expected %s", name, list);
}

static int parse_entries(const struct mcr_key *key, void *config, const char *text,
			 struct mcr_error *err)
{
	const char between[] = {key->kind->between, '\0'};
	char one[128];
	int ret = 0;

	for (size_t len; ret == 0; text += len + 1) {
		len = strcspn(text, between);
		if (len >= sizeof(one))
			return mcr_fail(err, -EINVAL, "'%.64s...': too long", text);
		snprintf(one, sizeof(one), "%.*s", (int)len, text);
		ret = mcr_key_parse(key, config, one, err);
		if (text[len] == '\0')
			break;
	}
	return ret;
}

int mcr_keys_option(const struct mcr_keys *keys, void *config, const char *name, const char *value,
		    struct mcr_error *err)
{
	const struct mcr_key *key = mcr_keys_find_option(keys, name);
	int ret;

	if (!key)
		return unknown_option(keys, name, err);
	ret = key->kind->between ? parse_entries(key, config, value, err)
				 : mcr_key_parse(key, config, value, err);
	return ret < 0 ? mcr_fail_prefix(err, ret, "%s ", name) : 0;
}

/* ---- --check and --help ---- */

void mcr_keys_print(FILE *out, const struct mcr_keys *keys, const void *config, size_t first)
{
	const char *before = "";
	char text[MCR_KEY_TEXT_MAX], name[64];

	for (size_t i = first; i < keys->n; i++) {
		print_key(&keys->key[i], config, text);
		if (!text[0])
			continue;
		option_name(&keys->key[i], name, sizeof(name));
		fprintf(out, "%s%s %s", before, name, text);
		before = ", ";
	}
}

/* "[,KEY=FORM]" */
static size_t help_item(const struct mcr_key *key, const char *comma, char *buf, size_t cap)
{
	char name[64], form[128];

	option_name(key, name, sizeof(name));
	if (key->form)
		snprintf(form, sizeof(form), "%s", key->form);
	else
		mcr_words_list(key->words, "|", "|", form, sizeof(form));
	return (size_t)snprintf(buf, cap, "[%s%s=%s]%s", comma, name, form,
				key->flags & MCR_KEY_REPEATED ? "..." : "");
}

void mcr_keys_help(FILE *out, const char *head, const struct mcr_keys *keys)
{
	const char *comma = head[strlen(head) - 1] == ' ' ? "" : ",";
	char item[256];
	size_t column = strlen(head);

	fputs(head, out);
	for (size_t i = 0; i < keys->n; i++) {
		const struct mcr_key *key = &keys->key[i];
		size_t len;

		if (!is_option(key))
			continue;
		len = help_item(key, comma, item, sizeof(item));
		comma = ",";
		if (column + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_INDENT, "");
			column = HELP_INDENT;
		}
		fputs(item, out);
		column += len;
	}
	fputc('\n', out);
}

/* ---- the whole ---- */

void mcr_keys_complete(const struct mcr_keys *keys, void *config)
{
	for (size_t i = 0; i < keys->n; i++) {
		const struct mcr_key *key = &keys->key[i];

		if (key->otherwise && !is_given(key, config))
			mcr_key_parse(key, config, key->otherwise, NULL);
	}
}

static void copy(const struct mcr_key *key, void *to, const void *from)
{
	memcpy((uint8_t *)to + key->offset, field_of(key, from), key->size);
	if (has_flag(key))
		((uint8_t *)to)[key->given] = ((const uint8_t *)from)[key->given];
}

void mcr_keys_take(const struct mcr_keys *keys, void *to, const void *from)
{
	for (size_t i = 0; i < keys->n; i++)
		if (!is_given(&keys->key[i], to))
			copy(&keys->key[i], to, from);
}

static bool is_live(const struct mcr_key *key)
{
	return key->flags & MCR_KEY_LIVE;
}

static bool is_same(const struct mcr_key *key, const void *a, const void *b)
{
	return memcmp(field_of(key, a), field_of(key, b), key->size) == 0 &&
	       is_given(key, a) == is_given(key, b);
}

bool mcr_keys_differ(const struct mcr_keys *keys, const void *a, const void *b, bool live)
{
	for (size_t i = 0; i < keys->n; i++)
		if (is_live(&keys->key[i]) == live && !is_same(&keys->key[i], a, b))
			return true;
	return false;
}

void mcr_keys_copy(const struct mcr_keys *keys, void *to, const void *from, bool live)
{
	for (size_t i = 0; i < keys->n; i++)
		if (is_live(&keys->key[i]) == live)
			copy(&keys->key[i], to, from);
}
