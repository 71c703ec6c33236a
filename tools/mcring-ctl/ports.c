/* SPDX-License-Identifier: BSD-3-Clause */
#include "ports.h"

#include "../common/table.h"

static const struct ctl_column link_columns[] = {
    {"port", "name", CTL_PLAIN},       {"driver", "driver", CTL_PLAIN},
    {"mac", "mac", CTL_PLAIN},         {"link", "link", CTL_PLAIN},
    {"for", "link_since_ns", CTL_AGE}, {"speed", "speed_mbps", CTL_SPEED},
    {"mtu", "mtu", CTL_PLAIN},         {"changes", "link_changes", CTL_PLAIN},
};
static const struct ctl_table links = CTL_TABLE("ports", link_columns);

static const struct ctl_column received_columns[] = {
    {"port", "name", CTL_PLAIN},        {"received", "rx_packets", CTL_PLAIN},
    {"bytes", "rx_bytes", CTL_PLAIN},   {"last ago", "rx_last_ns", CTL_AGE},
    {"missed", "rx_missed", CTL_PLAIN}, {"no buffer", "rx_nombuf", CTL_PLAIN},
    {"errors", "rx_errors", CTL_PLAIN},
};
static const struct ctl_table received = CTL_TABLE("ports", received_columns);

static const struct ctl_column filter_columns[] = {
    {"port", "name", CTL_PLAIN},
    {"filter", "rung", CTL_NOTED},
    {"macs", "macs", CTL_PLAIN},
    {"rules", "flow_rules", CTL_PLAIN},
    {"refused", "flow_refused", CTL_PLAIN},
    {"promiscuous", "promiscuous", CTL_YES_NO},
    {"all multicast", "all_multicast", CTL_YES_NO},
};
static const struct ctl_table filters = CTL_TABLE("ports", filter_columns);

static const struct ctl_column queue_columns[] = {
    {"port", "name", CTL_PLAIN},       {"queues", "queues", CTL_PLAIN},
    {"buffers", "buffers", CTL_PLAIN}, {"in use", "buffers_used", CTL_PLAIN},
    {"sent", "tx_packets", CTL_PLAIN}, {"not sent", "tx_errors", CTL_PLAIN},
};
static const struct ctl_table queues = CTL_TABLE("ports", queue_columns);

/* Of ports whose times come from a switch. */
static const struct ctl_column time_columns[] = {
    {"port", "name", CTL_PLAIN},
    {"hw time", "hw_time", CTL_PLAIN},
    {"with a time", "hw_time_ok", CTL_PLAIN},
    {"no trailer", "hw_time_none", CTL_PLAIN},
    {"bad trailer", "hw_time_bad", CTL_PLAIN},
};
static const struct ctl_table times = CTL_TABLE("ports", time_columns);

/* Of the member "kernel" of each port. */
static const struct ctl_column kernel_columns[] = {
    {"port", "port", CTL_PLAIN},         {"in the kernel", "name", CTL_PLAIN},
    {"mtu", "mtu", CTL_PLAIN},           {"carrier lost", "carrier_downs", CTL_PLAIN},
    {"moved away", "moved", CTL_YES_NO},
};
static const struct ctl_table kernels = CTL_TABLE("ports", kernel_columns);

static const struct ctl_column lcore_columns[] = {
    {"lcore", "lcore", CTL_PLAIN},
    {"received", "received", CTL_PLAIN},
    {"delivered", "delivered", CTL_PLAIN},
    {"punted", "punted", CTL_PLAIN},
    {"polls", "polls", CTL_PLAIN},
    {"bursts", "bursts", CTL_PLAIN},
    {"longest gap", "longest_gap_ns", CTL_DURATION},
    {"ago", "longest_gap_at_ns", CTL_AGE},
};
static const struct ctl_table lcores = CTL_TABLE("lcores", lcore_columns);

static const struct ctl_column control_columns[] = {
    {"control rounds", "rounds", CTL_PLAIN},
    {"longest round", "longest_round_ns", CTL_DURATION},
    {"ago", "longest_round_at_ns", CTL_AGE},
};
static const struct ctl_table control = CTL_TABLE("control", control_columns);

static const char *link_of(const json_t *port)
{
	if (json_is_true(json_object_get(port, "removed")))
		return "removed";
	return json_is_true(json_object_get(port, "link_up")) ? "up" : "down";
}

static void print_links(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *port, *row;
	size_t i;

	json_array_foreach(json_object_get(reply, links.list), i, port)
	{
		row = json_copy(port);
		json_object_set_new(row, "link", json_string(link_of(port)));
		/* It is as it was at the start. */
		if (!json_is_integer(json_object_get(port, "link_since_ns")))
			json_object_set(row, "link_since_ns", json_object_get(reply, "started_ns"));
		json_array_append_new(rows, row);
	}
	ctl_print_rows(out, &links, rows, reply);
}

static void print_kernels(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *port;
	size_t i;

	json_array_foreach(json_object_get(reply, kernels.list), i, port)
	{
		json_t *kernel = json_object_get(port, "kernel");

		if (json_is_object(kernel))
			json_array_append(rows, kernel);
	}
	ctl_print_rows(out, &kernels, rows, reply);
}

static void print_times(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *port;
	size_t i;

	json_array_foreach(json_object_get(reply, times.list), i, port)
	{
		if (json_is_integer(json_object_get(port, "hw_time_ok")))
			json_array_append(rows, port);
	}
	ctl_print_rows(out, &times, rows, reply);
}

void ctl_print_ports(FILE *out, const json_t *reply)
{
	print_links(out, reply);
	ctl_print_table(out, &received, reply);
	ctl_print_table(out, &filters, reply);
	ctl_print_table(out, &queues, reply);
	print_times(out, reply);
	print_kernels(out, reply);
	ctl_print_table(out, &lcores, reply);
	ctl_print_table(out, &control, reply);
}
