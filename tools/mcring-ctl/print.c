/* SPDX-License-Identifier: BSD-3-Clause */
#include "print.h"

#include <string.h>

#include "../common/table.h"
#include "../common/wrap.h"
#include "feeds.h"
#include "groups.h"
#include "interfaces.h"
#include "items.h"
#include "members.h"
#include "ports.h"
#include "readers.h"
#include "routes.h"

static long long number(const json_t *reply, const char *key)
{
	return (long long)json_integer_value(json_object_get(reply, key));
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

/* ---- what became of the packets ---- */

static void print_drops(FILE *out, const json_t *drops)
{
	struct ctl_items line = {.out = out, .head = "dropped"};
	const json_t *count;
	const char *reason;

	json_object_foreach((json_t *)drops, reason, count)
	{
		if (json_integer_value(count) != 0)
			ctl_items_add(&line, "%s %lld", reason,
				      (long long)json_integer_value(count));
	}
	ctl_items_end(&line);
}

static void print_account(FILE *out, const json_t *reply)
{
	const json_t *drops = json_object_get(reply, "drops"), *count;
	const long long relayed = number(reply, "relayed");
	const long long relayed_only = number(reply, "relayed_only");
	unsigned long long total = 0;
	char line[512], more[128] = "", only[64] = "";
	const char *reason;

	json_object_foreach((json_t *)drops, reason, count) total +=
	    (unsigned long long)json_integer_value(count);
	if (relayed > relayed_only)
		snprintf(more, sizeof(more), " (%lld of them relayed)", relayed - relayed_only);
	if (relayed > 0)
		snprintf(only, sizeof(only), " + only relayed %lld", relayed_only);
	snprintf(line, sizeof(line),
		 "received %lld = delivered %lld%s%s + punted %lld + dropped %llu",
		 number(reply, "received"), number(reply, "delivered"), more, only,
		 number(reply, "punted"), total);
	ctl_wrap(out, "", 2, line);
	print_drops(out, drops);
}

/* "239.9.9.9:5000", "[ff15::9]:5000"; "-" when it could not be read */
static const char *endpoint(char text[CTL_CELL_MAX], const json_t *sample, const char *address,
			    const char *port)
{
	const char *value = text_of(sample, address);
	const long long n = number(sample, port);

	if (n == 0)
		snprintf(text, CTL_CELL_MAX, "%s", value);
	else
		snprintf(text, CTL_CELL_MAX, strchr(value, ':') ? "[%s]:%lld" : "%s:%lld", value,
			 n);
	return text;
}

/* What the last packet was that was dropped for each reason. */
static void print_samples(FILE *out, const json_t *reply)
{
	const json_t *samples = json_object_get(reply, "drop_samples"), *s;
	char at[CTL_CELL_MAX], group[CTL_CELL_MAX], source[CTL_CELL_MAX], line[4 * CTL_CELL_MAX];
	const char *reason;

	if (json_object_size(samples) > 0)
		fputc('\n', out);
	json_object_foreach((json_t *)samples, reason, s)
	{
		ctl_clock_text(at, json_integer_value(json_object_get(s, "time_ns")));
		snprintf(line, sizeof(line),
			 "%s: %s from %s, interface %s, vlan %lld, MAC %s from %s, EtherType "
			 "0x%04llx, %lld octets, at %s",
			 reason, endpoint(group, s, "group", "port"),
			 endpoint(source, s, "source", "source_port"), text_of(s, "interface"),
			 number(s, "vlan"), text_of(s, "destination_mac"), text_of(s, "source_mac"),
			 (unsigned long long)number(s, "ether_type"), number(s, "len"), at);
		ctl_wrap(out, "last ", 2, line);
	}
}

/* ---- commands ---- */

/* "mcring, started 2026-11-29T09:00:00.000000Z, version 0.1.0" */
static void print_head(FILE *out, const json_t *reply)
{
	const char *version = json_string_value(json_object_get(reply, "version"));
	char started[CTL_CELL_MAX];

	ctl_clock_text(started, number(reply, "started_ns"));
	fprintf(out, "%s, started %s", text_of(reply, "name"), started);
	if (version && version[0] != '\0')
		fprintf(out, ", version %s", version);
	fputc('\n', out);
}

/* "shard: md2 of 3 hosts, copies 2, 812 of 2400 joins, digest 0123456789abcdef" */
static void print_shard(FILE *out, const json_t *reply)
{
	const json_t *shard = json_object_get(reply, "shard");
	const double wait_s = (double)(number(shard, "leave_ns") - number(reply, "now_ns")) / 1e9;
	char line[512];

	if (!json_is_object(shard))
		return;
	snprintf(line, sizeof(line),
		 "shard: %s of %lld hosts, copies %lld, %lld of %lld joins, digest %s",
		 text_of(shard, "me"), number(shard, "hosts"), number(shard, "copies"),
		 number(shard, "joins"), number(shard, "joins_of_all"), text_of(shard, "digest"));
	ctl_wrap(out, "", 2, line);
	if (number(shard, "leaving") == 0)
		return;
	snprintf(line, sizeof(line), "and %lld that other hosts have now, to be left in %.1f s",
		 number(shard, "leaving"), wait_s > 0 ? wait_s : 0.0);
	ctl_wrap(out, "  ", 2, line);
}

static void print_all(FILE *out, const json_t *reply)
{
	print_head(out, reply);
	print_shard(out, reply);
	print_account(out, reply);
	ctl_print_ports(out, reply);
	ctl_print_interfaces(out, reply);
	ctl_print_queriers(out, reply);
	ctl_print_relay(out, reply);
	ctl_print_channels(out, reply);
	ctl_print_groups(out, reply);
	ctl_print_consumers(out, reply);
	print_samples(out, reply);
}

void ctl_print(FILE *out, const char *command, json_t *reply, uint64_t now_ns)
{
	if (!json_is_integer(json_object_get(reply, "now_ns")))
		json_object_set_new(reply, "now_ns", json_integer((json_int_t)now_ns));
	if (strcmp(command, "reload") == 0)
		fprintf(out, "%s\n", text_of(reply, "report"));
	else if (strcmp(command, "join") == 0 || strcmp(command, "leave") == 0)
		fprintf(out, "%lld join%s %s\n", number(reply, "joins"),
			number(reply, "joins") == 1 ? "" : "s",
			command[0] == 'j' ? "added" : "removed");
	else if (strcmp(command, "sockets") == 0)
		ctl_print_sockets(out, reply);
	else if (strcmp(command, "feeds") == 0)
		ctl_print_feeds(out, reply);
	else if (strcmp(command, "members") == 0)
		ctl_print_members(out, reply, now_ns);
	else if (strcmp(command, "routes") == 0)
		ctl_print_routes(out, reply, now_ns);
	else if (strcmp(command, "groups") == 0)
		ctl_print_groups(out, reply);
	else
		print_all(out, reply);
}
