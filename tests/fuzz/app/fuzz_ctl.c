/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl against a hostile engine: whatever JSON it answers is shown, or not, without harm. The
 * input is made into JSON with the keys that mcring-ctl looks for, and values of any type. */
#include <assert.h>
#include <stdlib.h>

#include <jansson.h>

#include "fuzz_input.h"
#include "mcring-ctl/check.h"
#include "mcring-ctl/mroute.h"
#include "mcring-ctl/netstat.h"
#include "mcring-ctl/print.h"
#include "mcring-ctl/why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const keys[] = {
    "ports",
    "lcores",
    "interfaces",
    "channels",
    "consumers",
    "groups",
    "joins",
    "drops",
    "drop_samples",
    "name",
    "port",
    "driver",
    "link_up",
    "rx_packets",
    "lcore",
    "longest_gap_ns",
    "longest_gap_at_ns",
    "igmp",
    "vlan",
    "address",
    "igmp_querier_age_ns",
    "repeat_left_ns",
    "channel",
    "label",
    "headroom",
    "heartbeat_age_ns",
    "received",
    "delivered",
    "punted",
    "unknown_group",
    "group",
    "source",
    "time_ns",
    "ether_type",
    "report",
    "joined_ns",
    "mode",
    "rung",
    "started_ns",
    "uid",
    "queriers",
    "members",
    "own",
    "interface",
    "protocol",
    "role",
    "querier",
    "sources",
    "forwarded",
    "left_ns",
    "since_ns",
    "last_reporter",
    "rx",
    "refused_groups",
    "refused_sources",
    "refused_leaves",
    "last_ssm_group",
    "last_off_subnet",
    "relay",
    "routes",
    "outputs",
    "packets",
    "wrong_interface",
    "ttl_threshold",
    "last_ns",
    "flows_evicted",
    "relayed",
    "first",
    "exit",
    "findings",
    "code",
    "severity",
    "text",
    "evidence",
    "todo",
    "proven",
    "candidates",
    "command",
    "where",
    "hidden",
};

static json_t *value(struct input *in, unsigned depth)
{
	uint8_t what = (uint8_t)take(in, 1);
	json_t *made = NULL;
	char text[256];
	size_t n;

	switch (what % 8) {
	case 0:
		return json_integer((json_int_t)take(in, 1 + what / 8 % 8));
	case 1:
		n = take_bytes(in, text, what);
		made = json_stringn(text, n); /* NULL when it is not UTF-8 */
		return made ? made : json_string_nocheck("?");
	case 2:
		return json_boolean(what & 8);
	case 3:
		return what & 8 ? json_null() : json_real((double)take(in, 8));
	case 4:
	case 5:
		made = json_array();
		for (n = what / 8 % 8; n > 0 && depth > 0; n--)
			json_array_append_new(made, value(in, depth - 1));
		return made;
	default:
		made = json_object();
		for (n = what / 8 % 16; n > 0 && depth > 0; n--) {
			size_t key = take(in, 1) % (sizeof(keys) / sizeof(keys[0]));

			json_object_set_new(made, keys[key], value(in, depth - 1));
		}
		return made;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const commands[] = {"status",  "groups", "stats",   "join",  "reload",
					       "sockets", "feeds",  "members", "routes"};
	struct input in = {data, len};
	size_t command = take(&in, 1) % (sizeof(commands) / sizeof(commands[0]) + 4);
	json_t *reply = value(&in, 4);
	size_t shown;
	char *text;
	FILE *out = open_memstream(&text, &shown);

	assert(out && reply);
	if (command < sizeof(commands) / sizeof(commands[0]))
		ctl_print(out, commands[command], reply, UINT64_MAX);
	else if (command == sizeof(commands) / sizeof(commands[0]))
		ctl_print_netstat(out, reply);
	else if (command == sizeof(commands) / sizeof(commands[0]) + 1)
		ctl_print_mroute(out, reply, UINT64_MAX);
	else if (command == sizeof(commands) / sizeof(commands[0]) + 2)
		ctl_print_why(out, reply);
	else
		ctl_print_check(out, reply, reply);
	fclose(out);
	free(text);
	json_decref(reply);
	return 0;
}
