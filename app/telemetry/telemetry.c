/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <jansson.h>
#include <rte_telemetry.h>

#include "engine/os/ask.h"
#include "settings/fail.h"
#include "telemetry/put.h"
#include "telemetry/telemetry.h"

#define GROUPS_MAX  1000 /* that are asked for: those of the configuration, then the busiest */
#define GROUPS_TEXT "1000"

/* Telemetry of DPDK 22.11 passes no context to its commands. Written once, before the first is
 * registered. */
static char engine_dir[sizeof(((struct sockaddr_un *)0)->sun_path)];

struct command {
	const char *name, *help; /* help: 63 characters at most */
	void (*show)(const struct command *c, const char *parameter, struct rte_tel_data *d);
	const char *list; /* in the answer of `stats`, ... */
	const char *key;  /* ... and the member by which its entries are called */
};

/* ---- asking ---- */

/* An answer with one member, which says what is wrong. */
static void show_error(struct rte_tel_data *d, const char *text)
{
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_string(d, "error", text);
}

/* Returns the engine's answer, which the caller gives back, or NULL with the error shown. request:
 * taken over. */
static json_t *ask(json_t *request, struct rte_tel_data *d)
{
	struct mcr_error err;
	char *line = request ? json_dumps(request, JSON_COMPACT) : NULL;
	char *text = NULL;
	int ret = line ? mcr_ask(engine_dir, "stats", line, &text) : -ENOMEM;
	json_t *answer = text ? json_loads(text, 0, NULL) : NULL;

	if (ret < 0)
		mcr_fail(&err, ret, "%.80s/stats: %s", engine_dir, strerror(-ret));
	if (text && !answer)
		mcr_fail(&err, -EIO, "the engine's answer is not JSON");
	if (answer && !json_is_true(json_object_get(answer, "ok"))) {
		const char *why = json_string_value(json_object_get(answer, "error"));

		mcr_fail(&err, -EIO, "%s", why ? why : "the engine refused the question");
		json_decref(answer);
		answer = NULL;
	}
	if (!answer) {
		err.text[RTE_TEL_MAX_STRING_LEN - 1] = '\0';
		show_error(d, err.text);
	}
	free(text);
	free(line);
	json_decref(request);
	return answer;
}

static json_t *ask_stats(int groups, struct rte_tel_data *d)
{
	return ask(json_pack("{s:s, s:i}", "command", "stats", "groups", groups), d);
}

static void end(struct rte_tel_data *d, const struct mcr_telemetry_room *room)
{
	if (room->is_cut)
		rte_tel_data_add_dict_int(d, "truncated", 1);
}

/* ---- the engine ---- */

/* Who speaks, and how many there are of each kind. */
static void show_status(const struct command *c, const char *parameter, struct rte_tel_data *d)
{
	static const char *const who[] = {"name", "version", "started_ns", "now_ns"};
	static const char *const lists[] = {"ports", "lcores", "interfaces", "channels",
					    "consumers"};
	struct mcr_telemetry_room room = {MCR_TELEMETRY_ROOM, false};
	json_t *answer = ask_stats(0, d);

	(void)c;
	(void)parameter;
	if (!answer)
		return;
	rte_tel_data_start_dict(d);
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++)
		mcr_telemetry_put(d, who[i], json_object_get(answer, who[i]), &room);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		rte_tel_data_add_dict_int(d, lists[i],
					  (int)json_array_size(json_object_get(answer, lists[i])));
	mcr_telemetry_put(d, "groups", json_object_get(answer, "groups_total"), &room);
	json_decref(answer);
}

