/* SPDX-License-Identifier: BSD-3-Clause */
#include "interfaces.h"

#include <string.h>

#include "../common/table.h"

#define LIST "interfaces"

static const struct ctl_column interface_columns[] = {
    {"interface", "name", CTL_PLAIN},     {"port", "port", CTL_PLAIN},
    {"vlan", "vlan", CTL_PLAIN},          {"address", "subnet", CTL_PLAIN},
    {"groups", "groups", CTL_PLAIN},      {"sent", "tx_packets", CTL_PLAIN},
    {"retries", "tx_retries", CTL_PLAIN}, {"not sent", "tx_dropped", CTL_PLAIN},
};
static const struct ctl_table interfaces = CTL_TABLE(LIST, interface_columns);

/* Of interfaces that speak IPv6. */
static const struct ctl_column ipv6_columns[] = {
    {"interface", "name", CTL_PLAIN},      {"link-local", "link_local", CTL_PLAIN},
    {"is", "link_local_state", CTL_PLAIN}, {"address6", "address6", CTL_PLAIN},
    {"is", "address6_state", CTL_PLAIN},
};
static const struct ctl_table ipv6 = CTL_TABLE(LIST, ipv6_columns);

/* Of IGMP or MLD: the members whose names begin with it, without that, and those of the member of
 * that name. */
static const struct ctl_column membership_columns[] = {
    {"interface", "interface", CTL_PLAIN},
    {"speaks", "speaks", CTL_NOTED},
    {"querier", "querier", CTL_PLAIN},
    {"version", "querier_version", CTL_PLAIN},
    {"heard ago", "querier_age_ns", CTL_DURATION},
    {"gone in", "querier_left_ns", CTL_DURATION},
    {"queries", "queries", CTL_PLAIN},
    {"reports", "reports", CTL_PLAIN},
    {"bad", "rx_bad", CTL_PLAIN},
};
static const struct ctl_table memberships = CTL_TABLE(LIST, membership_columns);

static const struct ctl_column timer_columns[] = {
    {"timers", "interface", CTL_PLAIN},
    {"of", "protocol", CTL_PLAIN},
    {"robustness", "robustness", CTL_PLAIN},
    {"interval s", "query_interval_s", CTL_PLAIN},
    {"v1 left", "v1_left_ns", CTL_DURATION},
    {"v2 left", "v2_left_ns", CTL_DURATION},
    {"repeat in", "repeat_left_ns", CTL_DURATION},
};
static const struct ctl_table timers = CTL_TABLE(LIST, timer_columns);

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
static const struct ctl_table kernels = CTL_TABLE(LIST, kernel_columns);

static void print_interfaces(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *interface, *row;
	size_t i;

	json_array_foreach(json_object_get(reply, LIST), i, interface)
	{
		const char *address = json_string_value(json_object_get(interface, "address"));

		row = json_copy(interface);
		if (address)
			json_object_set_new(
			    row, "subnet",
			    json_sprintf("%s/%lld", address,
					 (long long)json_integer_value(
					     json_object_get(interface, "prefix_len"))));
		json_array_append_new(rows, row);
	}
	ctl_print_rows(out, &interfaces, rows, reply);
}

static void print_ipv6(FILE *out, const json_t *reply)
{
	json_t *rows = json_array(), *interface;
	size_t i;

	json_array_foreach(json_object_get(reply, LIST), i, interface)
	{
		const char *state =
		    json_string_value(json_object_get(interface, "link_local_state"));

		if (state && strcmp(state, "off") != 0)
			json_array_append(rows, interface);
	}
	ctl_print_rows(out, &ipv6, rows, reply);
}

/* "IGMPv3", or "no IGMP" */
static json_t *speaks(const json_t *row, int is_mld)
{
	const long long version = json_integer_value(json_object_get(row, "version"));
	const char *protocol = is_mld ? "MLD" : "IGMP";

	return version > 0 ? json_sprintf("%sv%lld", protocol, version)
			   : json_sprintf("no %s", protocol);
}

static json_t *membership_row(const json_t *interface, int is_mld)
{
	const json_t *detail = json_object_get(interface, is_mld ? "mld" : "igmp");
	json_t *row = json_is_object(detail) ? json_copy((json_t *)detail) : json_object();
	const char *prefix = is_mld ? "mld_" : "igmp_", *key;
	json_t *value;

	json_object_foreach((json_t *)interface, key, value)
	{
		if (strncmp(key, prefix, strlen(prefix)) == 0)
			json_object_set(row, key + strlen(prefix), value);
	}
	json_object_set(row, "interface", json_object_get(interface, "name"));
	json_object_set_new(row, "speaks", speaks(row, is_mld));
	json_object_set(row, "speaks_reason", json_object_get(row, "reason"));
	return row;
}

/* Who does not speak IPv6 says nothing of MLD. */
static void print_memberships(FILE *out, const json_t *reply, int is_mld)
{
	json_t *rows = json_array(), *interface;
	size_t i;

	json_array_foreach(json_object_get(reply, LIST), i, interface)
	{
		if (!is_mld || json_is_object(json_object_get(interface, "mld")))
			json_array_append_new(rows, membership_row(interface, is_mld));
	}
	ctl_print_rows(out, &memberships, rows, reply);
}

/* A table of one or two members (second: NULL = one) of the interfaces that have them. */
static void print_members(FILE *out, const struct ctl_table *t, const char *first,
			  const char *second, const json_t *reply)
{
	const char *const members[] = {first, second};
	json_t *rows = json_array(), *interface;
	size_t i;

	json_array_foreach(json_object_get(reply, LIST), i, interface)
	{
		for (size_t m = 0; m < 2 && members[m]; m++) {
			json_t *row = json_object_get(interface, members[m]);

			if (json_is_object(row))
				json_array_append(rows, row);
		}
	}
	ctl_print_rows(out, t, rows, reply);
}

void ctl_print_interfaces(FILE *out, const json_t *reply)
{
	print_interfaces(out, reply);
	print_ipv6(out, reply);
	print_memberships(out, reply, 0);
	print_memberships(out, reply, 1);
	print_members(out, &timers, "igmp", "mld", reply);
	print_members(out, &kernels, "kernel", NULL, reply);
}
