/* SPDX-License-Identifier: BSD-3-Clause */
#include "members.h"

#include <string.h>

#include "../common/table.h"
#include "items.h"

static const struct ctl_column querier_columns[] = {
    {"querier of", "interface", CTL_PLAIN},
    {"protocol", "protocol", CTL_PLAIN},
    {"mode", "mode", CTL_PLAIN},
    {"is", "is", CTL_PLAIN},
    {"left s", "other_left_ns", CTL_SECONDS},
    {"asks in s", "next_query_left_ns", CTL_SECONDS},
    {"version", "version", CTL_PLAIN},
    {"groups", "groups", CTL_PLAIN},
    {"sources", "sources", CTL_PLAIN},
};
static const struct ctl_table queriers = CTL_TABLE("queriers", querier_columns);

static const struct ctl_column member_columns[] = {
    {"interface", "interface", CTL_PLAIN},
    {"group", "group", CTL_PLAIN},
    {"source", "source", CTL_PLAIN},
    {"ver", "version", CTL_PLAIN},
    {"mode", "mode", CTL_PLAIN},
    {"left s", "left_ns", CTL_SECONDS},
    {"reporter", "last_reporter", CTL_PLAIN},
    {"since s", "age_ns", CTL_SECONDS},
};
static const struct ctl_table members = CTL_TABLE_OF("members", member_columns, 3, 2);

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* ---- queriers ---- */

/* "us", the other's address, or why nobody is known. */
static const char *who_asks(const json_t *querier)
{
	const char *role = text_of(querier, "role");
	const char *address = json_string_value(json_object_get(querier, "querier"));

	return strcmp(role, "us") == 0 || !address ? role : address;
}

static void print_table(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *querier, *row;
	size_t i;

	json_array_foreach(json_object_get(reply, queriers.list), i, querier)
	{
		row = json_copy(querier);
		json_object_set_new(row, "is", json_string(who_asks(querier)));
		json_array_append_new(rows, row);
	}
	ctl_print_rows(out, &queriers, rows, reply);
}

static void print_refused(FILE *out, const json_t *querier)
{
	const json_int_t groups = number(querier, "refused_groups");
	const json_int_t sources = number(querier, "refused_sources");
	const json_int_t leaves = number(querier, "refused_leaves");
	struct ctl_items line = {.out = out};

	snprintf(line.head, sizeof(line.head), "%.40s %.8s refused", text_of(querier, "interface"),
		 text_of(querier, "protocol"));
	if (groups > 0)
		ctl_items_add(&line, "groups %lld (of %lld at most)", (long long)groups,
			      (long long)number(querier, "groups_max"));
	if (sources > 0)
		ctl_items_add(&line, "sources %lld (of %lld a group and %lld in all at most)",
			      (long long)sources, (long long)number(querier, "sources_max"),
			      (long long)number(querier, "sources_all_max"));
	if (leaves > 0)
		ctl_items_add(&line, "leaves %lld (too many to ask about in time)",
			      (long long)leaves);
	ctl_items_end(&line);
}

/* What a querier hears and uses. */
static int is_used(const char *outcome)
{
	return strcmp(outcome, "query") == 0 || strcmp(outcome, "report") == 0 ||
	       strcmp(outcome, "leave") == 0;
}

static void print_ignored(FILE *out, const json_t *querier)
{
	static const char *const records[] = {"records_ssm", "records_bad_group",
					      "records_unknown"};
	const char *ssm = json_string_value(json_object_get(querier, "last_ssm_group"));
	const char *off = json_string_value(json_object_get(querier, "last_off_subnet"));
	struct ctl_items line = {.out = out};
	const char *outcome;
	json_t *count;

	snprintf(line.head, sizeof(line.head), "%.40s %.8s ignored", text_of(querier, "interface"),
		 text_of(querier, "protocol"));
	json_object_foreach(json_object_get(querier, "rx"), outcome, count)
	{
		if (!is_used(outcome) && json_integer_value(count) > 0)
			ctl_items_add(&line, "%s %lld", outcome,
				      (long long)json_integer_value(count));
	}
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		if (number(querier, records[i]) > 0)
			ctl_items_add(&line, "%s %lld", records[i],
				      (long long)number(querier, records[i]));
	if (ssm)
		ctl_items_add(&line, "last without a source: %s from %s", ssm,
			      text_of(querier, "last_ssm_source"));
	if (off)
		ctl_items_add(&line, "last off the subnet: %s", off);
	ctl_items_end(&line);
}

void ctl_print_queriers(FILE *out, const json_t *reply)
{
	const json_t *querier;
	size_t i;

	print_table(out, reply);
	json_array_foreach(json_object_get(reply, queriers.list), i, querier)
	{
		print_refused(out, querier);
		print_ignored(out, querier);
	}
}

/* ---- members ---- */

/* A row, whose group and interface are the member's. */
static json_t *row_of(const json_t *member, const char *source, const char *mode)
{
	return json_pack("{sOsOssss}", "interface", json_object_get(member, "interface"), "group",
			 json_object_get(member, "group"), "source", source, "mode", mode);
}

static void add_member(json_t *rows, const json_t *member, uint64_t now_ns)
{
	const json_int_t since = number(member, "since_ns");
	json_t *row = row_of(member, "*", text_of(member, "mode")), *source;
	size_t i;

	json_object_set(row, "version", json_object_get(member, "version"));
	json_object_set(row, "left_ns", json_object_get(member, "left_ns"));
	json_object_set(row, "last_reporter", json_object_get(member, "last_reporter"));
	if (since > 0 && (uint64_t)since <= now_ns)
		json_object_set_new(row, "age_ns", json_integer((json_int_t)now_ns - since));
	json_array_append_new(rows, row);
	json_array_foreach(json_object_get(member, "sources"), i, source)
	{
		const int is_forwarded = json_is_true(json_object_get(source, "forwarded"));

		row = row_of(member, text_of(source, "source"),
			     is_forwarded ? "forwarded" : "blocked");
		if (number(source, "left_ns") > 0)
			json_object_set(row, "left_ns", json_object_get(source, "left_ns"));
		json_array_append_new(rows, row);
	}
}

/* The two protocols have tables of their own: addresses of IPv6 are wide. */
static void print_members(FILE *out, const json_t *reply, const char *protocol, uint64_t now_ns)
{
	json_t *rows = json_array(), *member;
	size_t i;

	json_array_foreach(json_object_get(reply, members.list), i, member)
	{
		if (strcmp(text_of(member, "protocol"), protocol) == 0)
			add_member(rows, member, now_ns);
	}
	ctl_print_rows(out, &members, rows, reply);
}

void ctl_print_members(FILE *out, const json_t *reply, uint64_t now_ns)
{
	if (json_array_size(json_object_get(reply, queriers.list)) == 0)
		fputs("no interface has a querier: give one querier=on or mld-querier=on\n", out);
	ctl_print_queriers(out, reply);
	print_members(out, reply, "igmp", now_ns);
	print_members(out, reply, "mld", now_ns);
}
