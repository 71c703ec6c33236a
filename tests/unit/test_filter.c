/* SPDX-License-Identifier: BSD-3-Clause */
/* The ladder of MAC filters against a driver that mock_nic.h plays. */
#include "filter_rig.h"

/* ---- the copy ---- */

static void a_copy_stays_as_it_is_while_the_filter_changes(void **state)
{
	struct mcr_filter_port *copy;
	struct mcr_filter_state told;

	set("ab");
	copy = mcr_filter_port_copy(&f);
	assert_non_null(copy);
	nic.list_ret = nic.slot_ret = -ENOTSUP;
	set("c");
	mcr_filter_port_state(copy, 0, group_of('a'), &told);
	assert_int_equal(told.rung, MCR_RUNG_MAC_LIST);
	mcr_filter_port_summary(copy, &told);
	assert_int_equal(told.rung, MCR_RUNG_MAC_LIST);
	assert_rung('c', MCR_RUNG_ALL_MULTICAST, "no multicast list");
	mcr_filter_port_copy_destroy(copy);
	mcr_filter_port_copy_destroy(NULL);
}

static void a_group_that_is_not_wanted_yet_is_let_in_by_nothing(void **state)
{
	set("a");
	assert_rung('a', MCR_RUNG_MAC_LIST, "");
	assert_rung('b', MCR_RUNG_NONE, "the port's filter is not set yet");
}

/* ---- the list ---- */

static void a_list_is_replaced_while_all_multicast_is_let_in(void **state)
{
	set("ab");
	assert_string_equal(nic.log, "+all list -all ");
	set("bc");
	assert_string_equal(nic.log, "+all list -all ");
	assert_string_equal(nic.list, "1bc");
	assert_rung('b', MCR_RUNG_MAC_LIST, "");
}

static void a_driver_that_refuses_all_multicast_keeps_its_list(void **state)
{
	nic.all_ret = -ENOTSUP;
	set("ab");
	assert_string_equal(nic.log, "+all list ");
	assert_string_equal(nic.list, "1ab");
	assert_rung('b', MCR_RUNG_MAC_LIST, "");
}

static void a_driver_that_restarts_for_it_is_not_opened_around_a_change(void **state)
{
	nic.isolate_ret = -ENOTSUP;
	start("mlx5_pci");
	set("ab");
	set("abc");
	assert_string_equal(nic.log, twin_text("+<239.0.0.99>0> list "));
}

static void the_same_set_again_is_not_programmed(void **state)
{
	set("ab");
	set("ab");
	assert_string_equal(nic.log, "");
}

static void groups_of_one_mac_address_share_it_until_the_last_leaves(void **state)
{
	set("abB");
	assert_string_equal(nic.list, "1ab");
	set("aB"); /* b has left */
	assert_string_equal(nic.log, "");
	assert_string_equal(nic.list, "1ab");
	set("a");
	assert_string_equal(nic.list, "1a");
}

static void all_multicast_that_was_on_before_stays_on_and_is_said(void **state)
{
	nic.all = 1;
	set("ab");
	assert_int_equal(nic.all, 1);
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, "was on before");
}

static void all_multicast_that_cannot_be_switched_off_is_said(void **state)
{
	nic.all_off_ret = -EIO;
	set("ab");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, "cannot be switched off: Input/output");
	nic.all_off_ret = 0;
	set("abc");
	assert_int_equal(nic.all, 0);
	assert_rung('a', MCR_RUNG_MAC_LIST, "");
}

static void a_list_that_is_full_lets_all_multicast_in(void **state)
{
	set("abcdefgh");
	assert_rung('a', MCR_RUNG_MAC_LIST, "");
	set("abcdefghi");
	assert_int_equal(nic.all, 1);
	for (const char *c = "abcdefghi"; *c != '\0'; c++)
		assert_rung(*c, MCR_RUNG_ALL_MULTICAST,
			    "the multicast list refused 10 addresses: No space left on device");
	assert_string_equal(nic.slots, ""); /* slots are for drivers without a list */
}

static void each_error_of_a_full_list_lets_all_multicast_in(void **state)
{
	static const int errors[] = {-EINVAL, -ENOSPC, -EPERM, -EBUSY, -EIO, -1000};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		set_up(NULL);
		set("ab");
		nic.list_ret = errors[i];
		set("abc");
		assert_int_equal(nic.all, 1);
		assert_rung('a', MCR_RUNG_ALL_MULTICAST, "refused 4 addresses");
	}
}

