/* SPDX-License-Identifier: BSD-3-Clause */
/* What a port lets in for a querier, which hears reports to every group, and while it is open for a
 * look. */
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

/* ---- a look ---- */

static void a_look_opens_the_filter_and_its_end_makes_it_exact_again(void **state)
{
	set("ab");
	assert_true(mcr_filter_port_hides(&f));
	set("*ab");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, "it is open for a look");
	assert_false(mcr_filter_port_hides(&f));
	set("*abc");
	assert_string_equal(nic.log, "");
	set("abc");
	assert_rung('c', MCR_RUNG_MAC_LIST, "");
	assert_int_equal(nic.all, 0);
	assert_string_equal(nic.list, "1abc");
	assert_true(mcr_filter_port_hides(&f));
}

static void slots_are_filled_again_after_a_look(void **state)
{
	nic.list_ret = -ENOTSUP;
	set("ab");
	assert_string_equal(nic.slots, "1ab");
	assert_true(mcr_filter_port_hides(&f));
	set("*ab");
	assert_false(mcr_filter_port_hides(&f));
	set("ab");
	assert_string_equal(nic.slots, "1ab");
	assert_int_equal(nic.all, 0);
	assert_rung('a', MCR_RUNG_MAC_SLOTS, "no multicast list");
}

static void what_lets_everything_in_hides_nothing(void **state)
{
	nic.list_ret = nic.slot_ret = -ENOTSUP;
	set("a");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, "no multicast list");
	assert_false(mcr_filter_port_hides(&f));
	start("net_other");
	nic.all = 0;
	nic.all_ret = -ENOTSUP;
	set("a");
	assert_rung('a', MCR_RUNG_PROMISCUOUS, "no all-multicast");
	assert_false(mcr_filter_port_hides(&f));
	start("net_third");
	nic.promiscuous = 0;
	nic.promiscuous_ret = -ENOTSUP;
	set("a");
	assert_rung('a', MCR_RUNG_NONE, "not promiscuous");
	assert_false(mcr_filter_port_hides(&f)); /* it cannot be programmed at all */
}

static void a_driver_that_refuses_a_look_keeps_its_list(void **state)
{
	set("ab");
	nic.all_ret = nic.promiscuous_ret = -EPERM;
	set("*ab");
	assert_true(mcr_filter_port_hides(&f));
	assert_string_equal(nic.list, "1ab");
	set("ab");
	assert_rung('a', MCR_RUNG_MAC_LIST, "");
}

static void a_querier_keeps_the_filter_open_when_a_look_ends(void **state)
{
	set("?*a");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, QUERIER);
	set("?a");
	assert_string_equal(nic.log, "");
	assert_int_equal(nic.all, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(a_querier_lets_all_multicast_in_whatever_the_list_would_hold),
	    TEST(a_querier_makes_the_port_promiscuous_where_there_is_no_all_multicast),
	    TEST(where_no_mode_opens_a_querier_is_said_to_miss_reports),
	    TEST(without_the_querier_the_list_is_exact_again),
	    TEST(a_look_opens_the_filter_and_its_end_makes_it_exact_again),
	    TEST(slots_are_filled_again_after_a_look),
	    TEST(what_lets_everything_in_hides_nothing),
	    TEST(a_driver_that_refuses_a_look_keeps_its_list),
	    TEST(a_querier_keeps_the_filter_open_when_a_look_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
