/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/control/control_reply.h"

/* That one call of mcr_control_reply_more appends: it ends with the item that reaches either. A
 * group takes tens of microseconds, and its members' sources a few for each 100 octets, so the call
 * stays far below the 10 ms between two heartbeats. */
#define ITEMS_A_CALL  32
#define OCTETS_A_CALL 65536

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

/* An error quotes what a user wrote and may be cut in the middle of a character: where that leaves
 * no UTF-8, its other octets become "?". */
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
	return append_line(reply, json_pack("{sb si so}", "ok", 0, "schema", MCR_CONTROL_SCHEMA,
					    "error", line_of(why)));
}

static uint64_t now_realtime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int mcr_control_reply_begin(struct mcr_control_reply *reply, const struct mcr_control_source *src,
			    const struct mcr_control_section *sections)
{
	char head[48];

	mcr_engine_account(src->engine, &reply->snapshot.account);
	reply->snapshot.now_ns = now_realtime();
	reply->section = sections;
	reply->item = reply->moved = 0;
	snprintf(head, sizeof(head), "{\"ok\":true,\"schema\":%d", MCR_CONTROL_SCHEMA);
	return append_text(reply, head);
}

int mcr_control_reply_choose_groups(struct mcr_control_reply *reply,
				    const struct mcr_control_source *src, size_t n)
{
	struct mcr_control_snapshot *snapshot = &reply->snapshot;

	snapshot->groups = calloc(n + 1, sizeof(*snapshot->groups));
	if (!snapshot->groups)
		return -ENOMEM;
	snapshot->n_groups = mcr_engine_groups_to_show(src->engine, snapshot->groups, n);
	return 0;
}

int mcr_control_reply_routes(struct mcr_control_reply *reply, const struct mcr_control_source *src)
{
	reply->snapshot.awaits_routes = 1;
	return mcr_control_reply_begin(reply, src, mcr_control_routes);
}

int mcr_control_reply_why(struct mcr_control_reply *reply, const struct mcr_control_source *src,
			  const struct mcr_why_query *query)
{
	struct mcr_error err = {"failed"};
	int ret = mcr_why_create(&reply->snapshot.why, src->engine, query, &err);

	if (ret == -ENOENT)
		return mcr_control_reply_refuse(reply, err.text);
	return ret < 0 ? ret : mcr_control_reply_begin(reply, src, mcr_control_why);
}

/* Looks a little further for the verdict. Returns 1 when it is there, 0, or -ENOMEM. */
static int step_why(struct mcr_control_snapshot *snapshot)
{
	int ret = mcr_why_step(snapshot->why, now_realtime());

	snapshot->has_verdict = ret == 1;
	snapshot->is_looking = ret != 1;
	return ret;
}

/* Has the engine collect its routes a little further. Returns as step_why. */
static int step_routes(struct mcr_control_snapshot *snapshot, const struct mcr_control_source *src)
{
	int ret = mcr_engine_routes_collect(src->engine, &snapshot->ticket);

	if (ret == -ENOENT) /* no relay */
		ret = 1;
	snapshot->awaits_routes = ret != 1;
	return ret;
}

/* What has to be there before anything is written. */
static int prepare(struct mcr_control_snapshot *snapshot, const struct mcr_control_source *src)
{
	if (snapshot->why && !snapshot->has_verdict)
		return step_why(snapshot);
	return snapshot->awaits_routes ? step_routes(snapshot, src) : 1;
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
		ret = append_json(reply, reply->section->item(src, &reply->snapshot, 0));
	reply->section++;
	return ret;
}

static int next_item(struct mcr_control_reply *reply, const struct mcr_control_source *src)
{
	json_t *item = reply->section->item(src, &reply->snapshot, reply->item + reply->moved);
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
	reply->item = reply->moved = 0;
	return ret < 0 ? ret : append_text(reply, "]");
}

int mcr_control_reply_is_looking(const struct mcr_control_reply *reply)
{
	return reply->snapshot.is_looking;
}

int mcr_control_reply_is_to_look(const struct mcr_control_reply *reply)
{
	const struct mcr_control_snapshot *snapshot = &reply->snapshot;

	return snapshot->why && !snapshot->is_looking && !snapshot->has_verdict;
}

/* Returns the array that it is amid of and in which others may come and go between two calls, or
 * NULL. */
static const struct mcr_control_array *moving(const struct mcr_control_reply *reply)
{
	const struct mcr_control_array *array = reply->section ? reply->section->array : NULL;

	return array && array->find && reply->item > 0 ? array : NULL;
}

int mcr_control_reply_more(struct mcr_control_reply *reply, const struct mcr_control_source *src)
{
	const size_t enough = reply->len + OCTETS_A_CALL;
	const struct mcr_control_array *array;
	int ret = prepare(&reply->snapshot, src);

	if (ret <= 0)
		return ret;
	ret = 0;
	array = moving(reply);
	if (array)
		reply->moved =
		    array->find(src, &reply->snapshot, reply->item + reply->moved) - reply->item;
	for (unsigned n = 0; ret == 0 && reply->section && n < ITEMS_A_CALL && reply->len < enough;
	     n++) {
		if (!reply->section->name) {
			reply->section = NULL;
			ret = append_text(reply, "}\n");
		} else if (reply->section->array) {
			ret = next_item(reply, src);
		} else {
			ret = single(reply, src);
		}
	}
	array = moving(reply);
	if (array)
		array->keep(src, &reply->snapshot, reply->item + reply->moved);
	return ret;
}

int mcr_control_reply_joins(struct mcr_control_reply *reply, size_t n)
{
	return append_line(reply, json_pack("{sb si sI}", "ok", 1, "schema", MCR_CONTROL_SCHEMA,
					    "joins", (json_int_t)n));
}

int mcr_control_reply_seconds(struct mcr_control_reply *reply, unsigned seconds)
{
	return append_line(reply, json_pack("{sb si sI}", "ok", 1, "schema", MCR_CONTROL_SCHEMA,
					    "seconds", (json_int_t)seconds));
}

int mcr_control_reply_reload(struct mcr_control_reply *reply, int result,
			     const struct mcr_error *report)
{
	if (result < 0)
		return mcr_control_reply_refuse(reply, report->text);
	return append_line(reply, json_pack("{sb si so}", "ok", 1, "schema", MCR_CONTROL_SCHEMA,
					    "report", line_of(report->text)));
}

void mcr_control_reply_clear(struct mcr_control_reply *reply)
{
	free(reply->text);
	free(reply->snapshot.groups);
	mcr_why_destroy(reply->snapshot.why);
	memset(reply, 0, sizeof(*reply));
}
