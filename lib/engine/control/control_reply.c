/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "engine/control/control_json.h"
#include "engine/control/control_limits.h"
#include "engine/control/control_reply.h"

/* Of one call to mcr_control_reply_more: tens of microseconds for a group each, so that the control
 * thread stays far below its 10 ms. */
#define ITEMS_A_CALL 32

static int append(struct mcr_control_reply *reply, const char *text, size_t len)
{
	size_t cap = reply->cap ? reply->cap : 4096;
	char *bigger;

	while (cap < reply->len + len)
		cap *= 2;
	if (cap != reply->cap) {
		bigger = realloc(reply->text, cap);
		if (!bigger)
			return -ENOMEM;
		reply->text = bigger;
		reply->cap = cap;
	}
	memcpy(reply->text + reply->len, text, len);
	reply->len += len;
	return 0;
}

static int append_text(struct mcr_control_reply *reply, const char *text)
{
	return append(reply, text, strlen(text));
}

/* Takes the reference. */
static int append_json(struct mcr_control_reply *reply, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	int ret = text ? append_text(reply, text) : -ENOMEM;

	free(text);
	json_decref(value);
	return ret;
}

static int append_line(struct mcr_control_reply *reply, json_t *value)
{
	int ret = append_json(reply, value);

	return ret < 0 ? ret : append_text(reply, "\n");
}

/* Error texts quote what users wrote, cut anywhere: what is not UTF-8 any more becomes ASCII. */
static json_t *line_of(const char *text)
{
	json_t *value = json_string(text);
	char ascii[sizeof(((struct mcr_error *)NULL)->text)];
	size_t n = 0;

	if (value)
		return value;
	for (; text[n] && n < sizeof(ascii) - 1; n++)
		ascii[n] = (unsigned char)text[n] < 0x80 ? text[n] : '?';
	ascii[n] = '\0';
	return json_string(ascii);
}

int mcr_control_reply_refuse(struct mcr_control_reply *reply, const char *why)
{
	return append_line(reply, json_pack("{sb so}", "ok", 0, "error", line_of(why)));
}

__attribute__((format(printf, 2, 3))) static int refuse(struct mcr_control_reply *reply,
							const char *fmt, ...)
{
	struct mcr_error why;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why.text, sizeof(why.text), fmt, ap);
	va_end(ap);
	return mcr_control_reply_refuse(reply, why.text);
}

static int begin(struct mcr_control_reply *reply, const struct mcr_control_source *src,
		 const struct mcr_control_section *sections)
{
	mcr_engine_account(src->engine, &reply->account);
	reply->section = sections;
	reply->item = 0;
	return append_text(reply, "{\"ok\":true");
}

static int append_key(struct mcr_control_reply *reply, const char *name)
{
	int ret = append_text(reply, ",\"");

	ret = ret < 0 ? ret : append_text(reply, name);
	return ret < 0 ? ret : append_text(reply, "\":");
}

static int single(struct mcr_control_reply *reply, const struct mcr_control_source *src)
{
	int ret = append_key(reply, reply->section->name);

	if (ret == 0)
		ret = append_json(reply, reply->section->item(src, &reply->account, 0));
	reply->section++;
	return ret;
}

static int next_item(struct mcr_control_reply *reply, const struct mcr_control_source *src)
{
	json_t *item = reply->section->item(src, &reply->account, reply->item);
	int ret = 0;

	if (reply->item == 0) {
		ret = append_key(reply, reply->section->name);
		ret = ret < 0 ? ret : append_text(reply, "[");
	}
	if (item && reply->item > 0 && ret == 0)
		ret = append_text(reply, ",");
	if (item) {
		reply->item++;
		return append_json(reply, item) < 0 ? -ENOMEM : ret;
	}
	reply->section++;
	reply->item = 0;
	return ret < 0 ? ret : append_text(reply, "]");
}

int mcr_control_reply_more(struct mcr_control_reply *reply, const struct mcr_control_source *src)
{
	int ret = 0;

	for (unsigned n = 0; ret == 0 && reply->section && n < ITEMS_A_CALL; n++) {
		if (!reply->section->name) {
			reply->section = NULL;
			ret = append_text(reply, "}\n");
		} else if (reply->section->is_array) {
			ret = next_item(reply, src);
		} else {
			ret = single(reply, src);
		}
	}
	return ret;
}

void mcr_control_reply_clear(struct mcr_control_reply *reply)
{
	free(reply->text);
	memset(reply, 0, sizeof(*reply));
}

/* ---- requests ---- */

static const char *const commands[] = {"status", "groups", "stats", "join", "leave", "reload"};

/* What is not understood whole is not carried out: "dryrun" or "dry_run":"true" would reload. */
struct request {
	const char *command;
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

static int wrong(struct mcr_error *err, const char *key, const char *expected, const json_t *value)
{
	return mcr_error_set(err, -EINVAL, "\"%s\": expected %s, got %s", key, expected,
			     type_of(value));
}

static int parse_command(struct request *out, const json_t *value, struct mcr_error *err)
{
	if (!value)
		return mcr_error_set(err, -EINVAL, "expected an object with \"command\"");
	if (!json_is_string(value))
		return wrong(err, "command", "a string", value);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(json_string_value(value), commands[i]) == 0)
			out->command = commands[i];
	if (out->command)
		return 0;
	return mcr_error_set(err, -EINVAL,
			     "unknown command '%.32s': expected status, groups, stats, join, leave "
			     "or reload",
			     json_string_value(value));
}

