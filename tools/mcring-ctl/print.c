/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "print.h"
#include "table.h"

static const struct mcr_ctl_table ports = {"ports",
					   {{"port", "name", MCR_CELL_PLAIN},
					    {"driver", "driver", MCR_CELL_PLAIN},
					    {"mac", "mac", MCR_CELL_PLAIN},
					    {"up", "link_up", MCR_CELL_YES_NO},
					    {"promisc", "promiscuous", MCR_CELL_YES_NO},
					    {"allmulti", "all_multicast", MCR_CELL_YES_NO},
					    {"queues", "queues", MCR_CELL_PLAIN},
					    {"buffers", "buffers", MCR_CELL_PLAIN},
					    {"used", "buffers_used", MCR_CELL_PLAIN},
					    {"filter", "rung", MCR_CELL_PLAIN},
					    {"rules", "flow_rules", MCR_CELL_PLAIN},
					    {"rx", "rx_packets", MCR_CELL_PLAIN},
					    {"missed", "rx_missed", MCR_CELL_PLAIN},
					    {"errors", "rx_errors", MCR_CELL_PLAIN},
					    {"no_mbuf", "rx_nombuf", MCR_CELL_PLAIN},
					    {"tx", "tx_packets", MCR_CELL_PLAIN},
					    {"tx errors", "tx_errors", MCR_CELL_PLAIN}}};
/* Of the member "kernel" of each port. */
static const struct mcr_ctl_table port_kernels = {
    "ports",
    {{"in the kernel", "port", MCR_CELL_PLAIN},
     {"is", "name", MCR_CELL_PLAIN},
     {"mtu", "mtu", MCR_CELL_PLAIN},
     {"carrier lost", "carrier_downs", MCR_CELL_PLAIN},
     {"moved away", "moved", MCR_CELL_YES_NO}}};
static const struct mcr_ctl_table lcores = {"lcores",
					    {{"lcore", "lcore", MCR_CELL_PLAIN},
					     {"received", "received", MCR_CELL_PLAIN},
					     {"delivered", "delivered", MCR_CELL_PLAIN},
					     {"punted", "punted", MCR_CELL_PLAIN},
					     {"polls", "polls", MCR_CELL_PLAIN},
					     {"bursts", "bursts", MCR_CELL_PLAIN},
					     {"longest gap", "longest_gap_ns", MCR_CELL_DURATION},
					     {"at", "longest_gap_at_ns", MCR_CELL_CLOCK}}};
static const struct mcr_ctl_table control = {
    "control",
    {{"control rounds", "rounds", MCR_CELL_PLAIN},
     {"longest round", "longest_round_ns", MCR_CELL_DURATION},
     {"at", "longest_round_at_ns", MCR_CELL_CLOCK}}};
static const struct mcr_ctl_table interfaces = {"interfaces",
						{{"interface", "name", MCR_CELL_PLAIN},
						 {"port", "port", MCR_CELL_PLAIN},
						 {"vlan", "vlan", MCR_CELL_PLAIN},
						 {"address", "address", MCR_CELL_PLAIN},
						 {"igmp", "igmp_version", MCR_CELL_PLAIN},
						 {"because", "igmp_reason", MCR_CELL_PLAIN},
						 {"querier", "querier", MCR_CELL_PLAIN},
						 {"heard ago", "querier_age_ns", MCR_CELL_DURATION},
						 {"queries", "igmp_queries", MCR_CELL_PLAIN},
						 {"reports", "igmp_reports", MCR_CELL_PLAIN},
						 {"groups", "groups", MCR_CELL_PLAIN}}};
/* Of the member "igmp" of each interface. */
static const struct mcr_ctl_table timers = {"interfaces",
					    {{"igmp timers", "interface", MCR_CELL_PLAIN},
					     {"robustness", "robustness", MCR_CELL_PLAIN},
					     {"interval s", "query_interval_s", MCR_CELL_PLAIN},
					     {"querier version", "querier_version", MCR_CELL_PLAIN},
					     {"querier left", "querier_left_ns", MCR_CELL_DURATION},
					     {"v1 left", "v1_left_ns", MCR_CELL_DURATION},
					     {"v2 left", "v2_left_ns", MCR_CELL_DURATION},
					     {"repeat in", "repeat_left_ns", MCR_CELL_DURATION}}};
/* Of the member "kernel" of each interface. */
static const struct mcr_ctl_table kernels = {"interfaces",
					     {{"beside the kernel", "interface", MCR_CELL_PLAIN},
					      {"device", "device", MCR_CELL_PLAIN},
					      {"there", "up", MCR_CELL_YES_NO},
					      {"to it", "rx", MCR_CELL_PLAIN},
					      {"not taken", "rx_dropped", MCR_CELL_PLAIN},
					      {"from it", "tx", MCR_CELL_PLAIN},
					      {"not sent", "tx_dropped", MCR_CELL_PLAIN}}};
