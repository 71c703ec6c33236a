/* SPDX-License-Identifier: BSD-3-Clause */
#include "routes.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../common/table.h"

static const struct ctl_column interface_columns[] = {
    {"relay", "interface", CTL_PLAIN},
    {"role", "role", CTL_PLAIN},
    {"forwards when", "forward_when", CTL_PLAIN},
    {"ipv4", "forwards_ipv4", CTL_YES_NO},
    {"ipv6", "forwards_ipv6", CTL_YES_NO},
    {"ttl", "ttl_threshold", CTL_PLAIN},
    {"because", "why", CTL_NOTE},
};
static const struct ctl_table interfaces = CTL_TABLE("relay", interface_columns);

static const struct ctl_column to_columns[] = {
    {"relayed to", "interface", CTL_PLAIN},
    {"offered", "offered", CTL_PLAIN},
    {"tx", "tx", CTL_PLAIN},
    {"tx_full", "tx_full", CTL_PLAIN},
    {"tx_mtu", "tx_mtu", CTL_PLAIN},
    {"tx_ttl", "tx_ttl", CTL_PLAIN},
    {"tx_no_buffer", "tx_no_buffer", CTL_PLAIN},
    {"tx_down", "tx_down", CTL_PLAIN},
};
static const struct ctl_table to = CTL_TABLE("relay", to_columns);

static const struct ctl_column from_columns[] = {
    {"relayed from", "interface", CTL_PLAIN}, {"wrong interface", "wrong_interface", CTL_PLAIN},
    {"looped", "looped", CTL_PLAIN},          {"flows", "flows", CTL_PLAIN},
    {"evicted", "flows_evicted", CTL_PLAIN},
};
static const struct ctl_table from = CTL_TABLE("relay", from_columns);

/* The group stands first: where a line has no room for it, it stands above the others. */
static const struct ctl_column route_columns[] = {
    {"group", "group", CTL_PLAIN},           {"source", "source", CTL_PLAIN},
    {"in", "interface", CTL_PLAIN},          {"out", "out", CTL_PLAIN},
    {"packets", "packets", CTL_PLAIN},       {"now", "forwarded", CTL_YES_NO},
    {"wrong", "wrong_interface", CTL_PLAIN}, {"age s", "age_ns", CTL_SECONDS},
};
static const struct ctl_table routes = CTL_TABLE_OF("routes", route_columns, 4, 1);

void ctl_print_relay(FILE *out, const json_t *reply)
{
	ctl_print_table(out, &interfaces, reply);
	ctl_print_table(out, &to, reply);
	ctl_print_table(out, &from, reply);
}

/* ---- rows ---- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static json_t *row_of(const json_t *route)
{
	const char *source = text_of(route, "source");
	json_t *row = json_pack("{ss}", "source", source[0] ? source : "*");

	json_object_set(row, "group", json_object_get(route, "group"));
	json_object_set(row, "interface", json_object_get(route, "interface"));
	return row;
}

/* Of a route's rows, the first one has what is of all of them. */
static void add_route(json_t *rows, const json_t *route, uint64_t now_ns)
{
	const json_int_t last = json_integer_value(json_object_get(route, "last_ns"));
	json_t *row = row_of(route), *output;
	size_t i;

	json_object_set(row, "wrong_interface", json_object_get(route, "wrong_interface"));
	if (last > 0 && (uint64_t)last <= now_ns)
		json_object_set_new(row, "age_ns", json_integer((json_int_t)now_ns - last));
	json_array_foreach(json_object_get(route, "outputs"), i, output)
	{
		if (i > 0)
			row = row_of(route);
		json_object_set(row, "out", json_object_get(output, "interface"));
		json_object_set(row, "packets", json_object_get(output, "packets"));
		json_object_set(row, "forwarded", json_object_get(output, "forwarded"));
		json_array_append_new(rows, row);
	}
	if (i == 0)
		json_array_append_new(rows, row);
}

static json_t *rows_of(const json_t *reply, int is_ipv6, uint64_t now_ns)
{
	json_t *rows = json_array(), *route;
	size_t i;

	json_array_foreach(json_object_get(reply, routes.list), i, route)
	{
		if ((strchr(text_of(route, "group"), ':') != NULL) == is_ipv6)
			add_route(rows, route, now_ns);
	}
	return rows;
}

/* ---- tables ---- */

static void print_evicted(FILE *out, const json_t *reply)
{
	json_t *interface;
	json_int_t flows;
	size_t i;

	json_array_foreach(json_object_get(reply, from.list), i, interface)
	{
		flows = json_integer_value(json_object_get(interface, "flows_evicted"));
		if (flows > 0)
			fprintf(
			    out,
			    "%s: counts of %lld flows that came in had to make room for others\n",
			    text_of(interface, "interface"), (long long)flows);
	}
}

void ctl_print_routes(FILE *out, const json_t *reply, uint64_t now_ns)
{
	if (json_array_size(json_object_get(reply, from.list)) == 0)
		fputs("no interface has a role: give role=upstream to one and role=downstream to "
		      "others\n",
		      out);
	print_evicted(out, reply);
	ctl_print_rows(out, &routes, rows_of(reply, 0, now_ns), reply);
	ctl_print_rows(out, &routes, rows_of(reply, 1, now_ns), reply);
}

/* ---- one group ---- */

/* Returns the octets of the address, 0 if it is none. */
static size_t parse(uint8_t address[16], const char *text)
{
	if (inet_pton(AF_INET, text, address) == 1)
		return 4;
	return inet_pton(AF_INET6, text, address) == 1 ? 16 : 0;
}

int ctl_routes_is_group(const char *text)
{
	uint8_t address[16];
	size_t len = parse(address, text);

	return (len == 4 && address[0] >> 4 == 0xe) || (len == 16 && address[0] == 0xff);
}

void ctl_routes_keep(json_t *reply, const char *group)
{
	json_t *list = json_object_get(reply, routes.list);
	uint8_t wanted[16], address[16];
	const size_t len = parse(wanted, group);

	for (size_t i = json_array_size(list); i-- > 0;) {
		const char *text = text_of(json_array_get(list, i), "group");

		if (parse(address, text) != len || memcmp(address, wanted, len) != 0)
			json_array_remove(list, i);
	}
}
