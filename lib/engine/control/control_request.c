/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "core/error.h"
#include "core/nearest.h"
#include "engine/control/control_limits.h"
#include "engine/control/control_request.h"

/* reads: it changes nothing, and a monitor may ask for it. */
static const struct {
	const char *name;
	int reads;
} commands[MCR_CONTROL_COMMANDS] = {
    [MCR_CONTROL_STATUS] = {"status", 1}, [MCR_CONTROL_GROUPS] = {"groups", 1},
    [MCR_CONTROL_STATS] = {"stats", 1},   [MCR_CONTROL_SOCKETS] = {"sockets", 1},
    [MCR_CONTROL_FEEDS] = {"feeds", 1},   [MCR_CONTROL_MEMBERS] = {"members", 1},
    [MCR_CONTROL_ROUTES] = {"routes", 1}, [MCR_CONTROL_JOIN] = {"join", 0},
    [MCR_CONTROL_LEAVE] = {"leave", 0},   [MCR_CONTROL_RELOAD] = {"reload", 0},
    [MCR_CONTROL_WHY] = {"why", 1},       [MCR_CONTROL_OPEN_FILTER] = {"open_filter", 0},
};

/* A request as its members say it, before its joins are parsed. */
struct members {
	enum mcr_control_command command;
	const json_t *joins; /* NULL = none */
	size_t groups;
	struct mcr_why_query why;
	unsigned seconds;
	char interface[MCR_NAME_MAX];
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

/* Lists the commands that are taken: "status, groups or stats". */
static void list_commands(char *buf, size_t cap, const char *changes_at)
{
	const char *last = NULL;
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < MCR_CONTROL_COMMANDS; i++) {
		if (changes_at && !commands[i].reads)
			continue;
		if (last && used < cap)
			used += (size_t)snprintf(buf + used, cap - used, "%s%s",
						 used > 0 ? ", " : "", last);
		last = commands[i].name;
	}
	if (last && used < cap)
		snprintf(buf + used, cap - used, " or %s", last);
}

static int unknown_command(const char *name, const char *changes_at, struct mcr_error *err)
{
	struct mcr_nearest search = mcr_nearest_to(name);
	char known[160], hint[MCR_NEAREST_HINT];

	list_commands(known, sizeof(known), changes_at);
	if (changes_at)
		return mcr_error_set(err, -EINVAL,
				     "'%.32s': this socket is read-only and takes %s; the others "
				     "are for %s",
				     name, known, changes_at);
	for (size_t i = 0; i < MCR_CONTROL_COMMANDS; i++)
		mcr_nearest_try(&search, commands[i].name);
	return mcr_error_set(err, -EINVAL, "unknown command '%.32s'%s: expected %s", name,
			     mcr_nearest_hint(hint, &search), known);
}

static int parse_command(struct members *out, const json_t *value, const char *changes_at,
			 struct mcr_error *err)
{
	const char *name;

	if (!value)
		return mcr_error_set(err, -EINVAL, "expected an object with \"command\"");
	if (!json_is_string(value))
		return wrong_type(err, "command", "a string", value);
	name = json_string_value(value);
	for (size_t i = 0; i < MCR_CONTROL_COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0 && (commands[i].reads || !changes_at)) {
			out->command = (enum mcr_control_command)i;
			return 0;
		}
	return unknown_command(name, changes_at, err);
}

/* ---- the other members ---- */

static int take_joins(struct members *out, const char *key, const json_t *value,
		      struct mcr_error *err)
{
	(void)key;
	(void)err;
	out->joins = value;
	return 0;
}

/* Every command takes "dry_run":false. */
static int take_dry_run(struct members *out, const char *key, const json_t *value,
			struct mcr_error *err)
{
	if (!json_is_boolean(value))
		return wrong_type(err, key, "true or false", value);
	out->dry_run = json_is_true(value);
	if (out->command == MCR_CONTROL_RELOAD || !out->dry_run)
		return 0;
	return mcr_error_set(err, -EINVAL,
			     "\"dry_run\": only a reload can be tried, %s is carried out at once",
			     commands[out->command].name);
}

static int take_groups(struct members *out, const char *key, const json_t *value,
		       struct mcr_error *err)
{
	json_int_t n = json_integer_value(value);

	if (!json_is_integer(value))
		return wrong_type(err, key, "a whole number", value);
	if (n < 0 || n > MCR_MEMBERSHIPS_MAX)
		return mcr_error_set(err, -EINVAL, "\"%s\": expected 0 to %d", key,
				     MCR_MEMBERSHIPS_MAX);
	out->groups = (size_t)n;
	return 0;
}

