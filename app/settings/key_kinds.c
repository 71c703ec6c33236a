/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <mcring/engine.h>

#include "core/address.h"
#include "core/feed/duration.h"
#include "core/prefix.h"
#include "settings/fail.h"
#include "settings/key_kinds.h"
#include "settings/values.h"

/* ---- texts ---- */

static int parse_name(const struct mcr_key *key, void *field, const char *text,
		      struct mcr_error *err)
{
	return mcr_value_name(field, text, err);
}

static int parse_port(const struct mcr_key *key, void *field, const char *text,
		      struct mcr_error *err)
{
	return mcr_value_string(field, key->size, text, "a DPDK device or port", err);
}

static int parse_path(const struct mcr_key *key, void *field, const char *text,
		      struct mcr_error *err)
{
	if (text[0] && text[0] != '/')
		return mcr_fail(err, -EINVAL, "'%.64s': expected an absolute path", text);
	return mcr_value_string(field, key->size, text, "a path", err);
}

static int parse_device(const struct mcr_key *key, void *field, const char *text,
			struct mcr_error *err)
{
	return mcr_value_device(field, text, err);
}

static void print_text(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	snprintf(buf, cap, "%s", (const char *)field);
}

const struct mcr_key_kind mcr_kind_name = {parse_name, print_text, 0};
const struct mcr_key_kind mcr_kind_port = {parse_port, print_text, 0};
const struct mcr_key_kind mcr_kind_path = {parse_path, print_text, 0};
const struct mcr_key_kind mcr_kind_device = {parse_device, print_text, 0};

/* ---- an address ---- */

static int parse_address(const struct mcr_key *key, void *field, const char *text,
			 struct mcr_error *err)
{
	return mcr_value_address(field, (uint8_t *)field + sizeof(struct mcr_address), text,
				 key->kind == &mcr_kind_address6, err);
}

static void print_address(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	const struct mcr_address *address = field;
	char ip[MCR_ADDRESS_TEXT];

	snprintf(buf, cap, "%s/%u", mcr_address_format(ip, *address),
		 ((const uint8_t *)field)[sizeof(*address)]);
}

const struct mcr_key_kind mcr_kind_address = {parse_address, print_address, 0};
const struct mcr_key_kind mcr_kind_address6 = {parse_address, print_address, 0};

/* ---- numbers ---- */

static void store(const struct mcr_key *key, void *field, uint64_t value)
{
	switch (key->size) {
	case sizeof(uint8_t):
		*(uint8_t *)field = (uint8_t)value;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)field = (uint16_t)value;
		break;
	case sizeof(uint32_t):
		*(uint32_t *)field = (uint32_t)value;
		break;
	default:
		*(uint64_t *)field = value;
	}
}

static uint64_t load(const struct mcr_key *key, const void *field)
{
	switch (key->size) {
	case sizeof(uint8_t):
		return *(const uint8_t *)field;
	case sizeof(uint16_t):
		return *(const uint16_t *)field;
	case sizeof(uint32_t):
		return *(const uint32_t *)field;
	default:
		return *(const uint64_t *)field;
	}
}

static int parse_word(const struct mcr_key *key, void *field, const char *text,
		      struct mcr_error *err)
{
	const struct mcr_word *word = mcr_word_find(key->words, text);
	char expected[128];

	if (word) {
		store(key, field, word->value);
		return 0;
	}
	mcr_words_list(key->words, ", ", " or ", expected, sizeof(expected));
	return mcr_fail(err, -EINVAL, "'%.64s': expected %s", text, expected);
}

static int parse_number(const struct mcr_key *key, void *field, const char *text,
			struct mcr_error *err)
{
	uint64_t value = 0;
	int ret = mcr_value_uint(&value, text, key->min, key->max, err);

	if (ret == 0)
		store(key, field, value);
	return ret;
}

static int parse_seconds(const struct mcr_key *key, void *field, const char *text,
			 struct mcr_error *err)
{
	const struct mcr_word *word = mcr_word_find(key->words, text);
	int ret = word ? 0 : parse_number(key, field, text, NULL);

	if (word)
		store(key, field, word->value);
	if (ret < 0)
		return mcr_fail(err, ret, "'%.64s': expected %s, or seconds from %llu to %llu",
				text, key->words->text, (unsigned long long)key->min,
				(unsigned long long)key->max);
	return 0;
}

static int parse_decimal_seconds(const struct mcr_key *key, void *field, const char *text,
				 struct mcr_error *err)
{
	uint64_t ms = 0;
	int ret = mcr_value_seconds(&ms, text, key->min, key->max, err);

	if (ret == 0)
		store(key, field, ms);
	return ret;
}

