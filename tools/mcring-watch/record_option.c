/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of --record, and lists of kinds of alarms. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/usage.h"
#include "core/error.h"
#include "core/feed/duration.h"
#include "options.h"
#include "settings/values.h"

#define MEGABYTE (UINT64_C(1) << 20)

static int number(uint64_t *out, const char *key, const char *value, uint64_t min, uint64_t max,
		  struct mcr_error *err)
{
	if (usage_number(out, value, min, max) == 0)
		return 0;
	return mcr_error_set(err, -EINVAL, "%s=%.64s: expected a number from %llu to %llu", key,
			     value, (unsigned long long)min, (unsigned long long)max);
}

static int megabytes(uint64_t *out, const char *key, const char *value, uint64_t min,
		     struct mcr_error *err)
{
	int ret = number(out, key, value, min, UINT64_C(1) << 24, err);

	*out *= MEGABYTE;
	return ret;
}

static int duration(uint64_t *out, const char *key, const char *value, struct mcr_error *err)
{
	if (mcr_duration_parse(value, strlen(value), out) == 0)
		return 0;
	return mcr_error_set(err, -EINVAL, "%s=%.64s: expected " MCR_DURATION_FORM, key, value);
}

/* Names with '+' between them. */
static int names(char (*list)[MCR_NAME_MAX], unsigned *n, char *value, struct mcr_error *err)
{
	for (char *name; (name = strsep(&value, "+")) != NULL; (*n)++) {
		if (*n == WATCH_CHOSEN_MAX)
			return mcr_error_set(err, -EINVAL, "%.64s: expected at most %d names", name,
					     WATCH_CHOSEN_MAX);
		if (mcr_value_name(list[*n], name, err) < 0)
			return -EINVAL;
	}
	return 0;
}

int watch_kinds_parse(uint32_t *out, const char *text, struct mcr_error *err)
{
	const char *word = text;
	size_t len;

	*out = 0;
	if (strcmp(text, "all") == 0) {
		*out = (1u << WATCH_ALARM_KINDS) - 1;
		return 0;
	}
	for (;; word += len + 1) {
		int kind = 0;

		len = strcspn(word, "+");
		while (kind < WATCH_ALARM_KINDS &&
		       (strlen(watch_alarm_word(kind)) != len ||
			strncmp(watch_alarm_word(kind), word, len) != 0))
			kind++;
		if (kind == WATCH_ALARM_KINDS)
			return mcr_error_set(err, -EINVAL,
					     "%.64s: expected kinds of alarms with + between them: "
					     "gap, mismatch, reset, silence, line-down, "
					     "group-silent, implausible, blind, recorder, or all",
					     text);
		*out |= 1u << kind;
		if (word[len] == '\0')
			return 0;
	}
}

/* Returns 0, -EINVAL, or -ENOENT for another key. */
static int set_size(struct recorder_config *c, const char *key, const char *value,
		    struct mcr_error *err)
{
	uint64_t n = 0;
	int ret = 0;

	if (strcmp(key, "megabytes") == 0)
		return megabytes(&c->octets, key, value, RECORDER_OCTETS_MIN / MEGABYTE, err);
	if (strcmp(key, "file_megabytes") == 0)
		return megabytes(&c->file_octets_max, key, value, 0, err);
	if (strcmp(key, "all_megabytes") == 0)
		return megabytes(&c->all_octets_max, key, value, 0, err);
	if (strcmp(key, "snaplen") == 0) {
		ret = number(&n, key, value, 0, 65535, err);
		c->snaplen = (uint32_t)n;
	} else if (strcmp(key, "files") == 0) {
		ret = number(&n, key, value, 0, 1000000, err);
		c->files_max = (uint32_t)n;
	} else {
		ret = -ENOENT;
	}
	return ret;
}

static int set(struct watch_recording *r, const char *key, char *value, struct mcr_error *err)
{
	struct recorder_config *c = &r->config;

	if (strcmp(key, "dir") == 0)
		return mcr_value_string(c->dir, sizeof(c->dir), value, "a directory", err);
	if (strcmp(key, "channels") == 0)
		return names(r->channels, &r->n_channels, value, err);
	if (strcmp(key, "feeds") == 0)
		return names(r->feeds, &r->n_feeds, value, err);
	if (strcmp(key, "after") == 0)
		return duration(&c->after_ns, key, value, err);
	if (strcmp(key, "holdoff") == 0)
		return duration(&c->holdoff_ns, key, value, err);
	if (strcmp(key, "on") == 0)
		return watch_kinds_parse(&c->on, value, err);
	if (strcmp(key, "times") == 0) {
		c->is_of_hw = strcmp(value, "hw") == 0;
		return c->is_of_hw || strcmp(value, "arrival") == 0
			   ? 0
			   : mcr_error_set(err, -EINVAL, "times=%.64s: expected arrival or hw",
					   value);
	}
	if (strcmp(key, "group") == 0) {
		r->has_group = 1;
		return mcr_value_group(&c->gid, value, err);
	}
	return mcr_error_set(
	    err, -EINVAL,
	    "%.64s: not a key of a recording: expected dir, channels, feeds, "
	    "megabytes, on, after, holdoff, snaplen, times, files, file_megabytes, "
	    "all_megabytes, group or continuous",
	    key);
}

static int set_all(struct watch_recording *r, char *text, struct mcr_error *err)
{
	char *name = strsep(&text, ",");
	int ret = mcr_value_name(r->config.name, name, err);

	for (char *key; ret == 0 && (key = strsep(&text, ",")) != NULL;) {
		char *value = strchr(key, '=');

		if (strcmp(key, "continuous") == 0) {
			r->config.is_continuous = 1;
			continue;
		}
		if (!value)
			return mcr_error_set(err, -EINVAL, "%.64s: expected KEY=VALUE", key);
		*value++ = '\0';
		ret = set_size(&r->config, key, value, err);
		if (ret == -ENOENT)
			ret = set(r, key, value, err);
	}
	if (ret == 0 && r->config.dir[0] == '\0')
		ret = mcr_error_set(err, -EINVAL, "expected dir=DIR");
	if (ret == 0 && r->config.is_continuous && r->config.file_octets_max == 0)
		ret = mcr_error_set(err, -EINVAL,
				    "file_megabytes=0: a continuous recording needs a size at "
				    "which the next file begins");
	return ret;
}

int watch_recording_parse(struct watch_recording *out, const char *text, struct mcr_error *err)
{
	struct mcr_error why = {""};
	char *copy = strdup(text);
	int ret;

	*out = (struct watch_recording){.config = {
					    .octets = 256 * MEGABYTE,
					    .after_ns = UINT64_C(5000000000),
					    .holdoff_ns = UINT64_C(10000000000),
					    .on = 1u << WATCH_GAP | 1u << WATCH_MISMATCH |
						  1u << WATCH_RESET | 1u << WATCH_SILENCE,
					    .files_max = 100,
					    .file_octets_max = 1024 * MEGABYTE,
					    .all_octets_max = 10240 * MEGABYTE,
					    .gid = UINT32_MAX,
					}};
	if (!copy)
		return mcr_error_set(err, -ENOMEM, "no memory");
	ret = set_all(out, copy, &why);
	free(copy);
	return ret < 0 ? mcr_error_set(err, ret, "%.64s: %s", text, why.text) : 0;
}
