/* SPDX-License-Identifier: BSD-3-Clause */
#include "groups.h"

#include <string.h>

#include "../common/table.h"

static const struct ctl_column traffic_columns[] = {
    {"group", "group", CTL_PLAIN},    {"interface", "interface", CTL_PLAIN},
    {"sources", "wanted", CTL_PLAIN}, {"packets", "packets", CTL_PLAIN},
    {"last ago", "last_ns", CTL_AGE}, {"filter", "rung", CTL_NOTED},
    {"queue", "queue", CTL_PLAIN},
};
static const struct ctl_table traffic = CTL_TABLE_OF("groups", traffic_columns, 2, 0);

static const struct ctl_column membership_columns[] = {
    {"group", "group", CTL_PLAIN},           {"interface", "interface", CTL_PLAIN},
    {"igmp/mld", "igmp_state", CTL_PLAIN},   {"joined ago", "joined_ns", CTL_AGE},
    {"reported", "last_report_ns", CTL_AGE}, {"queried", "last_query_ns", CTL_AGE},
    {"joins", "joins", CTL_PLAIN},           {"first ago", "first_ns", CTL_AGE},
    {"bytes", "bytes", CTL_PLAIN},
};
static const struct ctl_table membership = CTL_TABLE_OF("groups", membership_columns, 2, 0);

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

/* Of which sources: "any", "only 2", "not 3". */
static json_t *wanted(const json_t *group)
{
	const long long n = json_integer_value(json_object_get(group, "n_sources"));

	if (strcmp(text_of(group, "mode"), "include") == 0)
		return json_sprintf("only %lld", n);
	return n > 0 ? json_sprintf("not %lld", n) : json_string("any");
}

/* The families have tables of their own: addresses of IPv6 are wide. */
static void print_family(FILE *out, const json_t *reply, int is_ipv6)
{
	json_t *rows = json_array(), *group, *row;
	size_t i;

	json_array_foreach(json_object_get(reply, traffic.list), i, group)
	{
		if (!json_is_object(group) ||
		    (strchr(text_of(group, "group"), ':') != NULL) != is_ipv6)
			continue;
		row = json_copy(group);
		json_object_set_new(row, "wanted", wanted(group));
		json_array_append_new(rows, row);
	}
	ctl_print_rows(out, &traffic, json_incref(rows), reply);
	ctl_print_rows(out, &membership, rows, reply);
}

static void print_joins(FILE *out, const json_t *reply)
{
	const json_t *joins = json_object_get(reply, "joins"), *join;
	size_t i;

	if (json_array_size(joins) > 0)
		fprintf(out, "\njoins\n");
	json_array_foreach(joins, i, join)
	{
		const json_t *consumer = json_object_get(join, "consumer");

		fprintf(out, "%s  %s", text_of(join, "join"), text_of(join, "owner"));
		if (json_is_integer(consumer))
			fprintf(out, " %lld", (long long)json_integer_value(consumer));
		fputc('\n', out);
	}
}

void ctl_print_groups(FILE *out, const json_t *reply)
{
	print_family(out, reply, 0);
	print_family(out, reply, 1);
	print_joins(out, reply);
}