static int parse_member(struct request *out, const char *key, const json_t *value,
			struct mcr_error *err)
{
	int takes_joins = strcmp(out->command, "join") == 0 || strcmp(out->command, "leave") == 0;
	int takes_dry_run = strcmp(out->command, "reload") == 0;

	if (strcmp(key, "command") == 0)
		return 0;
	if (strcmp(key, "joins") == 0 && takes_joins) {
		out->joins = value;
		return 0;
	}
	if (strcmp(key, "dry_run") == 0) {
		if (!json_is_boolean(value))
			return wrong(err, key, "true or false", value);
		out->dry_run = json_is_true(value);
		if (takes_dry_run || !out->dry_run)
			return 0;
		return mcr_error_set(err, -EINVAL,
				     "\"dry_run\": only a reload can be tried, %s "
				     "is carried out at once",
				     out->command);
	}
	return mcr_error_set(err, -EINVAL, "unknown member \"%.32s\": %s takes %s", key,
			     out->command,
			     takes_joins     ? "\"joins\""
			     : takes_dry_run ? "\"dry_run\""
					     : "nothing but \"command\"");
}

static int parse_request(struct request *out, const json_t *object, struct mcr_error *err)
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

/* ---- commands ---- */

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
			return wrong(err, "joins", "a list of join texts, each a string", text);
		ret = mcr_join_parse(list, json_string_value(text), err);
		if (ret < 0)
			return ret;
		if (list->n > MCR_JOINS_MAX) {
			snprintf(err->text, sizeof(err->text), "more than %d joins in one request",
				 MCR_JOINS_MAX);
			return -E2BIG;
		}
	}
	return 0;
}

static int update(struct mcr_control_reply *reply, const struct mcr_control_source *src,
		  const struct request *request)
{
	struct mcr_join_list list = {NULL, 0, 0};
	struct mcr_error err = {"failed"};
	int ret = parse_joins(&list, request->joins, &err);

	if (ret == 0 && request->command[0] == 'j')
		ret = mcr_engine_update_as(src->engine, MCR_JOINED_BY_OPERATOR, NULL, 0, list.items,
					   list.n, &err);
	else if (ret == 0)
		ret = mcr_engine_update_as(src->engine, MCR_JOINED_BY_OPERATOR, list.items, list.n,
					   NULL, 0, &err);
	ret = ret < 0
		  ? mcr_control_reply_refuse(reply, err.text)
		  : append_line(reply, json_pack("{sb sI}", "ok", 1, "joins", (json_int_t)list.n));
	mcr_join_list_clear(&list);
	return ret;
}

int mcr_control_reply_reload(struct mcr_control_reply *reply, int result,
			     const struct mcr_error *report)
{
	if (result < 0)
		return mcr_control_reply_refuse(reply, report->text);
	return append_line(reply, json_pack("{sb so}", "ok", 1, "report", line_of(report->text)));
}

static int reload(struct mcr_control_reply *reply, const struct mcr_control_source *src,
		  const struct request *request)
{
	struct mcr_error report = {"done"};
	int ret;

	if (!src->reload)
		return mcr_control_reply_refuse(
		    reply, "this engine has no configuration file: start it with --config FILE");
	if (src->is_reloading)
		return mcr_control_reply_refuse(
		    reply, "another reload is under way: ask again when it has ended");
	ret = src->reload(src->ctx, request->dry_run, &report);
	return ret == MCR_RELOAD_LATER ? ret : mcr_control_reply_reload(reply, ret, &report);
}

static int carry_out(struct mcr_control_reply *reply, const struct mcr_control_source *src,
		     const json_t *object)
{
	struct request request;
	struct mcr_error err = {""};

	if (parse_request(&request, object, &err) < 0)
		return mcr_control_reply_refuse(reply, err.text);
	if (strcmp(request.command, "status") == 0)
		return begin(reply, src, mcr_control_status);
	if (strcmp(request.command, "groups") == 0)
		return begin(reply, src, mcr_control_groups);
	if (strcmp(request.command, "stats") == 0)
		return begin(reply, src, mcr_control_stats);
	if (strcmp(request.command, "reload") == 0)
		return reload(reply, src, &request);
	return update(reply, src, &request);
}

int mcr_control_reply_start(struct mcr_control_reply *reply, const struct mcr_control_source *src,
			    const char *request, size_t len)
{
	struct mcr_error limit;
	json_error_t error;
	json_t *parsed;
	int ret;

	if (mcr_control_limits_check(request, len, &limit) < 0)
		return mcr_control_reply_refuse(reply, limit.text);
	parsed = json_loadb(request, len, JSON_REJECT_DUPLICATES, &error);
	if (!parsed)
		return refuse(reply, "not JSON: %s", error.text);
	ret = carry_out(reply, src, parsed);
	json_decref(parsed);
	return ret;
}