/* The account, with the sums of what the ports lost before it. */
static void show_stats(const struct command *c, const char *parameter, struct rte_tel_data *d)
{
	static const char *const account[] = {"received", "delivered", "relayed_only",
					      "punted",   "relayed",   "drops"};
	static const char *const lost[] = {"rx_missed", "rx_errors", "rx_nombuf"};
	struct mcr_telemetry_room room = {MCR_TELEMETRY_ROOM, false};
	json_t *answer = ask_stats(0, d), *port;
	size_t k;

	(void)c;
	(void)parameter;
	if (!answer)
		return;
	rte_tel_data_start_dict(d);
	for (size_t i = 0; i < sizeof(account) / sizeof(account[0]); i++)
		mcr_telemetry_put(d, account[i], json_object_get(answer, account[i]), &room);
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		json_t *sum = json_integer(0);

		json_array_foreach(json_object_get(answer, "ports"), k, port)
		    json_integer_set(sum, json_integer_value(sum) +
					      json_integer_value(json_object_get(port, lost[i])));
		mcr_telemetry_put(d, lost[i], sum, &room);
		json_decref(sum);
	}
	end(d, &room);
	json_decref(answer);
}

/* One object of the answer. */
static void show_object(const struct command *c, const char *parameter, struct rte_tel_data *d)
{
	struct mcr_telemetry_room room = {MCR_TELEMETRY_ROOM, false};
	json_t *answer = ask_stats(0, d);

	(void)parameter;
	if (!answer)
		return;
	rte_tel_data_start_dict(d);
	mcr_telemetry_put_members(d, json_object_get(answer, c->list), &room);
	end(d, &room);
	json_decref(answer);
}

/* ---- lists ---- */

static bool is_called(const json_t *key, const char *parameter)
{
	char number[24];

	if (json_is_string(key))
		return strcmp(json_string_value(key), parameter) == 0;
	snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(key));
	return strcmp(number, parameter) == 0;
}

static void show_keys(const struct command *c, const json_t *list, struct rte_tel_data *d)
{
	struct mcr_telemetry_room room = {MCR_TELEMETRY_ROOM, false};
	json_t *keys = json_array(), *one;
	size_t i;

	json_array_foreach(list, i, one) json_array_append(keys, json_object_get(one, c->key));
	mcr_telemetry_put_list(d, keys, &room);
	json_decref(keys);
}

/* Without a parameter, what the entries are called; with it, the entry that is called so. */
static void show_list(const struct command *c, const char *parameter, struct rte_tel_data *d)
{
	struct mcr_telemetry_room room = {MCR_TELEMETRY_ROOM, false};
	json_t *answer = ask_stats(0, d), *list, *one = NULL;
	char text[RTE_TEL_MAX_STRING_LEN];
	size_t i;

	if (!answer)
		return;
	list = json_object_get(answer, c->list);
	if (parameter) {
		json_array_foreach(
		    list, i, one) if (is_called(json_object_get(one, c->key), parameter)) break;
		one = json_array_get(list, i);
	}
	if (!parameter) {
		show_keys(c, list, d);
	} else if (one) {
		rte_tel_data_start_dict(d);
		mcr_telemetry_put_members(d, one, &room);
		end(d, &room);
	} else {
		snprintf(text, sizeof(text), "%s has no '%.40s'", c->name, parameter);
		show_error(d, text);
	}
	json_decref(answer);
}

/* ---- groups ---- */

static void list_groups(const json_t *answer, struct rte_tel_data *d)
{
	struct mcr_telemetry_room room = {MCR_TELEMETRY_ROOM, false};
	json_t *seen = json_object(), *list = json_array(), *group;
	size_t i;

	json_array_foreach(json_object_get(answer, "groups"), i, group)
	{
		const char *text = json_string_value(json_object_get(group, "group"));

		if (text && !json_object_get(seen, text)) /* another interface's */
			json_array_append_new(list, json_string(text));
		if (text)
			json_object_set_new(seen, text, json_true());
	}
	rte_tel_data_start_dict(d);
	mcr_telemetry_put(d, "total", json_object_get(answer, "groups_total"), &room);
	mcr_telemetry_put(d, "groups", list, &room);
	end(d, &room);
	json_decref(list);
	json_decref(seen);
}