static int parse_duration(const struct mcr_key *key, void *field, const char *text,
			  struct mcr_error *err)
{
	char least[32], most[32];
	uint64_t ns = 0;

	if (mcr_duration_parse(text, strlen(text), &ns) < 0)
		return mcr_fail(err, -EINVAL, "'%.64s': expected " MCR_DURATION_FORM, text);
	if (ns < key->min || ns > key->max)
		return mcr_fail(err, -EINVAL, "'%.64s': expected %s to %s", text,
				mcr_duration_format(key->min, least, sizeof(least)),
				mcr_duration_format(key->max, most, sizeof(most)));
	store(key, field, ns);
	return 0;
}

static int parse_size(const struct mcr_key *key, void *field, const char *text,
		      struct mcr_error *err)
{
	uint64_t value = 0;
	int ret = mcr_value_power_of_two(&value, text, key->min, key->max, err);

	if (ret == 0)
		store(key, field, value);
	return ret;
}

static int parse_mode(const struct mcr_key *key, void *field, const char *text,
		      struct mcr_error *err)
{
	return mcr_value_mode(field, text, err);
}

static int parse_group(const struct mcr_key *key, void *field, const char *text,
		       struct mcr_error *err)
{
	return mcr_value_group(field, text, err);
}

static void print_number(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	uint64_t value = load(key, field);
	const char *word = mcr_word_of(key->words, value);

	if (word)
		snprintf(buf, cap, "%s", word);
	else
		snprintf(buf, cap, "%llu", (unsigned long long)value);
}

static void print_decimal_seconds(const struct mcr_key *key, const void *field, char *buf,
				  size_t cap)
{
	mcr_value_print_seconds(buf, cap, load(key, field));
}

static void print_duration(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	mcr_duration_format(load(key, field), buf, cap);
}

static void print_mode(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	snprintf(buf, cap, "0%llo", (unsigned long long)load(key, field));
}

const struct mcr_key_kind mcr_kind_word = {parse_word, print_number, 0};
const struct mcr_key_kind mcr_kind_number = {parse_number, print_number, 0};
const struct mcr_key_kind mcr_kind_seconds = {parse_seconds, print_number, 0};
const struct mcr_key_kind mcr_kind_decimal_seconds = {parse_decimal_seconds, print_decimal_seconds,
						      0};
const struct mcr_key_kind mcr_kind_duration = {parse_duration, print_duration, 0};
const struct mcr_key_kind mcr_kind_size = {parse_size, print_number, 0};
const struct mcr_key_kind mcr_kind_mode = {parse_mode, print_mode, 0};
const struct mcr_key_kind mcr_kind_group = {parse_group, print_number, 0};

/* ---- lists ---- */

static int parse_lcores(const struct mcr_key *key, void *field, const char *text,
			struct mcr_error *err)
{
	uint16_t *n = field, *lcores = n + 1;
	size_t most = key->size / sizeof(*lcores) - 1;
	uint64_t lcore = 0;
	int ret = mcr_value_uint(&lcore, text, key->min, key->max, err);

	if (ret < 0)
		return ret;
	for (unsigned i = 0; i < *n; i++)
		if (lcores[i] == lcore)
			return mcr_fail(err, -EINVAL, "lcore %u stands here twice",
					(unsigned)lcore);
	if (*n == most)
		return mcr_fail(err, -EINVAL, "more than %zu lcores", most);
	lcores[(*n)++] = (uint16_t)lcore;
	return 0;
}

static void print_lcores(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	const uint16_t *n = field, *lcores = n + 1;
	size_t used = 0;

	for (unsigned i = 0; i < *n && used < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, "%s%u", i ? "/" : "", lcores[i]);
}

const struct mcr_key_kind mcr_kind_lcores = {parse_lcores, print_lcores, '/'};

static int too_many(const char *text, size_t most, struct mcr_error *err)
{
	return mcr_fail(err, -E2BIG, "'%.64s': more than %zu of them", text, most);
}

/* Joins entries with '+'. Returns the octets used. */
static size_t print_entry(char *buf, size_t cap, size_t used, const char *entry)
{
	if (used < cap)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s", used ? "+" : "", entry);
	return used;
}

static struct mcr_prefix *prefixes_of(void *field)
{
	return (struct mcr_prefix *)((uint8_t *)field + 1);
}

static int parse_prefixes(const struct mcr_key *key, void *field, const char *text,
			  struct mcr_error *err)
{
	uint8_t *n = field;

	if (*n == MCR_PREFIXES_MAX)
		return too_many(text, MCR_PREFIXES_MAX, err);
	if (mcr_prefix_parse(&prefixes_of(field)[*n], text) < 0)
		return mcr_fail(err, -EINVAL,
				"'%.64s': expected a prefix, such as 10.1.0.0/16 or 2001:db8::/48",
				text);
	++*n;
	return 0;
}

