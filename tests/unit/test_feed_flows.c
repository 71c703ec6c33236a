/* SPDX-License-Identifier: BSD-3-Clause */
/* Which line and which stream a message is of. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/flows.h"

struct rig {
	struct mcr_feed_config config;
	struct mcr_feed_publishers publishers;
	struct mcr_feed_flows flows;
};

static void create(struct rig *rig, const char *declaration, const char *lines, uint32_t mask)
{
	char text[2048];
	struct mcr_error err = {""};
	int ret;

	snprintf(text, sizeof(text), "feed test\ndeclaration %s\n%s", declaration, lines);
	memset(rig, 0, sizeof(*rig));
	ret = mcr_feed_config_parse(&rig->config, text, strlen(text), NULL, &err);
	if (ret < 0)
		print_message("%s\n", err.text);
	assert_int_equal(ret, 0);
	assert_int_equal(mcr_feed_publishers_create(&rig->publishers, 64, 1), 0);
	assert_int_equal(
	    mcr_feed_flows_create(&rig->flows, &rig->config, mask, &rig->publishers, 2), 0);
}

static void destroy(struct rig *rig)
{
	mcr_feed_flows_destroy(&rig->flows);
	mcr_feed_publishers_destroy(&rig->publishers);
	mcr_feed_config_clear(&rig->config);
}

static struct mcr_msg msg(const char *group, const char *source, uint16_t port, uint16_t interface)
{
	struct mcr_msg m = {.dst_port = port, .interface = interface};

	assert_int_equal(mcr_address_parse(&m.group, group, strlen(group)), 0);
	assert_int_equal(mcr_address_parse(&m.source, source, strlen(source)), 0);
	return m;
}

static const struct mcr_feed_seen *find(struct rig *rig, const char *group, const char *source,
					uint16_t port, uint16_t interface)
{
	const struct mcr_msg m = msg(group, source, port, interface);
	const struct mcr_feed_seen *seen = mcr_feed_flows_find(&rig->flows, &m), *again;

	assert_true(mcr_feed_seen_is(seen, &m));
	again = mcr_feed_flows_find(&rig->flows, &m);
	assert_ptr_equal(again, seen);
	return seen;
}

static void a_line_is_known_by_group_port_source_and_interface(void **state)
{
	struct rig rig;

	create(&rig, "moldudp64",
	       "line A\njoin 239.1.1.1:5000,interface=a\n"
	       "line B\njoin 239.1.1.1:5000,interface=b\n"
	       "line C\njoin 239.1.1.2:5000@10.0.0.1\n"
	       "line D\njoin 239.1.1.2@10.0.0.2\n"
	       "line E\njoin [ff15::1]:7000\n",
	       0x1f);
	mcr_feed_flows_name(&rig.flows, 0, "b");
	mcr_feed_flows_name(&rig.flows, 1, "other");
	mcr_feed_flows_name(&rig.flows, 2, "a");
	mcr_feed_flows_name(&rig.flows, 64, "a"); /* no engine has so many */
	assert_int_equal(find(&rig, "239.1.1.1", "10.0.0.9", 5000, 2)->line, 0);
	assert_int_equal(find(&rig, "239.1.1.1", "10.0.0.9", 5000, 0)->line, 1);
	assert_int_equal(find(&rig, "239.1.1.1", "10.0.0.9", 5000, 1)->line, MCR_FEED_NO_LINE);
	assert_int_equal(find(&rig, "239.1.1.1", "10.0.0.9", 5001, 0)->line, MCR_FEED_NO_LINE);
	assert_int_equal(find(&rig, "239.1.1.1", "10.0.0.9", 5000, 99)->line, MCR_FEED_NO_LINE);
	assert_int_equal(find(&rig, "239.1.1.2", "10.0.0.1", 5000, 1)->line, 2);
	assert_int_equal(find(&rig, "239.1.1.2", "10.0.0.1", 5001, 1)->line, MCR_FEED_NO_LINE);
	assert_int_equal(find(&rig, "239.1.1.2", "10.0.0.2", 1, 0)->line, 3);
	assert_int_equal(find(&rig, "239.1.1.2", "10.0.0.3", 1, 0)->line, MCR_FEED_NO_LINE);
	assert_int_equal(find(&rig, "ff15::1", "2001:db8::1", 7000, 5)->line, 4);
	assert_int_equal(find(&rig, "ff15::2", "2001:db8::1", 7000, 5)->line, MCR_FEED_NO_LINE);
	/* The next engine has them the other way round. */
	mcr_feed_flows_forget(&rig.flows);
	mcr_feed_flows_name(&rig.flows, 0, "a");
	assert_int_equal(find(&rig, "239.1.1.1", "10.0.0.9", 5000, 0)->line, 0);
	assert_int_equal(find(&rig, "239.1.1.1", "10.0.0.9", 5000, 2)->line, MCR_FEED_NO_LINE);
	destroy(&rig);
}

