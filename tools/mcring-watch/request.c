/* SPDX-License-Identifier: BSD-3-Clause */
#include "request.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "../common/request.h"
#include "core/error.h"

static int take_groups(struct watch_stats_request *out, const json_t *value, struct mcr_error *err)
{
	const json_int_t n = json_integer_value(value);

	if (!json_is_integer(value) || n < 0 || n > WATCH_GROUPS_MAX)
		return mcr_error_set(err, -EINVAL, "\"groups\": expected a number, 0 to %d",
				     WATCH_GROUPS_MAX);
	out->groups = (size_t)n;
	return 0;
}

int watch_stats_parse(struct watch_stats_request *out, const char *text, size_t len,
		      struct mcr_error *err)
{
	json_t *request, *value;
	const char *key;
	int ret = 0;

	*out = (struct watch_stats_request){.groups = WATCH_GROUPS_WHOLE};
	request = request_parse(text, len, "mcring-watch", "stats",
				"ask an engine's socket for the rest", err);
	if (!request)
		return -EINVAL;
	json_object_foreach(request, key, value)
	{
		if (strcmp(key, "groups") == 0)
			ret = take_groups(out, value, err);
		else if (strcmp(key, "command") != 0)
			ret = request_unknown_member(key, "stats", "\"groups\"", err);
		if (ret < 0)
			break;
	}
	json_decref(request);
	return ret;
}

static int take_recordings(struct watch_snap_request *out, const json_t *list,
			   struct mcr_error *err)
{
	const json_t *value;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > WATCH_SNAP_MAX)
		return mcr_error_set(err, -EINVAL,
				     "\"recordings\": expected a list of %d names at most",
				     WATCH_SNAP_MAX);
	json_array_foreach(list, i, value)
	{
		const char *name = json_string_value(value);

		if (!name || name[0] == '\0' || strlen(name) >= MCR_NAME_MAX)
			return mcr_error_set(err, -EINVAL,
					     "\"recordings\": expected names of 1 to %d octets",
					     MCR_NAME_MAX - 1);
		strcpy(out->recordings[out->n_recordings++], name);
	}
	return 0;
}

static int take_comment(struct watch_snap_request *out, const json_t *value, struct mcr_error *err)
{
	const char *text = json_string_value(value);
	size_t len = text ? strlen(text) : 0;

	if (!text || len >= WATCH_COMMENT_MAX)
		return mcr_error_set(err, -EINVAL,
				     "\"comment\": expected a string of %d octets at most",
				     WATCH_COMMENT_MAX - 1);
	for (size_t i = 0; i <= len; i++)
		out->comment[i] =
		    i < len && ((unsigned char)text[i] < ' ' || text[i] == 127) ? '?' : text[i];
	return 0;
}

int watch_snap_parse(struct watch_snap_request *out, const char *text, size_t len,
		     struct mcr_error *err)
{
	json_t *request, *value;
	const char *key;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	request = request_parse(text, len, "mcring-watch", "snap",
				"ask the socket stats for the rest", err);
	if (!request)
		return -EINVAL;
	json_object_foreach(request, key, value)
	{
		if (strcmp(key, "recordings") == 0)
			ret = take_recordings(out, value, err);
		else if (strcmp(key, "comment") == 0)
			ret = take_comment(out, value, err);
		else if (strcmp(key, "command") != 0)
			ret = request_unknown_member(key, "snap", "\"recordings\" and \"comment\"",
						     err);
		if (ret < 0)
			break;
	}
	json_decref(request);
	return ret;
}