static void print_prefixes(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	const struct mcr_prefix *list = (const void *)((const uint8_t *)field + 1);
	char text[MCR_PREFIX_TEXT];
	size_t used = 0;

	for (unsigned i = 0; i < *(const uint8_t *)field; i++)
		used = print_entry(buf, cap, used, mcr_prefix_format(text, list[i]));
}

/* "none" is the only entry, then. */
static int parse_scopes(const struct mcr_key *key, void *field, const char *text,
			struct mcr_error *err)
{
	const uint8_t given = ((uint8_t *)field - key->offset)[key->given];
	const int is_none = strcmp(text, "none") == 0;

	if (given && (is_none || *(uint8_t *)field == 0))
		return mcr_fail(err, -EINVAL, "'%.64s': 'none' stands alone", text);
	if (is_none || parse_prefixes(key, field, text, err) == 0)
		return 0;
	return *(uint8_t *)field == MCR_PREFIXES_MAX
		   ? too_many(text, MCR_PREFIXES_MAX, err)
		   : mcr_fail(err, -EINVAL,
			      "'%.64s': expected none, or a prefix of groups, such as "
			      "239.255.0.0/16 or ff05::/16",
			      text);
}

static void print_scopes(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	if (*(const uint8_t *)field == 0)
		snprintf(buf, cap, "none");
	else
		print_prefixes(key, field, buf, cap);
}

static int parse_static_groups(const struct mcr_key *key, void *field, const char *text,
			       struct mcr_error *err)
{
	uint16_t *n = field;
	struct mcr_static_group *list = (struct mcr_static_group *)(n + 1), one = {{{0}}, {{0}}};
	const size_t len = strcspn(text, "@");

	if (*n == MCR_STATIC_GROUPS_MAX)
		return too_many(text, MCR_STATIC_GROUPS_MAX, err);
	if (mcr_address_parse(&one.group, text, len) < 0 ||
	    (text[len] &&
	     (mcr_address_parse(&one.source, text + len + 1, strlen(text + len + 1)) < 0 ||
	      mcr_address_is_none(one.source))))
		return mcr_fail(err, -EINVAL,
				"'%.100s': expected GROUP or GROUP@SOURCE, such as "
				"239.1.1.1@10.0.0.7 or ff35::1@2001:db8::7",
				text);
	list[(*n)++] = one;
	return 0;
}

static void print_static_groups(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	const uint16_t *n = field;
	const struct mcr_static_group *list = (const struct mcr_static_group *)(n + 1);
	char group[MCR_ADDRESS_TEXT], source[MCR_ADDRESS_TEXT], text[2 * MCR_ADDRESS_TEXT];
	size_t used = 0;

	for (unsigned i = 0; i < *n; i++) {
		mcr_address_format(group, list[i].group);
		mcr_address_format(source, list[i].source);
		if (mcr_address_is_none(list[i].source))
			snprintf(text, sizeof(text), "%s", group);
		else
			snprintf(text, sizeof(text), "%s@%s", group, source);
		used = print_entry(buf, cap, used, text);
	}
}

const struct mcr_key_kind mcr_kind_prefixes = {parse_prefixes, print_prefixes, '+'};
const struct mcr_key_kind mcr_kind_scopes = {parse_scopes, print_scopes, '+'};
const struct mcr_key_kind mcr_kind_static_groups = {parse_static_groups, print_static_groups, '+'};

/* ---- who may ---- */

static void print_ids(char *buf, size_t cap, const char *of, const uint32_t *ids, uint32_t n)
{
	size_t used = strlen(buf);

	if (n > 0)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s", used ? " " : "", of);
	for (uint32_t i = 0; i < n && used < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, " %u", ids[i]);
}

static void print_access(const struct mcr_key *key, const void *field, char *buf, size_t cap)
{
	const struct mcr_access *access = field;

	buf[0] = '\0';
	print_ids(buf, cap, "users", access->uids, access->n_uids);
	print_ids(buf, cap, "groups", access->gids, access->n_gids);
}

static int parse_one_user(const struct mcr_key *key, void *field, const char *text,
			  struct mcr_error *err)
{
	return mcr_access_add_user(field, text, err);
}

static int parse_one_group(const struct mcr_key *key, void *field, const char *text,
			   struct mcr_error *err)
{
	return mcr_access_add_group(field, text, err);
}

const struct mcr_key_kind mcr_kind_access = {NULL, print_access, 0};
const struct mcr_key_kind mcr_kind_one_user = {parse_one_user, NULL, 0};
const struct mcr_key_kind mcr_kind_one_group = {parse_one_group, NULL, 0};
