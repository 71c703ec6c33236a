/* SPDX-License-Identifier: BSD-3-Clause */
#include <pwd.h>
#include <string.h>

#include "../common/clock.h"
#include "columns.h"
#include "members.h"
#include "routes.h"
#include "table.h"

static const struct ctl_column port_columns[] = {
    {"port", "name", CTL_PLAIN},
    {"driver", "driver", CTL_PLAIN},
    {"mac", "mac", CTL_PLAIN},
    {"up", "link_up", CTL_YES_NO},
    {"promisc", "promiscuous", CTL_YES_NO},
    {"allmulti", "all_multicast", CTL_YES_NO},
    {"queues", "queues", CTL_PLAIN},
    {"buffers", "buffers", CTL_PLAIN},
    {"used", "buffers_used", CTL_PLAIN},
    {"filter", "rung", CTL_PLAIN},
    {"rules", "flow_rules", CTL_PLAIN},
    {"rx", "rx_packets", CTL_PLAIN},
    {"missed", "rx_missed", CTL_PLAIN},
    {"errors", "rx_errors", CTL_PLAIN},
    {"no_mbuf", "rx_nombuf", CTL_PLAIN},
    {"tx", "tx_packets", CTL_PLAIN},
    {"tx errors", "tx_errors", CTL_PLAIN},
};
static const struct ctl_table ports = CTL_TABLE("ports", port_columns);

/* Of the member "kernel" of each port. */
static const struct ctl_column port_kernel_columns[] = {
    {"in the kernel", "port", CTL_PLAIN},
    {"is", "name", CTL_PLAIN},
    {"mtu", "mtu", CTL_PLAIN},
    {"carrier lost", "carrier_downs", CTL_PLAIN},
    {"moved away", "moved", CTL_YES_NO},
};
static const struct ctl_table port_kernels = CTL_TABLE("ports", port_kernel_columns);

static const struct ctl_column lcore_columns[] = {
    {"lcore", "lcore", CTL_PLAIN},
    {"received", "received", CTL_PLAIN},
    {"delivered", "delivered", CTL_PLAIN},
    {"punted", "punted", CTL_PLAIN},
    {"polls", "polls", CTL_PLAIN},
    {"bursts", "bursts", CTL_PLAIN},
    {"longest gap", "longest_gap_ns", CTL_DURATION},
    {"at", "longest_gap_at_ns", CTL_CLOCK},
};
static const struct ctl_table lcores = CTL_TABLE("lcores", lcore_columns);

static const struct ctl_column control_columns[] = {
    {"control rounds", "rounds", CTL_PLAIN},
    {"longest round", "longest_round_ns", CTL_DURATION},
    {"at", "longest_round_at_ns", CTL_CLOCK},
};
static const struct ctl_table control = CTL_TABLE("control", control_columns);

static const struct ctl_column interface_columns[] = {
    {"interface", "name", CTL_PLAIN},
    {"port", "port", CTL_PLAIN},
    {"vlan", "vlan", CTL_PLAIN},
    {"address", "address", CTL_PLAIN},
    {"igmp", "igmp_version", CTL_PLAIN},
    {"because", "igmp_reason", CTL_PLAIN},
    {"querier", "igmp_querier", CTL_PLAIN},
    {"heard ago", "igmp_querier_age_ns", CTL_DURATION},
    {"queries", "igmp_queries", CTL_PLAIN},
    {"reports", "igmp_reports", CTL_PLAIN},
    {"groups", "groups", CTL_PLAIN},
};
static const struct ctl_table interfaces = CTL_TABLE("interfaces", interface_columns);

/* Of interfaces that speak IPv6. */
static const struct ctl_column ipv6_columns[] = {
    {"ipv6", "name", CTL_PLAIN},
    {"link-local", "link_local", CTL_PLAIN},
    {"state", "link_local_state", CTL_PLAIN},
    {"address6", "address6", CTL_PLAIN},
    {"state", "address6_state", CTL_PLAIN},
    {"mld", "mld_version", CTL_PLAIN},
    {"because", "mld_reason", CTL_PLAIN},
    {"querier", "mld_querier", CTL_PLAIN},
    {"heard ago", "mld_querier_age_ns", CTL_DURATION},
    {"queries", "mld_queries", CTL_PLAIN},
    {"reports", "mld_reports", CTL_PLAIN},
};
static const struct ctl_table ipv6 = CTL_TABLE("interfaces", ipv6_columns);