/* Shows the first entry of a group, or that of an interface: "GROUP,INTERFACE". */
static void show_group(const json_t *answer, char *text, struct rte_tel_data *d)
{
	struct mcr_telemetry_room room = {MCR_TELEMETRY_ROOM, false};
	char *interface = strchr(text, ',');
	json_t *group, *found = NULL;
	size_t i;

	if (interface)
		*interface++ = '\0';
	json_array_foreach(json_object_get(answer, "groups"), i,
			   group) if (!found && is_called(json_object_get(group, "group"), text) &&
				      (!interface || is_called(json_object_get(group, "interface"),
							       interface))) found = group;
	if (found) {
		rte_tel_data_start_dict(d);
		mcr_telemetry_put_members(d, found, &room);
		end(d, &room);
	} else if (json_integer_value(json_object_get(answer, "groups_total")) > GROUPS_MAX) {
		show_error(d, "not among the first " GROUPS_TEXT ": mcring-ctl groups has all");
	} else {
		show_error(d, "nobody has joined this group here");
	}
}

static void show_groups(const struct command *c, const char *parameter, struct rte_tel_data *d)
{
	json_t *answer = ask_stats(GROUPS_MAX, d);
	char text[RTE_TEL_MAX_STRING_LEN];

	(void)c;
	snprintf(text, sizeof(text), "%s", parameter ? parameter : "");
	if (answer && !parameter)
		list_groups(answer, d);
	else if (answer)
		show_group(answer, text, d);
	json_decref(answer);
}

/* ---- why ---- */

static void show_why(const struct command *c, const char *parameter, struct rte_tel_data *d)
{
	static const char *const shown[] = {"exit", "verdict", "first"};
	struct mcr_telemetry_room room = {MCR_TELEMETRY_ROOM, false};
	json_t *answer =
	    ask(parameter ? json_pack("{s:s, s:s}", "command", "why", "group", parameter)
			  : json_pack("{s:s}", "command", "why"),
		d);
	json_t *codes = json_array(), *one;
	size_t i;

	(void)c;
	if (answer) {
		rte_tel_data_start_dict(d);
		for (i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
			mcr_telemetry_put(d, shown[i], json_object_get(answer, shown[i]), &room);
		json_array_foreach(json_object_get(answer, "findings"), i, one)
		    json_array_append(codes, json_object_get(one, "code"));
		mcr_telemetry_put(d, "findings", codes, &room);
		end(d, &room);
	}
	json_decref(codes);
	json_decref(answer);
}

/* ---- all of them ---- */

static const struct command commands[] = {
    {"/mcring/status", "Who speaks, and how many of each there are. No parameters", show_status,
     NULL, NULL},
    {"/mcring/stats", "What became of all received packets. No parameters", show_stats, NULL, NULL},
    {"/mcring/control", "Rounds of the control thread. No parameters", show_object, "control",
     NULL},
    {"/mcring/ports", "Names of ports, or what one has. Parameters: port", show_list, "ports",
     "name"},
    {"/mcring/lcores", "Receiving lcores, or what one has. Parameters: lcore", show_list, "lcores",
     "lcore"},
    {"/mcring/interfaces", "Interfaces, or what one has. Parameters: interface", show_list,
     "interfaces", "name"},
    {"/mcring/channels", "Channels, or what one has. Parameters: channel", show_list, "channels",
     "name"},
    {"/mcring/consumers", "Ids of consumers, or what one has. Parameters: id", show_list,
     "consumers", "id"},
    {"/mcring/groups", "Groups, or what one has. Parameters: group,interface", show_groups, NULL,
     NULL},
    {"/mcring/why", "Why there is no data, in short. Parameters: group", show_why, NULL, NULL},
};

static int on_command(const char *name, const char *parameter, struct rte_tel_data *d)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0) {
			commands[i].show(&commands[i], parameter, d);
			return 0;
		}
	return -ENOENT;
}

int mcr_telemetry_begin(const char *run_dir, struct mcr_error *err)
{
	snprintf(engine_dir, sizeof(engine_dir), "%s", run_dir);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		int ret =
		    rte_telemetry_register_cmd(commands[i].name, on_command, commands[i].help);

		if (ret < 0)
			return mcr_fail(err, ret, "telemetry takes no %s: %s", commands[i].name,
					strerror(-ret));
	}
	return 0;
}