static void a_list_with_room_again_is_used_again_but_not_at_its_edge(void **state)
{
	set("abcdefghi"); /* ten with 224.0.0.1: too many */
	assert_int_equal(nic.all, 1);
	set("abcdefgh"); /* nine would fit, but so will the next join not */
	assert_string_equal(nic.log, "");
	set("abcdefg");
	assert_string_equal(nic.log, "");
	set("abcdef"); /* seven are below 3/4 of ten */
	assert_string_equal(nic.log, "list -all ");
	assert_rung('a', MCR_RUNG_MAC_LIST, "");
	assert_string_equal(nic.list, "1abcdef");
	set("abcdefgh");
	assert_rung('a', MCR_RUNG_MAC_LIST, "");
}

static void a_list_that_refuses_again_moves_the_limit(void **state)
{
	set("abcdefghi");
	nic.list_max = 5;
	set("abcdef");
	assert_string_equal(nic.log, "list ");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, "refused 7 addresses");
	set("abcde");
	assert_string_equal(nic.log, "");
	set("abcd");
	assert_rung('a', MCR_RUNG_MAC_LIST, "");
	assert_int_equal(nic.all, 0);
}

static void a_list_that_is_cut_in_silence_counts_as_full_before(void **state)
{
	struct mcr_filter_want wants[32] = {0};

	start("net_ixgbe_vf");
	nic.list_max = 1000;
	for (unsigned i = 0; i < 30; i++)
		wants[i].group = twin_of(0xef010000u + i);
	assert_int_equal(mcr_filter_port_set(&f, wants, 29), 0);
	assert_int_equal(nic.n_list, 30);
	assert_int_equal(nic.all, 0);
	assert_int_equal(mcr_filter_port_set(&f, wants, 30), 0);
	assert_int_equal(nic.all, 1);
	assert_int_equal(f.mac.rung, MCR_RUNG_ALL_MULTICAST);
	assert_non_null(strstr(f.mac.reason, "30 multicast addresses"));
}

/* ---- the slots ---- */

static void without_a_list_slots_are_added_before_others_are_removed(void **state)
{
	nic.list_ret = -ENOTSUP;
	set("ab");
	assert_rung('a', MCR_RUNG_MAC_SLOTS, "no multicast list: Operation not supported");
	assert_int_equal(nic.all, 0);
	set("bcd");
	assert_string_equal(nic.log, "+c +d -a ");
	assert_string_equal(nic.slots, "1bcd");
}

static void full_slots_change_while_all_multicast_is_let_in(void **state)
{
	nic.list_ret = -ENOTSUP;
	set("abcd");
	set("bcde");
	assert_string_equal(nic.log, "+e +all -a +e -all ");
	assert_string_equal(nic.slots, "1bcde");
	assert_rung('e', MCR_RUNG_MAC_SLOTS, "no multicast list");
	assert_int_equal(nic.all, 0);
}

static void more_than_the_slots_hold_lets_all_multicast_in(void **state)
{
	nic.list_ret = -ENOTSUP;
	set("abcd");
	assert_rung('a', MCR_RUNG_MAC_SLOTS, "no multicast list");
	set("abcde");
	assert_int_equal(nic.all, 1);
	assert_string_equal(nic.slots, "");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST,
		    "the MAC address slots refused 6 addresses: No space");
	assert_rung('e', MCR_RUNG_ALL_MULTICAST, "no multicast list");
	set("abcd");
	assert_string_equal(nic.log, "");
	set("abc");
	assert_string_equal(nic.slots, "1abc");
	assert_int_equal(nic.all, 0);
	assert_rung('a', MCR_RUNG_MAC_SLOTS, "no multicast list");
}

static void each_error_of_a_slot_lets_all_multicast_in(void **state)
{
	static const int errors[] = {-EINVAL, -ENOSPC, -EPERM, -ENODEV, -EIO};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		set_up(NULL);
		nic.list_ret = -ENOTSUP;
		set("ab");
		nic.slot_ret = errors[i];
		set("abc");
		assert_int_equal(nic.all, 1);
		assert_string_equal(nic.slots, "");
		assert_rung('c', MCR_RUNG_ALL_MULTICAST, "MAC address slots refused 4 addresses");
	}
}

/* ---- below ---- */