/* Of the members "igmp" and "mld" of each interface. */
static const struct ctl_column timer_columns[] = {
    {"timers", "interface", CTL_PLAIN},
    {"of", "protocol", CTL_PLAIN},
    {"robustness", "robustness", CTL_PLAIN},
    {"interval s", "query_interval_s", CTL_PLAIN},
    {"querier version", "querier_version", CTL_PLAIN},
    {"querier left", "querier_left_ns", CTL_DURATION},
    {"v1 left", "v1_left_ns", CTL_DURATION},
    {"v2 left", "v2_left_ns", CTL_DURATION},
    {"repeat in", "repeat_left_ns", CTL_DURATION},
};
static const struct ctl_table timers = CTL_TABLE("interfaces", timer_columns);

/* Of the member "kernel" of each interface. */
static const struct ctl_column kernel_columns[] = {
    {"beside the kernel", "interface", CTL_PLAIN},
    {"device", "device", CTL_PLAIN},
    {"there", "up", CTL_YES_NO},
    {"to it", "rx", CTL_PLAIN},
    {"not taken", "rx_dropped", CTL_PLAIN},
    {"from it", "tx", CTL_PLAIN},
    {"not sent", "tx_dropped", CTL_PLAIN},
};
static const struct ctl_table kernels = CTL_TABLE("interfaces", kernel_columns);

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
    {"channel", "channel", CTL_PLAIN},
    {"pid", "pid", CTL_PLAIN},
    {"uid", "uid", CTL_PLAIN},
    {"received", "received", CTL_PLAIN},
    {"lost", "lost", CTL_PLAIN},
    {"skipped", "skipped", CTL_PLAIN},
    {"cursor", "cursor", CTL_PLAIN},
    {"headroom", "headroom", CTL_PLAIN},
    {"lowest", "headroom_min", CTL_PLAIN},
    {"polled ago", "heartbeat_age_ns", CTL_DURATION},
};
static const struct ctl_table consumers = CTL_TABLE("consumers", consumer_columns);

static const struct ctl_column group_columns[] = {
    {"group", "group", CTL_PLAIN},
    {"interface", "interface", CTL_PLAIN},
    {"mode", "mode", CTL_PLAIN},
    {"sources", "n_sources", CTL_PLAIN},
    {"joins", "joins", CTL_PLAIN},
    {"packets", "packets", CTL_PLAIN},
    {"bytes", "bytes", CTL_PLAIN},
    {"joined", "joined_ns", CTL_CLOCK},
    {"first", "first_ns", CTL_CLOCK},
    {"last", "last_ns", CTL_CLOCK},
    {"filter", "rung", CTL_PLAIN},
    {"queue", "queue", CTL_PLAIN},
    {"igmp/mld", "igmp_state", CTL_PLAIN},
    {"reported", "last_report_ns", CTL_CLOCK},
    {"queried", "last_query_ns", CTL_CLOCK},
    {"why this filter", "rung_reason", CTL_PLAIN},
};
static const struct ctl_table groups = CTL_TABLE("groups", group_columns);

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
static const struct ctl_table sockets = CTL_TABLE("sockets", socket_columns);

/* A table of one or two members (second: NULL = one) of the rows of a list, of those rows that have
 * them. */
static void print_members(FILE *out, const struct ctl_table *t, const char *first,
			  const char *second, const json_t *reply)
{
	json_t *rows = json_array(), *all = json_pack("{so}", t->list, rows);
	const char *const members[] = {first, second};
	const json_t *owner;
	size_t i;

	json_array_foreach(json_object_get(reply, t->list), i, owner)
	{
		for (size_t m = 0; m < 2 && members[m]; m++) {
			json_t *row = json_object_get(owner, members[m]);

			if (json_is_object(row))
				json_array_append(rows, row);
		}
	}
	ctl_print_table(out, t, all);
	json_decref(all);
}

