/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl_print.h"

#define CELL_MAX    192
#define COLUMNS_MAX 16

struct column {
	const char *title, *key;
	enum {
		PLAIN,
		YES_NO,
		CLOCK,
		DURATION
	} form;
};

struct table {
	const char *list; /* member of the answer */
	struct column columns[COLUMNS_MAX + 1];
};

static const struct table ports = {"ports",
				   {{"port", "name", PLAIN},
				    {"driver", "driver", PLAIN},
				    {"mac", "mac", PLAIN},
				    {"up", "link_up", YES_NO},
				    {"promisc", "promiscuous", YES_NO},
				    {"allmulti", "all_multicast", YES_NO},
				    {"queues", "queues", PLAIN},
				    {"buffers", "buffers", PLAIN},
				    {"used", "buffers_used", PLAIN},
				    {"filter", "rung", PLAIN},
				    {"rules", "flow_rules", PLAIN},
				    {"rx", "rx_packets", PLAIN},
				    {"missed", "rx_missed", PLAIN},
				    {"errors", "rx_errors", PLAIN},
				    {"no_mbuf", "rx_nombuf", PLAIN},
				    {"tx", "tx_packets", PLAIN}}};
static const struct table lcores = {"lcores",
				    {{"lcore", "lcore", PLAIN},
				     {"received", "received", PLAIN},
				     {"delivered", "delivered", PLAIN},
				     {"punted", "punted", PLAIN},
				     {"polls", "polls", PLAIN},
				     {"bursts", "bursts", PLAIN},
				     {"longest gap", "longest_gap_ns", DURATION},
				     {"at", "longest_gap_at_ns", CLOCK}}};
static const struct table interfaces = {"interfaces",
					{{"interface", "name", PLAIN},
					 {"port", "port", PLAIN},
					 {"vlan", "vlan", PLAIN},
					 {"address", "address", PLAIN},
					 {"igmp", "igmp_version", PLAIN},
					 {"because", "igmp_reason", PLAIN},
					 {"querier", "querier", PLAIN},
					 {"heard ago", "querier_age_ns", DURATION},
					 {"queries", "igmp_queries", PLAIN},
					 {"reports", "igmp_reports", PLAIN},
					 {"groups", "groups", PLAIN}}};
/* Of the member "igmp" of each interface. */
static const struct table timers = {"interfaces",
				    {{"igmp timers", "interface", PLAIN},
				     {"robustness", "robustness", PLAIN},
				     {"interval s", "query_interval_s", PLAIN},
				     {"querier version", "querier_version", PLAIN},
				     {"querier left", "querier_left_ns", DURATION},
				     {"v1 left", "v1_left_ns", DURATION},
				     {"v2 left", "v2_left_ns", DURATION},
				     {"repeat in", "repeat_left_ns", DURATION}}};
static const struct table channels = {"channels",
				      {{"channel", "name", PLAIN},
				       {"depth", "depth", PLAIN},
				       {"bytes", "bytes", PLAIN},
				       {"rings", "rings", PLAIN},
				       {"huge", "huge_pages", YES_NO},
				       {"joins", "joins", PLAIN},
				       {"consumers", "consumers", PLAIN},
				       {"published", "published", PLAIN},
				       {"too large", "too_large", PLAIN}}};
static const struct table consumers = {"consumers",
				       {{"consumer", "label", PLAIN},
					{"channel", "channel", PLAIN},
					{"pid", "pid", PLAIN},
					{"uid", "uid", PLAIN},
					{"received", "received", PLAIN},
					{"lost", "lost", PLAIN},
					{"skipped", "skipped", PLAIN},
					{"headroom", "headroom", PLAIN},
					{"polled ago", "heartbeat_age_ns", DURATION}}};
static const struct table groups = {"groups",
				    {{"group", "group", PLAIN},
				     {"interface", "interface", PLAIN},
				     {"mode", "mode", PLAIN},
				     {"sources", "n_sources", PLAIN},
				     {"joins", "joins", PLAIN},
				     {"packets", "packets", PLAIN},
				     {"bytes", "bytes", PLAIN},
				     {"joined", "joined_ns", CLOCK},
				     {"first", "first_ns", CLOCK},
				     {"last", "last_ns", CLOCK},
				     {"filter", "rung", PLAIN},
				     {"queue", "queue", PLAIN},
				     {"igmp", "igmp_state", PLAIN},
				     {"reported", "last_report_ns", CLOCK},
				     {"queried", "last_query_ns", CLOCK},
				     {"why this filter", "rung_reason", PLAIN}}};

static void clock_text(char *cell, json_int_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(cell, CELL_MAX, "%FT%T", &tm);
	snprintf(cell + n, CELL_MAX - n, ".%06dZ", (int)(ns % 1000000000 / 1000));
}

static void duration_text(char *cell, json_int_t ns)
{
	if (ns < 10000)
		snprintf(cell, CELL_MAX, "%lld ns", (long long)ns);
	else if (ns < 10000000)
		snprintf(cell, CELL_MAX, "%.1f us", (double)ns / 1e3);
	else if (ns < 10000000000)
		snprintf(cell, CELL_MAX, "%.1f ms", (double)ns / 1e6);
	else
		snprintf(cell, CELL_MAX, "%.1f s", (double)ns / 1e9);
}

static void cell_text(char *cell, const struct column *c, const json_t *row)
{
	const json_t *value = json_object_get(row, c->key);

	strcpy(cell, "-");
	if (json_is_string(value) && json_string_length(value) > 0)
		snprintf(cell, CELL_MAX, "%s", json_string_value(value));
	else if (json_is_boolean(value))
		strcpy(cell, json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value) && c->form == CLOCK)
		clock_text(cell, json_integer_value(value));
	else if (json_is_integer(value) && c->form == DURATION)
		duration_text(cell, json_integer_value(value));
	else if (json_is_integer(value))
		snprintf(cell, CELL_MAX, "%lld", (long long)json_integer_value(value));
}