static const struct mcr_ctl_table channels = {
    "channels",
    {{"channel", "name", MCR_CELL_PLAIN},
     {"depth", "depth", MCR_CELL_PLAIN},
     {"bytes", "bytes", MCR_CELL_PLAIN},
     {"rings", "rings", MCR_CELL_PLAIN},
     {"huge", "huge_pages", MCR_CELL_YES_NO},
     {"joins", "joins", MCR_CELL_PLAIN},
     {"consumers", "consumers", MCR_CELL_PLAIN},
     {"published", "published", MCR_CELL_PLAIN},
     {"too large", "too_large", MCR_CELL_PLAIN},
     {"handler slow", "handler_slow", MCR_CELL_PLAIN},
     {"longest", "handler_longest_ns", MCR_CELL_DURATION}}};
static const struct mcr_ctl_table consumers = {
    "consumers",
    {{"consumer", "label", MCR_CELL_PLAIN},
     {"channel", "channel", MCR_CELL_PLAIN},
     {"pid", "pid", MCR_CELL_PLAIN},
     {"uid", "uid", MCR_CELL_PLAIN},
     {"received", "received", MCR_CELL_PLAIN},
     {"lost", "lost", MCR_CELL_PLAIN},
     {"skipped", "skipped", MCR_CELL_PLAIN},
     {"cursor", "cursor", MCR_CELL_PLAIN},
     {"headroom", "headroom", MCR_CELL_PLAIN},
     {"lowest", "headroom_min", MCR_CELL_PLAIN},
     {"polled ago", "heartbeat_age_ns", MCR_CELL_DURATION}}};
static const struct mcr_ctl_table groups = {"groups",
					    {{"group", "group", MCR_CELL_PLAIN},
					     {"interface", "interface", MCR_CELL_PLAIN},
					     {"mode", "mode", MCR_CELL_PLAIN},
					     {"sources", "n_sources", MCR_CELL_PLAIN},
					     {"joins", "joins", MCR_CELL_PLAIN},
					     {"packets", "packets", MCR_CELL_PLAIN},
					     {"bytes", "bytes", MCR_CELL_PLAIN},
					     {"joined", "joined_ns", MCR_CELL_CLOCK},
					     {"first", "first_ns", MCR_CELL_CLOCK},
					     {"last", "last_ns", MCR_CELL_CLOCK},
					     {"filter", "rung", MCR_CELL_PLAIN},
					     {"queue", "queue", MCR_CELL_PLAIN},
					     {"igmp", "igmp_state", MCR_CELL_PLAIN},
					     {"reported", "last_report_ns", MCR_CELL_CLOCK},
					     {"queried", "last_query_ns", MCR_CELL_CLOCK},
					     {"why this filter", "rung_reason", MCR_CELL_PLAIN}}};

/* A table of what those rows of a list that have the member say in it. */
static void print_members(FILE *out, const struct mcr_ctl_table *t, const char *member,
			  const json_t *reply)
{
	json_t *rows = json_array(), *row, *all = json_pack("{so}", t->list, rows);
	const json_t *owner;
	size_t i;

	json_array_foreach(json_object_get(reply, t->list), i, owner)
	{
		row = json_object_get(owner, member);
		if (json_is_object(row))
			json_array_append(rows, row);
	}
	mcr_ctl_print_table(out, t, all);
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
	unsigned long long total = 0;

	json_object_foreach((json_t *)drops, reason, count) total +=
	    (unsigned long long)json_integer_value(count);
	fprintf(out, "received %lld = delivered %lld + punted %lld + dropped %llu",
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
	char at[MCR_CELL_MAX];

	if (json_object_size(samples) > 0)
		fputc('\n', out);
	json_object_foreach((json_t *)samples, reason, s)
	{
		mcr_ctl_clock_text(at, json_integer_value(json_object_get(s, "time_ns")));
		fprintf(out,
			"last %s: %s:%lld from %s:%lld, MAC %s from %s, interface %s, vlan %lld, "
			"EtherType 0x%04llx, %lld octets, at %s\n",
			reason, text_of(s, "group"), number(s, "port"), text_of(s, "source"),
			number(s, "source_port"), text_of(s, "destination_mac"),
			text_of(s, "source_mac"), text_of(s, "interface"), number(s, "vlan"),
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
		fprintf(out, "%s  %s", text_of(join, "join"), text_of(join, "owner"));
		if (json_is_integer(json_object_get(join, "consumer")))
			fprintf(out, " %lld", number(join, "consumer"));
		fputc('\n', out);
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
		mcr_ctl_print_table(out, &groups, reply);
		print_joins(out, reply);
	} else {
		char started[MCR_CELL_MAX];

		mcr_ctl_clock_text(started, number(reply, "started_ns"));
		if (!is_stats)
			fprintf(out, "%s, started %s\n", text_of(reply, "name"), started);
		print_account(out, reply);
		mcr_ctl_print_table(out, &ports, reply);
		print_members(out, &port_kernels, "kernel", reply);
		mcr_ctl_print_table(out, &lcores, reply);
		mcr_ctl_print_table(out, &control, reply);
		mcr_ctl_print_table(out, &interfaces, reply);
		print_members(out, &timers, "igmp", reply);
		print_members(out, &kernels, "kernel", reply);
		mcr_ctl_print_table(out, &channels, reply);
		mcr_ctl_print_table(out, &groups, reply);
		mcr_ctl_print_table(out, &consumers, reply);
		print_samples(out, reply);
	}
}