/* The interfaces that speak IPv6. */
static void print_ipv6(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *all = json_pack("{so}", ipv6.list, rows);
	json_t *interface;
	size_t i;

	json_array_foreach(json_object_get(reply, ipv6.list), i, interface)
	{
		const char *state =
		    json_string_value(json_object_get(interface, "link_local_state"));

		if (state && strcmp(state, "off") != 0)
			json_array_append(rows, interface);
	}
	ctl_print_table(out, &ipv6, all);
	json_decref(all);
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

/* Of all consumers, those that have sockets, or a channel of their own to have some in. */
static void print_sockets(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *all = json_pack("{so}", sockets.list, rows);
	json_t *program, *socket;
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
	ctl_print_table(out, &sockets, all);
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
	fprintf(out, "received %lld = delivered %lld", number(reply, "received"),
		number(reply, "delivered"));
	if (number(reply, "relayed") > number(reply, "relayed_only"))
		fprintf(out, " (%lld of them relayed)",
			number(reply, "relayed") - number(reply, "relayed_only"));
	if (number(reply, "relayed") > 0)
		fprintf(out, " + only relayed %lld", number(reply, "relayed_only"));
	fprintf(out, " + punted %lld + dropped %llu", number(reply, "punted"), total);
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

/* "239.9.9.9:5000", "[ff15::9]:5000" */
static void print_endpoint(FILE *out, const json_t *sample, const char *address, const char *port)
{
	const char *text = text_of(sample, address);

	fprintf(out, strchr(text, ':') ? "[%s]:%lld" : "%s:%lld", text, number(sample, port));
}

/* "last unknown_group: 239.9.9.9:5000 from 10.0.0.7:4000, MAC ..., 142 octets, at ..." */
static void print_samples(FILE *out, const json_t *reply)
{
	const json_t *samples = json_object_get(reply, "drop_samples"), *s;
	const char *reason;
	char at[CTL_CELL_MAX];

	if (json_object_size(samples) > 0)
		fputc('\n', out);
	json_object_foreach((json_t *)samples, reason, s)
	{
		ctl_clock_text(at, json_integer_value(json_object_get(s, "time_ns")));
		fprintf(out, "last %s: ", reason);
		print_endpoint(out, s, "group", "port");
		fprintf(out, " from ");
		print_endpoint(out, s, "source", "source_port");
		fprintf(out,
			", MAC %s from %s, interface %s, vlan %lld, EtherType 0x%04llx, %lld "
			"octets, at %s\n",
			text_of(s, "destination_mac"), text_of(s, "source_mac"),
			text_of(s, "interface"), number(s, "vlan"),
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

void ctl_print(FILE *out, const char *command, const json_t *reply)
{
	int is_stats = strcmp(command, "stats") == 0;

	if (strcmp(command, "reload") == 0) {
		fprintf(out, "%s\n", text_of(reply, "report"));
	} else if (strcmp(command, "join") == 0 || strcmp(command, "leave") == 0) {
		fprintf(out, "%lld joins %s\n", number(reply, "joins"),
			command[0] == 'j' ? "added" : "removed");
	} else if (strcmp(command, "sockets") == 0) {
		print_sockets(out, reply);
	} else if (strcmp(command, "members") == 0) {
		ctl_print_members(out, reply, realtime_ns());
	} else if (strcmp(command, "routes") == 0) {
		ctl_print_routes(out, reply, realtime_ns());
	} else if (strcmp(command, "groups") == 0) {
		ctl_print_table(out, &groups, reply);
		print_joins(out, reply);
	} else {
		char started[CTL_CELL_MAX];

		ctl_clock_text(started, number(reply, "started_ns"));
		if (!is_stats)
			fprintf(out, "%s, started %s\n", text_of(reply, "name"), started);
		print_account(out, reply);
		ctl_print_table(out, &ports, reply);
		print_members(out, &port_kernels, "kernel", NULL, reply);
		ctl_print_table(out, &lcores, reply);
		ctl_print_table(out, &control, reply);
		ctl_print_table(out, &interfaces, reply);
		print_ipv6(out, reply);
		print_members(out, &timers, "igmp", "mld", reply);
		ctl_print_queriers(out, reply);
		ctl_print_relay(out, reply);
		print_members(out, &kernels, "kernel", NULL, reply);
		ctl_print_table(out, &channels, reply);
		ctl_print_table(out, &groups, reply);
		ctl_print_table(out, &consumers, reply);
		print_samples(out, reply);
	}
}
