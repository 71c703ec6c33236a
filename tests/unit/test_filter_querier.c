/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port lets in for a querier, which hears reports to every group. */
#include "filter_rig.h"

#define QUERIER "a querier hears reports to every group"

/* R-MB-1 */
static void a_querier_lets_all_multicast_in_whatever_the_list_would_hold(void **state)
{
	set("?ab");
	assert_string_equal(nic.log, "+all ");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, QUERIER);
	set("?abcdefghijkl");
	assert_string_equal(nic.log, "");
	assert_rung('l', MCR_RUNG_ALL_MULTICAST, QUERIER);
}

/* R-MB-1 */
static void a_querier_makes_the_port_promiscuous_where_there_is_no_all_multicast(void **state)
{
	nic.all_ret = -ENOTSUP;
	set("?a");
	assert_int_equal(nic.promiscuous, 1);
	assert_rung('a', MCR_RUNG_PROMISCUOUS,
		    QUERIER "; no all-multicast: Operation not supported");
}

static void where_no_mode_opens_a_querier_is_said_to_miss_reports(void **state)
{
	nic.all_ret = nic.promiscuous_ret = -EPERM;
	set("?ab");
	assert_string_equal(nic.list, "1ab");
	assert_rung('a', MCR_RUNG_MAC_LIST,
		    "the driver takes neither all-multicast nor promiscuous, but " QUERIER);
	nic.all_ret = 0; /* as when a VF is trusted now */
	set("?abc");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, QUERIER);
	nic.all_ret = -EPERM;
	nic.all = 0;
	set("?abcdefghi");
	assert_rung('i', MCR_RUNG_NONE, QUERIER);
	assert_non_null(strchr(nic.list, 'b'));
}

static void without_the_querier_the_list_is_exact_again(void **state)
{
	set("ab");
	assert_rung('a', MCR_RUNG_MAC_LIST, "");
	set("?ab");
	assert_int_equal(nic.all, 1);
	set("ab");
	assert_int_equal(nic.all, 0);
	assert_rung('a', MCR_RUNG_MAC_LIST, "");
	assert_string_equal(nic.list, "1ab");
	nic.list_ret = nic.slot_ret = -ENOTSUP;
	set("a");
	set("?a");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, QUERIER);
	set("a");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, "no MAC address slots: ");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(a_querier_lets_all_multicast_in_whatever_the_list_would_hold),
	    TEST(a_querier_makes_the_port_promiscuous_where_there_is_no_all_multicast),
	    TEST(where_no_mode_opens_a_querier_is_said_to_miss_reports),
	    TEST(without_the_querier_the_list_is_exact_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