static void lines_of_another_channel_are_not_known_here(void **state)
{
	struct rig rig;

	create(&rig, "moldudp64", "line A\njoin 239.1.1.1:5000\nline B\njoin 239.1.1.2:5000\n", 2);
	assert_int_equal(find(&rig, "239.1.1.1", "10.0.0.9", 5000, 0)->line, MCR_FEED_NO_LINE);
	assert_int_equal(find(&rig, "239.1.1.2", "10.0.0.9", 5000, 0)->line, 1);
	destroy(&rig);
}

static void streams_by_group_are_the_same_on_each_line(void **state)
{
	struct rig rig;

	create(&rig, "moldudp64,scope=group",
	       "line A\njoin 239.1.1.0/30:5000\nline B\njoin 239.2.2.0/30:6000\n", 3);
	assert_int_equal(find(&rig, "239.1.1.0", "10.0.0.1", 5000, 0)->scope, 0);
	assert_int_equal(find(&rig, "239.2.2.0", "10.0.0.2", 6000, 0)->scope, 0);
	assert_int_equal(find(&rig, "239.1.1.3", "10.0.0.1", 5000, 0)->scope, UINT64_C(3) << 32);
	assert_int_equal(find(&rig, "239.2.2.3", "10.0.0.2", 6000, 0)->scope, UINT64_C(3) << 32);
	assert_int_equal(find(&rig, "239.2.2.3", "10.0.0.3", 6000, 0)->scope, UINT64_C(3) << 32);
	destroy(&rig);
}

static void streams_by_source_are_told_apart_until_there_are_too_many(void **state)
{
	struct rig rig;
	struct mcr_address address;
	uint64_t scopes[2];
	uint32_t flow;
	char source[32];
	unsigned refused = 0;

	create(&rig, "moldudp64,scope=source", "line A\njoin 239.1.1.1\nline B\njoin 239.1.1.2\n",
	       3);
	scopes[0] = find(&rig, "239.1.1.1", "10.0.0.1", 5000, 0)->scope;
	scopes[1] = find(&rig, "239.1.1.1", "10.0.0.2", 5000, 0)->scope;
	assert_int_not_equal(scopes[0], scopes[1]);
	assert_int_equal(find(&rig, "239.1.1.2", "10.0.0.1", 5000, 0)->scope, scopes[0]);
	for (uint32_t i = 0; i < 2; i++) {
		const uint32_t number = (uint32_t)(scopes[i] >> 32) - MCR_FEED_FLOWS_MAX;
		char text[MCR_ADDRESS_TEXT];

		assert_int_equal(mcr_feed_publishers_at(&rig.publishers, number, &address, &flow),
				 1);
		assert_string_equal(mcr_address_format(text, address),
				    i == 0 ? "10.0.0.1" : "10.0.0.2");
		assert_int_equal(flow, 0);
	}
	assert_int_equal(mcr_feed_publishers_at(&rig.publishers, 0, &address, &flow), 0);
	assert_int_equal(mcr_feed_publishers_at(&rig.publishers, 3, &address, &flow), 0);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(source, sizeof(source), "10.1.%u.%u", i / 250, i % 250);
		refused += find(&rig, "239.1.1.1", source, 5000, 0)->line == MCR_FEED_REFUSED;
	}
	assert_true(refused > 800 && refused < 1000);
	assert_int_equal(find(&rig, "239.1.1.1", "10.0.0.2", 5001, 0)->scope, scopes[1]);
	destroy(&rig);
}

/* A stranger who sends from any source moves nothing of ours out. */
static void strangers_make_room_for_flows(void **state)
{
	struct rig rig;
	struct mcr_msg ours;
	const struct mcr_feed_seen *seen;

	create(&rig, "moldudp64", "line A\njoin 239.1.1.1:5000\n", 1);
	ours = msg("239.1.1.1", "10.0.0.1", 5000, 0);
	seen = mcr_feed_flows_find(&rig.flows, &ours);
	for (uint32_t i = 0; i < 100000; i++) {
		struct mcr_msg other = ours;

		other.group = mcr_address_from_ipv4(htobe32(0xef020000u + i));
		assert_int_equal(mcr_feed_flows_find(&rig.flows, &other)->line, MCR_FEED_NO_LINE);
	}
	assert_true(mcr_feed_seen_is(seen, &ours));
	assert_int_equal(seen->line, 0);
	destroy(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_known_by_group_port_source_and_interface),
	    cmocka_unit_test(lines_of_another_channel_are_not_known_here),
	    cmocka_unit_test(streams_by_group_are_the_same_on_each_line),
	    cmocka_unit_test(streams_by_source_are_told_apart_until_there_are_too_many),
	    cmocka_unit_test(strangers_make_room_for_flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