static int take_group(struct members *out, const char *key, const json_t *value,
		      struct mcr_error *err)
{
	if (!json_is_string(value))
		return wrong_type(err, key, "a string", value);
	return mcr_why_query_parse(&out->why, json_string_value(value), err);
}

static int take_name(char to[MCR_NAME_MAX], const char *key, const json_t *value,
		     struct mcr_error *err)
{
	const char *name = json_string_value(value);

	if (!name)
		return wrong_type(err, key, "a string", value);
	if (name[0] == '\0' || strlen(name) >= MCR_NAME_MAX)
		return mcr_error_set(err, -EINVAL, "\"%s\": expected a name of 1 to %d octets", key,
				     MCR_NAME_MAX - 1);
	strcpy(to, name);
	return 0;
}

static int take_channel(struct members *out, const char *key, const json_t *value,
			struct mcr_error *err)
{
	return take_name(out->why.channel, key, value, err);
}

static int take_interface(struct members *out, const char *key, const json_t *value,
			  struct mcr_error *err)
{
	return take_name(out->interface, key, value, err);
}

/* How many it may be, the engine knows. */
static int take_seconds(struct members *out, const char *key, const json_t *value,
			struct mcr_error *err)
{
	const json_int_t n = json_integer_value(value);

	if (!json_is_integer(value))
		return wrong_type(err, key, "a whole number", value);
	if (n < 1 || n > UINT16_MAX)
		return mcr_error_set(err, -EINVAL, "\"%s\": expected 1 or more", key);
	out->seconds = (unsigned)n;
	return 0;
}

#define OF(command) (1u << MCR_CONTROL_##command)

static const struct {
	const char *name;
	unsigned commands; /* that take it: a mask */
	int (*take)(struct members *out, const char *key, const json_t *value,
		    struct mcr_error *err);
} members[] = {
    {"joins", OF(JOIN) | OF(LEAVE), take_joins},
    {"groups", OF(STATS), take_groups},
    {"group", OF(WHY), take_group},
    {"channel", OF(WHY), take_channel},
    {"seconds", OF(OPEN_FILTER), take_seconds},
    {"interface", OF(OPEN_FILTER), take_interface},
    {"dry_run", OF(RELOAD), take_dry_run},
};

#define MEMBERS (sizeof(members) / sizeof(members[0]))

static int unknown_member(enum mcr_control_command command, const char *key, struct mcr_error *err)
{
	char takes[96] = "";
	size_t used = 0;

	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].commands & 1u << command && used < sizeof(takes))
			used += (size_t)snprintf(takes + used, sizeof(takes) - used, "%s\"%s\"",
						 used > 0 ? ", " : "", members[i].name);
	return mcr_error_set(err, -EINVAL, "unknown member \"%.32s\": %s takes %s", key,
			     commands[command].name, used > 0 ? takes : "nothing but \"command\"");
}

static int parse_member(struct members *out, const char *key, const json_t *value,
			struct mcr_error *err)
{
	if (strcmp(key, "command") == 0)
		return 0;
	if (strcmp(key, "dry_run") == 0)
		return take_dry_run(out, key, value, err);
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].commands & 1u << out->command && strcmp(key, members[i].name) == 0)
			return members[i].take(out, key, value, err);
	return unknown_member(out->command, key, err);
}

static int parse_members(struct members *out, const json_t *object, const char *changes_at,
			 struct mcr_error *err)
{
	const char *key;
	json_t *value;
	int ret;

	*out = (struct members){.groups = MCR_CONTROL_ALL_GROUPS};
	ret = parse_command(out, json_object_get(object, "command"), changes_at, err);
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
			      const char *changes_at, struct mcr_error *err)
{
	struct members given;
	json_error_t error;
	json_t *parsed;
	int ret = mcr_control_limits_check(text, len, err);

	memset(out, 0, sizeof(*out));
	if (ret < 0)
		return ret;
	parsed = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!parsed)
		return mcr_error_set(err, -EINVAL, "not JSON: %s", error.text);
	ret = parse_members(&given, parsed, changes_at, err);
	out->command = given.command;
	out->groups = given.groups;
	out->dry_run = given.dry_run;
	out->why = given.why;
	out->seconds = given.seconds;
	memcpy(out->interface, given.interface, sizeof(out->interface));
	if (ret == 0 && (out->command == MCR_CONTROL_JOIN || out->command == MCR_CONTROL_LEAVE))
		ret = parse_joins(&out->joins, given.joins, err);
	json_decref(parsed);
	return ret;
}

void mcr_control_request_clear(struct mcr_control_request *request)
{
	mcr_join_list_clear(&request->joins);
}
