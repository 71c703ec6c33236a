/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/device_name.h"
#include "settings/fail.h"
#include "settings/values.h"

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-';
}

int mcr_value_name(char out[MCR_NAME_MAX], const char *text, struct mcr_error *err)
{
	size_t len = strlen(text);
	bool ok = len > 0 && len < MCR_NAME_MAX && *text != '.' && *text != '-';

	for (size_t i = 0; ok && i < len; i++)
		ok = name_char(text[i]);
	if (!ok)
		return mcr_fail(err, -EINVAL,
				"'%.64s' is not a name: expected 1 to %d letters, digits, '.', '_' "
				"or '-', not beginning with '.' or '-'",
				text, MCR_NAME_MAX - 1);
	memset(out, 0, MCR_NAME_MAX);
	memcpy(out, text, len);
	return 0;
}

/* Digits only: strtoul would take signs, spaces and hexadecimal. Returns what follows, or NULL. */
static const char *digits(uint64_t *out, const char *text)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)*text))
		return NULL;
	for (; isdigit((unsigned char)*text); text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	*out = value;
	return text;
}

int mcr_value_uint(uint64_t *out, const char *text, uint64_t min, uint64_t max,
		   struct mcr_error *err)
{
	uint64_t value = 0;
	const char *end = digits(&value, text);

	if (!end || *end || value < min || value > max)
		return mcr_fail(err, -EINVAL, "'%.64s': expected a number from %llu to %llu", text,
				(unsigned long long)min, (unsigned long long)max);
	*out = value;
	return 0;
}

/* "0.5" is 500. Returns what follows, or NULL. */
static const char *thousandths(uint64_t *out, const char *text)
{
	uint64_t whole = 0, unit = 1000, part = 0;
	const char *end = digits(&whole, text);

	if (!end || whole > UINT64_MAX / 1000 - 1)
		return NULL;
	if (*end == '.') {
		if (!isdigit((unsigned char)*++end))
			return NULL;
		for (; isdigit((unsigned char)*end) && unit > 1; end++) {
			unit /= 10;
			part += unit * (uint64_t)(*end - '0');
		}
	}
	*out = whole * 1000 + part;
	return end;
}

void mcr_value_print_seconds(char *buf, size_t cap, uint64_t ms)
{
	int len =
	    snprintf(buf, cap, "%llu.%03u", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));

	while (len > 0 && (size_t)len < cap && buf[len - 1] == '0')
		buf[--len] = '\0';
	if (len > 0 && (size_t)len < cap && buf[len - 1] == '.')
		buf[len - 1] = '\0';
}

int mcr_value_seconds(uint64_t *out_ms, const char *text, uint64_t min, uint64_t max,
		      struct mcr_error *err)
{
	uint64_t value = 0;
	const char *end = thousandths(&value, text);
	char least[32], most[32];

	if (end && !*end && value >= min && value <= max) {
		*out_ms = value;
		return 0;
	}
	mcr_value_print_seconds(least, sizeof(least), min);
	mcr_value_print_seconds(most, sizeof(most), max);
	return mcr_fail(err, -EINVAL,
			"'%.64s': expected seconds from %s to %s, with at most 3 decimals", text,
			least, most);
}

int mcr_value_size(uint64_t *out, const char *text, struct mcr_error *err)
{
	uint64_t value = 0;
	unsigned shift = 0;
	const char *end = digits(&value, text);

	if (end && *end) {
		const char *suffix = memchr("KMG", toupper((unsigned char)*end), 3);

		shift = suffix ? 10 * (unsigned)(strchr("KMG", *suffix) - "KMG" + 1) : 0;
		end = suffix ? end + 1 : NULL;
	}
	if (!end || *end || value > UINT64_MAX >> shift)
		return mcr_fail(err, -EINVAL,
				"'%.64s': expected a number, or one with the suffix K, M or G",
				text);
	*out = value << shift;
	return 0;
}

int mcr_value_power_of_two(uint64_t *out, const char *text, uint64_t min, uint64_t max,
			   struct mcr_error *err)
{
	uint64_t value = 0;
	int ret = mcr_value_size(&value, text, err);

	if (ret < 0)
		return ret;
	if (value < min || value > max || (value & (value - 1)) != 0)
		return mcr_fail(err, -EINVAL, "'%.64s': expected a power of two from %llu to %llu",
				text, (unsigned long long)min, (unsigned long long)max);
	*out = value;
	return 0;
}

