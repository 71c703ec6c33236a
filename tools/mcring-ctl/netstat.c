/* SPDX-License-Identifier: BSD-3-Clause */
#include "netstat.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct membership {
	size_t interface; /* its place in "own", or behind all */
	const char *name, *group;
	int is_ipv6;
	uint8_t address[16];
	json_int_t users;
};

static int compare(const void *a, const void *b)
{
	const struct membership *x = a, *y = b;

	if (x->is_ipv6 != y->is_ipv6)
		return x->is_ipv6 - y->is_ipv6;
	if (x->interface != y->interface)
		return x->interface < y->interface ? -1 : 1;
	if (strcmp(x->name, y->name) != 0) /* both behind all */
		return strcmp(x->name, y->name);
	return memcmp(x->address, y->address, sizeof(x->address));
}

static size_t interface_number(const json_t *own, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(own, i, item)
	{
		const char *text = json_string_value(json_object_get(item, "interface"));

		if (text && strcmp(text, name) == 0)
			return i;
	}
	return i;
}

/* Adds a membership if it is one. */
static size_t add(struct membership *list, size_t n, size_t interface, const char *name,
		  const char *group, json_int_t users)
{
	struct membership m = {
	    .interface = interface, .name = name, .group = group, .users = users};

	if (!name || !group)
		return n;
	m.is_ipv6 = strchr(group, ':') != NULL;
	if (inet_pton(m.is_ipv6 ? AF_INET6 : AF_INET, group, m.address) != 1)
		return n;
	list[n] = m;
	return n + 1;
}

static size_t count(const json_t *own, const json_t *groups)
{
	size_t n = json_array_size(groups), i;
	const json_t *item;

	json_array_foreach(own, i, item) n += json_array_size(json_object_get(item, "groups"));
	return n;
}

/* All of the answer, in the order of printing. */
static size_t collect(struct membership *list, const json_t *own, const json_t *groups)
{
	const json_t *item, *group;
	size_t n = 0, i, k;

	json_array_foreach(own, i, item)
	{
		const char *name = json_string_value(json_object_get(item, "interface"));

		json_array_foreach(json_object_get(item, "groups"), k, group) n =
		    add(list, n, i, name, json_string_value(group), 1);
	}
	json_array_foreach(groups, i, item)
	{
		const char *name = json_string_value(json_object_get(item, "interface"));

		n = add(list, n, name ? interface_number(own, name) : 0, name,
			json_string_value(json_object_get(item, "group")),
			json_integer_value(json_object_get(item, "joins")));
	}
	qsort(list, n, sizeof(*list), compare);
	return n;
}

void ctl_print_netstat(FILE *out, const json_t *reply)
{
	const json_t *own = json_object_get(reply, "own"),
		     *groups = json_object_get(reply, "groups");
	struct membership *list = calloc(count(own, groups) + 1, sizeof(*list));
	size_t n = list ? collect(list, own, groups) : 0;

	fputs("IPv6/IPv4 Group Memberships\n"
	      "Interface       RefCnt Group\n"
	      "--------------- ------ ---------------------\n",
	      out);
	for (size_t i = 0; i < n; i++) {
		json_int_t users = list[i].users;

		while (i + 1 < n && compare(&list[i], &list[i + 1]) == 0)
			users += list[++i].users;
		fprintf(out, "%-15s %-6lld %s\n", list[i].name, (long long)users, list[i].group);
	}
	free(list);
}
