/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <cmocka.h>

#include "engine/netdev/netdev_groups.h"

static int has(const struct mcr_netdev_groups *groups, const char *text)
{
	struct mcr_address group;

	assert_int_equal(mcr_address_parse(&group, text, strlen(text)), 0);
	return mcr_netdev_groups_has(groups, group);
}

static void groups_are_those_of_one_device(void **state)
{
	struct mcr_netdev_groups groups = {0};

	(void)state;
	mcr_netdev_groups_add_igmp(
	    &groups,
	    "Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"
	    "1\tlo        :     1      V3\n"
	    "\t\t\t\t010000E0     1 0:00000000\t\t0\n"
	    "12\teth0      :     2      V2\n"
	    "\t\t\t\t010101EF     3 0:00000000\t\t1\n"
	    "\t\t\t\tFB0000E0     1 1:00000010\t\t0\n"
	    "13\teth1      :     1      V3\n"
	    "\t\t\t\t020202EF     1 0:00000000\t\t0",
	    12);
	mcr_netdev_groups_add_igmp6(
	    &groups,
	    "1    lo              ff020000000000000000000000000001     1 0000000C 0\n"
	    "12   eth0            ff150000000000000000000000010203     1 00000004 0\n"
	    "112  eth2            ff150000000000000000000000010204     1 00000004 0\n",
	    12);
	assert_int_equal(groups.n, 3);
	assert_true(has(&groups, "239.1.1.1") && has(&groups, "224.0.0.251"));
	assert_true(has(&groups, "ff15::1:203"));
	assert_false(has(&groups, "224.0.0.1") || has(&groups, "239.2.2.2"));
	assert_false(has(&groups, "ff02::1") || has(&groups, "ff15::1:204"));
	assert_false(groups.is_more);
}

/* More than there is room for: it may have joined any. */
static void of_too_many_any_may_be_one(void **state)
{
	struct mcr_netdev_groups groups = {0};
	char text[16384] = "2\teth0 :\n";
	size_t len = strlen(text);

	(void)state;
	for (unsigned i = 0; i <= MCR_NETDEV_GROUPS_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"\t\t\t\t%02X%02X01EF     1\n", i & 0xff, i >> 8);
	mcr_netdev_groups_add_igmp(&groups, text, 2);
	assert_int_equal(groups.n, MCR_NETDEV_GROUPS_MAX);
	assert_true(has(&groups, "239.9.9.9"));
}

static void nonsense_names_no_groups(void **state)
{
	struct mcr_netdev_groups groups = {0};

	(void)state;
	mcr_netdev_groups_add_igmp(&groups, "\t\t010101EF\n\nx\n\t\t010101EF\n2\n\t\tz\n", 2);
	mcr_netdev_groups_add_igmp6(&groups,
				    "2\n2 eth0 ff\n2 eth0 ff15000000000000000000000001020z\n", 2);
	assert_int_equal(groups.n, 0);
}

static void a_join_of_this_process_is_seen(void **state)
{
	struct mcr_netdev_groups groups;
	struct ip_mreqn join = {.imr_ifindex = (int)if_nametoindex("lo")};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	inet_pton(AF_INET, "239.255.1.2", &join.imr_multiaddr);
	mcr_netdev_groups_look(&groups, (uint32_t)join.imr_ifindex);
	assert_false(groups.is_more);
	assert_false(has(&groups, "239.255.1.2"));
	if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)) < 0)
		skip();
	mcr_netdev_groups_look(&groups, (uint32_t)join.imr_ifindex);
	assert_true(has(&groups, "239.255.1.2"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(groups_are_those_of_one_device),
	    cmocka_unit_test(of_too_many_any_may_be_one),
	    cmocka_unit_test(nonsense_names_no_groups),
	    cmocka_unit_test(a_join_of_this_process_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