/* Numbers stand to the right, everything else to the left. */
static void print_row(FILE *out, const struct table *t, const size_t *widths, const json_t *row,
		      const json_t *sample)
{
	char cell[CELL_MAX];

	for (size_t c = 0; t->columns[c].title; c++) {
		const struct column *column = &t->columns[c];
		int right =
		    column->form == PLAIN && json_is_integer(json_object_get(sample, column->key));
		int last = !t->columns[c + 1].title;

		if (row)
			cell_text(cell, column, row);
		else
			snprintf(cell, sizeof(cell), "%s", column->title);
		if (right)
			fprintf(out, "%*s%s", (int)widths[c], cell, last ? "\n" : "  ");
		else if (last)
			fprintf(out, "%s\n", cell);
		else
			fprintf(out, "%-*s  ", (int)widths[c], cell);
	}
}

static void print_table(FILE *out, const struct table *t, const json_t *reply)
{
	const json_t *list = json_object_get(reply, t->list), *row;
	size_t widths[COLUMNS_MAX], i;
	char cell[CELL_MAX];

	if (json_array_size(list) == 0)
		return;
	for (size_t c = 0; t->columns[c].title; c++) {
		widths[c] = strlen(t->columns[c].title);
		json_array_foreach(list, i, row)
		{
			cell_text(cell, &t->columns[c], row);
			if (strlen(cell) > widths[c])
				widths[c] = strlen(cell);
		}
	}
	fputc('\n', out);
	print_row(out, t, widths, NULL, json_array_get(list, 0));
	json_array_foreach(list, i, row) print_row(out, t, widths, row, json_array_get(list, 0));
}

static void print_timers(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *igmp, *all = json_pack("{so}", "interfaces", rows);
	const json_t *interface;
	size_t i;

	json_array_foreach(json_object_get(reply, "interfaces"), i, interface)
	{
		igmp = json_object_get(interface, "igmp");
		if (igmp)
			json_array_append(rows, igmp);
	}
	print_table(out, &timers, all);
	json_decref(all);
}

static long long number(const json_t *reply, const char *key)
{
	return (long long)json_integer_value(json_object_get(reply, key));
}

static void print_account(FILE *out, const json_t *reply)
{
	const json_t *drops = json_object_get(reply, "drops"), *count;
	const char *reason, *separator = ":";
	long long total = 0;

	json_object_foreach((json_t *)drops, reason, count) total +=
	    (long long)json_integer_value(count);
	fprintf(out, "received %lld = delivered %lld + punted %lld + dropped %lld",
		number(reply, "received"), number(reply, "delivered"), number(reply, "punted"),
		total);
	json_object_foreach((json_t *)drops, reason, count)
	{
		if (json_integer_value(count) == 0)
			continue;
		fprintf(out, "%s %s %lld", separator, reason, (long long)json_integer_value(count));
		separator = ",";
	}
	fputc('\n', out);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

/* "unknown_group: last 239.9.9.9:5000 from 10.0.0.7:4000, vlan 0, 142 octets, at ..." */
static void print_samples(FILE *out, const json_t *reply)
{
	const json_t *samples = json_object_get(reply, "drop_samples"), *s;
	const char *reason;
	char at[CELL_MAX];

	if (json_object_size(samples) > 0)
		fputc('\n', out);
	json_object_foreach((json_t *)samples, reason, s)
	{
		clock_text(at, json_integer_value(json_object_get(s, "time_ns")));
		fprintf(out,
			"last %s: %s:%lld from %s:%lld, vlan %lld, EtherType 0x%04llx, %lld "
			"octets, at %s\n",
			reason, text_of(s, "group"), number(s, "port"), text_of(s, "source"),
			number(s, "source_port"), number(s, "vlan"),
			(unsigned long long)number(s, "ether_type"), number(s, "len"), at);
	}
}

static void print_joins(FILE *out, const json_t *reply)
{
	const json_t *joins = json_object_get(reply, "joins"), *join;
	size_t i;

	if (json_array_size(joins) > 0)
		fprintf(out, "\njoins\n");
	json_array_foreach(joins, i, join)
	{
		if (json_is_string(join))
			fprintf(out, "%s\n", json_string_value(join));
	}
}

void mcr_ctl_print(FILE *out, const char *command, const json_t *reply)
{
	int is_stats = strcmp(command, "stats") == 0;

	if (strcmp(command, "reload") == 0) {
		fprintf(out, "%s\n", text_of(reply, "report"));
	} else if (strcmp(command, "join") == 0 || strcmp(command, "leave") == 0) {
		fprintf(out, "%lld joins %s\n", number(reply, "joins"),
			command[0] == 'j' ? "added" : "removed");
	} else if (strcmp(command, "groups") == 0) {
		print_table(out, &groups, reply);
		print_joins(out, reply);
	} else {
		char started[CELL_MAX];

		clock_text(started, number(reply, "started_ns"));
		if (!is_stats)
			fprintf(out, "%s, started %s\n", text_of(reply, "name"), started);
		print_account(out, reply);
		print_table(out, &ports, reply);
		print_table(out, &lcores, reply);
		print_table(out, &interfaces, reply);
		print_timers(out, reply);
		print_table(out, &channels, reply);
		print_table(out, &groups, reply);
		print_table(out, &consumers, reply);
		print_samples(out, reply);
	}
}