static void without_list_and_slots_all_multicast_is_let_in(void **state)
{
	nic.list_ret = nic.slot_ret = -ENOTSUP;
	set("a");
	assert_string_equal(nic.log, "+all list +1 ");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, "no MAC address slots: ");
	set("abc"); /* never asked again */
	assert_string_equal(nic.log, "");
}

static void without_all_multicast_the_port_is_promiscuous(void **state)
{
	nic.list_ret = nic.slot_ret = nic.all_ret = -ENOTSUP;
	set("a");
	assert_rung('a', MCR_RUNG_PROMISCUOUS, "; no all-multicast: Operation not supported");
	assert_int_equal(nic.promiscuous, 1);
	set("ab");
	assert_string_equal(nic.log, "");
}

static void a_promiscuous_port_climbs_back_to_its_list(void **state)
{
	nic.all_ret = -ENOTSUP;
	set("abcdefghi");
	assert_rung('a', MCR_RUNG_PROMISCUOUS, "refused 10 addresses");
	set("abc");
	assert_rung('a', MCR_RUNG_MAC_LIST, "");
	assert_int_equal(nic.promiscuous, 0);
}

static void promiscuous_that_was_on_before_stays_on(void **state)
{
	nic.all_ret = -ENOTSUP;
	nic.promiscuous = 1;
	set("abcdefghi");
	set("abc");
	assert_int_equal(nic.promiscuous, 1);
}

static void a_mode_that_another_process_switched_off_is_put_back(void **state)
{
	nic.list_ret = nic.slot_ret = -ENOTSUP;
	set("a");
	nic.all = 0;
	mcr_filter_port_keep(&f);
	assert_int_equal(nic.all, 1);
	assert_int_equal(nic.promiscuous, 0);
	start("net_some");
	nic.all = 0;
	nic.all_ret = -ENOTSUP;
	set("a");
	nic.promiscuous = 0;
	mcr_filter_port_keep(&f);
	assert_int_equal(nic.promiscuous, 1);
}

static void a_list_needs_no_mode_to_be_kept(void **state)
{
	set("a");
	mcr_filter_port_keep(&f);
	assert_int_equal(nic.all, 0);
	assert_int_equal(nic.promiscuous, 0);
}

static void a_driver_with_nothing_of_it_is_said_to_have_nothing(void **state)
{
	nic.list_ret = nic.slot_ret = nic.all_ret = nic.promiscuous_ret = -ENOTSUP;
	set("a");
	assert_rung('a', MCR_RUNG_NONE, "; not promiscuous: Operation not supported");
}

static void where_no_mode_opens_what_fits_the_list_stays_exact(void **state)
{
	nic.all_ret = nic.promiscuous_ret = -EPERM;
	set("cdefgh");
	set("abcdefghi");
	for (const char *c = "cdefgh"; *c != '\0'; c++) /* these lose nothing */
		assert_rung(*c, MCR_RUNG_MAC_LIST, "");
	assert_rung('i', MCR_RUNG_NONE, "the multicast list refused 10 addresses");
	assert_non_null(strchr(nic.list, 'h'));
	assert_null(strchr(nic.list, 'i'));
	set("cdefgh");
	assert_rung('h', MCR_RUNG_MAC_LIST, "");
	assert_string_equal(nic.list, "1cdefgh");
}

static void where_no_mode_opens_what_fits_the_slots_stays_exact(void **state)
{
	nic.list_ret = -ENOTSUP;
	nic.all_ret = nic.promiscuous_ret = -EPERM;
	set("cdef");
	set("acdef");
	assert_rung('c', MCR_RUNG_MAC_SLOTS, "");
	assert_rung('a', MCR_RUNG_NONE, "MAC address slots refused 6 addresses");
	assert_string_equal(nic.slots, "1cdef");
	set("acde"); /* the freed slot is given to the one that waits */
	assert_rung('a', MCR_RUNG_MAC_SLOTS, "");
}

/* ---- drivers known for something ---- */

static void drivers_known_to_ignore_list_or_slots_start_lower(void **state)
{
	start("net_tap");
	nic.slot_ret = -ENOTSUP;
	set("a");
	assert_string_equal(nic.log, "+1 +all ");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, "net_tap ignores its multicast list");
	set_up(NULL);
	start("net_virtio_user");
	set("a");
	assert_string_equal(nic.log, "+all ");
	assert_rung('a', MCR_RUNG_ALL_MULTICAST, "ignores its MAC slots");
}