int mcr_value_mode(uint32_t *out, const char *text, struct mcr_error *err)
{
	uint32_t value = 0;
	size_t len = strlen(text);
	bool ok = len >= 1 && len <= 5;

	/* YAML 1.2 spells octal 0o660, everybody else 0660. */
	if (ok && strncmp(text, "0o", 2) == 0)
		text += 2;
	ok = ok && *text;
	for (const char *p = text; ok && *p; p++) {
		ok = *p >= '0' && *p <= '7';
		value = value * 8 + (uint32_t)(*p - '0');
	}
	if (!ok || value > 0777)
		return mcr_fail(err, -EINVAL,
				"'%.64s': expected permission bits in octal, such as 0660", text);
	*out = value;
	return 0;
}

#define ID_MAX (UINT32_MAX - 1) /* the last one means "none" to chown and setuid */

static int no_such(const char *kind, const char *text, int failed, struct mcr_error *err)
{
	return mcr_fail(err, -EINVAL,
			"'%.64s': %s: expected a %s's name (`getent %s` lists them) or number",
			text, failed ? strerror(failed) : "the system knows no such name", kind,
			strcmp(kind, "user") == 0 ? "passwd" : "group");
}

static int number_id(uint32_t *id, const char *text, struct mcr_error *err)
{
	uint64_t number = 0;
	int ret = mcr_value_uint(&number, text, 0, ID_MAX, err);

	if (ret == 0)
		*id = (uint32_t)number;
	return ret;
}

static int value_user(uint32_t *uid, const char *text, struct mcr_error *err)
{
	struct passwd entry, *found = NULL;
	char buf[16384];
	int ret;

	if (isdigit((unsigned char)*text))
		return number_id(uid, text, err);
	ret = getpwnam_r(text, &entry, buf, sizeof(buf), &found);
	if (!found)
		return no_such("user", text, ret, err);
	*uid = found->pw_uid;
	return 0;
}

int mcr_value_group(uint32_t *gid, const char *text, struct mcr_error *err)
{
	struct group entry, *found = NULL;
	char buf[65536]; /* the names of all its members */
	int ret;

	if (isdigit((unsigned char)*text))
		return number_id(gid, text, err);
	ret = getgrnam_r(text, &entry, buf, sizeof(buf), &found);
	if (!found)
		return no_such("group", text, ret, err);
	*gid = found->gr_gid;
	return 0;
}

static int add_id(uint32_t *ids, uint32_t *n, const char *text,
		  int (*fn)(uint32_t *, const char *, struct mcr_error *), struct mcr_error *err)
{
	int ret;

	if (*n == MCR_ACCESS_IDS_MAX)
		return mcr_fail(err, -E2BIG, "'%.64s': more than %d of them", text,
				MCR_ACCESS_IDS_MAX);
	ret = fn(&ids[*n], text, err);
	*n += ret == 0;
	return ret;
}

int mcr_access_add_user(struct mcr_access *access, const char *text, struct mcr_error *err)
{
	return add_id(access->uids, &access->n_uids, text, value_user, err);
}

int mcr_access_add_group(struct mcr_access *access, const char *text, struct mcr_error *err)
{
	return add_id(access->gids, &access->n_gids, text, mcr_value_group, err);
}

int mcr_value_source(const char *text, struct mcr_error *err)
{
	struct mcr_address source;

	if (mcr_address_parse(&source, text, strlen(text)) != 0 || !mcr_address_is_host(source))
		return mcr_fail(err, -EINVAL, "source '%.64s': expected a unicast address", text);
	return 0;
}

int mcr_value_port_range(const char *text, struct mcr_error *err)
{
	uint64_t first = 0, last = 0;
	const char *end = digits(&first, text);

	last = first;
	if (end && *end == '-')
		end = digits(&last, end + 1);
	if (!end || *end || first < 1 || last > 65535 || last < first)
		return mcr_fail(err, -EINVAL,
				"'%.64s': expected a UDP port (1 to 65535) or a range such as "
				"5000-5003",
				text);
	return 0;
}

int mcr_value_device(char out[MCR_DEVICE_NAME_MAX], const char *text, struct mcr_error *err)
{
	if (!mcr_device_name_ok(text))
		return mcr_fail(
		    err, -EINVAL,
		    "'%.64s': expected the name of a network device: 1 to %d octets, no "
		    "'/', ':', '%%' or space",
		    text, MCR_DEVICE_NAME_MAX - 1);
	memset(out, 0, MCR_DEVICE_NAME_MAX);
	memcpy(out, text, strlen(text));
	return 0;
}

int mcr_value_string(char *out, size_t cap, const char *text, const char *what,
		     struct mcr_error *err)
{
	size_t len = strlen(text);

	if (len == 0 || len >= cap)
		return mcr_fail(err, -EINVAL, "'%.64s': expected %s of 1 to %zu octets", text, what,
				cap - 1);
	memset(out, 0, cap);
	memcpy(out, text, len);
	return 0;
}
