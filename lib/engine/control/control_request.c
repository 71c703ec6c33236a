/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "core/error.h"
#include "core/nearest.h"
#include "engine/control/control_limits.h"
#include "engine/control/control_request.h"

/* By enum mcr_control_command. */
static const char *const commands[] = {"status", "groups", "stats", "sockets", "members",
				       "routes", "join",   "leave", "reload"};

/* A request as its members say it, before its joins are parsed. */
struct members {
	enum mcr_control_command command;
	const json_t *joins; /* NULL = none */
	int dry_run;
};

static const char *type_of(const json_t *value)
{
	static const char *const names[] = {
	    [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",  [JSON_STRING] = "a string",
	    [JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
	    [JSON_FALSE] = "false",      [JSON_NULL] = "null",
	};

	return names[json_typeof(value)];
}

static int wrong_type(struct mcr_error *err, const char *key, const char *expected,
		      const json_t *value)
{
	return mcr_error_set(err, -EINVAL, "\"%s\": expected %s, got %s", key, expected,
			     type_of(value));
}

static int parse_command(struct members *out, const json_t *value, struct mcr_error *err)
{
	struct mcr_nearest search;
	char hint[MCR_NEAREST_HINT];

	if (!value)
		return mcr_error_set(err, -EINVAL, "expected an object with \"command\"");
	if (!json_is_string(value))
		return wrong_type(err, "command", "a string", value);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(json_string_value(value), commands[i]) == 0) {
			out->command = (enum mcr_control_command)i;
			return 0;
		}
	search = mcr_nearest_to(json_string_value(value));
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		mcr_nearest_try(&search, commands[i]);
	return mcr_error_set(
	    err, -EINVAL,
	    "unknown command '%.32s'%s: expected status, groups, stats, sockets, members, "
	    "routes, join, leave or reload",
	    json_string_value(value), mcr_nearest_hint(hint, &search));
}

static int parse_member(struct members *out, const char *key, const json_t *value,
			struct mcr_error *err)
{
	int takes_joins = out->command == MCR_CONTROL_JOIN || out->command == MCR_CONTROL_LEAVE;
	int takes_dry_run = out->command == MCR_CONTROL_RELOAD;

	if (strcmp(key, "command") == 0)
		return 0;
	if (strcmp(key, "joins") == 0 && takes_joins) {
		out->joins = value;
		return 0;
	}
	if (strcmp(key, "dry_run") == 0) {
		if (!json_is_boolean(value))
			return wrong_type(err, key, "true or false", value);
		out->dry_run = json_is_true(value);
		if (takes_dry_run || !out->dry_run)
			return 0;
		return mcr_error_set(err, -EINVAL,
				     "\"dry_run\": only a reload can be tried, %s "
				     "is carried out at once",
				     commands[out->command]);
	}
	return mcr_error_set(err, -EINVAL, "unknown member \"%.32s\": %s takes %s", key,
			     commands[out->command],
			     takes_joins     ? "\"joins\""
			     : takes_dry_run ? "\"dry_run\""
					     : "nothing but \"command\"");
}

static int parse_members(struct members *out, const json_t *object, struct mcr_error *err)
{
	const char *key;
	json_t *value;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = parse_command(out, json_object_get(object, "command"), err);
	if (ret < 0)
		return ret;
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		ret = parse_member(out, key, value, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int parse_joins(struct mcr_join_list *list, const json_t *texts, struct mcr_error *err)
{
	const json_t *text;
	size_t i;

	if (!json_is_array(texts) || json_array_size(texts) == 0)
		return mcr_error_set(err, -EINVAL, "expected \"joins\", a list of join texts");
	json_array_foreach(texts, i, text)
	{
		int ret;

		if (!json_is_string(text))
			return wrong_type(err, "joins", "a list of join texts, each a string",
					  text);
		ret = mcr_join_parse(list, json_string_value(text), err);
		if (ret < 0)
			return ret;
		if (list->n > MCR_JOINS_MAX)
			return mcr_error_set(err, -E2BIG, "more than %d joins in one request",
					     MCR_JOINS_MAX);
	}
	return 0;
}

int mcr_control_request_parse(struct mcr_control_request *out, const char *text, size_t len,
			      struct mcr_error *err)
{
	struct members members;
	json_error_t error;
	json_t *parsed;
	int ret = mcr_control_limits_check(text, len, err);

	memset(out, 0, sizeof(*out));
	if (ret < 0)
		return ret;
	parsed = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!parsed)
		return mcr_error_set(err, -EINVAL, "not JSON: %s", error.text);
	ret = parse_members(&members, parsed, err);
	out->command = members.command;
	out->dry_run = members.dry_run;
	if (ret == 0 && (out->command == MCR_CONTROL_JOIN || out->command == MCR_CONTROL_LEAVE))
		ret = parse_joins(&out->joins, members.joins, err);
	json_decref(parsed);
	return ret;
}

void mcr_control_request_clear(struct mcr_control_request *request)
{
	mcr_join_list_clear(&request->joins);
}
