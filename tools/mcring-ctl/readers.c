/* SPDX-License-Identifier: BSD-3-Clause */
#include "readers.h"

#include <pwd.h>
#include <string.h>

#include "../common/table.h"

static const struct ctl_column channel_columns[] = {
    {"channel", "name", CTL_PLAIN},
    {"bytes", "bytes", CTL_PLAIN},
    {"rings", "rings", CTL_PLAIN},
    {"huge", "huge_pages", CTL_YES_NO},
    {"joins", "joins", CTL_PLAIN},
    {"consumers", "consumers", CTL_PLAIN},
    {"published", "published", CTL_PLAIN},
    {"too large", "too_large", CTL_PLAIN},
    {"handler slow", "handler_slow", CTL_PLAIN},
    {"longest", "handler_longest_ns", CTL_DURATION},
};
static const struct ctl_table channels = CTL_TABLE("channels", channel_columns);

static const struct ctl_column consumer_columns[] = {
    {"consumer", "label", CTL_PLAIN},
    {"pid", "pid", CTL_PLAIN},
    {"uid", "uid", CTL_PLAIN},
    {"channel", "channel", CTL_PLAIN},
    {"received", "received", CTL_PLAIN},
    {"lost", "lost", CTL_PLAIN},
    {"last lost", "lost_last_ns", CTL_AGE},
    {"skipped", "skipped", CTL_PLAIN},
};
static const struct ctl_table consumers = CTL_TABLE_OF("consumers", consumer_columns, 2, 0);

static const struct ctl_column place_columns[] = {
    {"consumer", "label", CTL_PLAIN},
    {"pid", "pid", CTL_PLAIN},
    {"cursor", "cursor", CTL_PLAIN},
    {"headroom", "headroom", CTL_PLAIN},
    {"lowest", "headroom_min", CTL_PLAIN},
    {"polled ago", "heartbeat_age_ns", CTL_DURATION},
    {"received ago", "received_last_ns", CTL_AGE},
    {"reads", "attach_newest", CTL_PLAIN},
};
static const struct ctl_table places = CTL_TABLE_OF("consumers", place_columns, 2, 0);

/* Of the sockets of each program. */
static const struct ctl_column socket_columns[] = {
    {"program", "label", CTL_PLAIN},
    {"pid", "pid", CTL_PLAIN},
    {"user", "user", CTL_PLAIN},
    {"fd", "fd", CTL_PLAIN},
    {"bound to", "bound", CTL_PLAIN},
    {"from the engine", "engine", CTL_PLAIN},
    {"from the kernel", "kernel", CTL_PLAIN},
    {"because", "why", CTL_PLAIN},
    {"received", "received", CTL_PLAIN},
    {"lost", "lost", CTL_PLAIN},
    {"reported ago", "reported_age_ns", CTL_DURATION},
};
static const struct ctl_table sockets = CTL_TABLE_OF("sockets", socket_columns, 4, 0);

void ctl_print_channels(FILE *out, const json_t *reply)
{
	ctl_print_table(out, &channels, reply);
}

void ctl_print_consumers(FILE *out, const json_t *reply)
{
	ctl_print_table(out, &consumers, reply);
	ctl_print_table(out, &places, reply);
}

static json_t *user_of(const json_t *program)
{
	json_int_t uid = json_integer_value(json_object_get(program, "uid"));
	const struct passwd *user = getpwuid((uid_t)uid);

	return user ? json_string(user->pw_name) : json_integer(uid);
}

/* A row of a socket, or of a program that has reported none. */
static void add_socket(json_t *rows, json_t *program, json_t *socket)
{
	json_t *row = socket ? json_copy(socket) : json_object();

	json_object_update_missing(row, program);
	json_object_set_new(row, "user", user_of(program));
	json_array_append_new(rows, row);
}

void ctl_print_sockets(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *program, *socket;
	size_t i, k;

	json_array_foreach(json_object_get(reply, "programs"), i, program)
	{
		const json_t *list = json_object_get(program, "sockets");
		const char *channel = json_string_value(json_object_get(program, "channel"));

		json_array_foreach(list, k, socket) if (json_is_object(socket))
		    add_socket(rows, program, socket);
		if (json_array_size(list) == 0 && channel && strchr(channel, '/'))
			add_socket(rows, program, NULL);
	}
	ctl_print_rows(out, &sockets, rows, reply);
}