static void
slots_that_are_cut_at_a_free_one_are_programmed_again_while_all_multicast_is_let_in(void **state)
{
	start("net_virtio");
	nic.list_ret = -ENOTSUP;
	nic.cuts_slots = 1;
	nic.slots_max = 10;
	set("abcdef");
	set("adef");
	set("adefg"); /* in the first of two free slots */
	assert_string_equal(nic.log, "+all +g +! -! -all ");
	assert_string_equal(nic.slots, "1adefg");
	assert_rung('f', MCR_RUNG_MAC_SLOTS, "no multicast list: Operation not supported");
	set("abcdefghi"); /* no slot is left free, so none cuts off */
	assert_string_equal(nic.slots, "1abcdefghi");
	assert_int_equal(nic.all, 0);
}

static void a_port_that_was_never_set_says_so(void **state)
{
	struct mcr_filter_state summary;

	assert_rung('a', MCR_RUNG_NONE, "not set yet");
	mcr_filter_port_summary(&f, &summary);
	assert_int_equal(summary.rung, MCR_RUNG_NONE);
	set("a");
	mcr_filter_port_summary(&f, &summary);
	assert_int_equal(summary.rung, MCR_RUNG_MAC_LIST);
}

static void what_the_kernel_wants_is_let_in_beside_the_groups(void **state)
{
	const struct rte_ether_addr lldp = {{0x01, 0x80, 0xc2, 0, 0, 0x0e}};
	size_t place = is_ipv6 ? 1 : 3; /* they ascend */

	f.others[0] = lldp;
	f.others[1] = mcr_filter_mac_of(group_of('a'));
	f.n_others = 2;
	set("ab");
	assert_int_equal(f.mac.n_wanted, 4); /* and that of 224.0.0.1 */
	assert_memory_equal(&f.mac.wanted[place], &lldp, sizeof(lldp));
	f.n_others = 0;
	set("ab");
	assert_int_equal(f.mac.n_wanted, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_copy_stays_as_it_is_while_the_filter_changes),
	    TEST(a_group_that_is_not_wanted_yet_is_let_in_by_nothing),
	    TEST(a_list_is_replaced_while_all_multicast_is_let_in),
	    TEST(a_driver_that_refuses_all_multicast_keeps_its_list),
	    TEST(a_driver_that_restarts_for_it_is_not_opened_around_a_change),
	    TEST(the_same_set_again_is_not_programmed),
	    TEST(groups_of_one_mac_address_share_it_until_the_last_leaves),
	    TEST(all_multicast_that_was_on_before_stays_on_and_is_said),
	    TEST(all_multicast_that_cannot_be_switched_off_is_said),
	    TEST(a_list_that_is_full_lets_all_multicast_in),
	    TEST(each_error_of_a_full_list_lets_all_multicast_in),
	    TEST(a_list_with_room_again_is_used_again_but_not_at_its_edge),
	    TEST(a_list_that_refuses_again_moves_the_limit),
	    TEST(a_list_that_is_cut_in_silence_counts_as_full_before),
	    TEST(without_a_list_slots_are_added_before_others_are_removed),
	    TEST(full_slots_change_while_all_multicast_is_let_in),
	    TEST(more_than_the_slots_hold_lets_all_multicast_in),
	    TEST(each_error_of_a_slot_lets_all_multicast_in),
	    TEST(without_list_and_slots_all_multicast_is_let_in),
	    TEST(without_all_multicast_the_port_is_promiscuous),
	    TEST(a_promiscuous_port_climbs_back_to_its_list),
	    TEST(promiscuous_that_was_on_before_stays_on),
	    TEST(a_mode_that_another_process_switched_off_is_put_back),
	    TEST(a_list_needs_no_mode_to_be_kept),
	    TEST(a_driver_with_nothing_of_it_is_said_to_have_nothing),
	    TEST(where_no_mode_opens_what_fits_the_list_stays_exact),
	    TEST(where_no_mode_opens_what_fits_the_slots_stays_exact),
	    TEST(drivers_known_to_ignore_list_or_slots_start_lower),
	    TEST(
		slots_that_are_cut_at_a_free_one_are_programmed_again_while_all_multicast_is_let_in),
	    TEST(a_port_that_was_never_set_says_so),
	    TEST(what_the_kernel_wants_is_let_in_beside_the_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
