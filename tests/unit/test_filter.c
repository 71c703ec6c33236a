/* SPDX-License-Identifier: BSD-3-Clause */
/* The ladder against a driver that this file plays: it takes what it is told to take and keeps a
 * record of each call. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ethdev.h>

#include "engine/filter.h"

static struct {
	int list_ret, slot_ret, all_ret, promiscuous_ret;
	unsigned list_max, slots_max;
	int all, promiscuous;      /* modes now */
	char list[512], slots[16]; /* last octet of each MAC let in, as letters */
	char log[512];
} nic;

static void note(const char *what)
{
	strcat(nic.log, what);
	strcat(nic.log, " ");
}

int rte_eth_allmulticast_get(uint16_t port)
{
	return nic.all;
}

int rte_eth_allmulticast_enable(uint16_t port)
{
	note("+all");
	if (nic.all_ret == 0)
		nic.all = 1;
	return nic.all_ret;
}

int rte_eth_allmulticast_disable(uint16_t port)
{
	note("-all");
	nic.all = 0;
	return 0;
}

int rte_eth_promiscuous_enable(uint16_t port)
{
	note("+promiscuous");
	nic.promiscuous = nic.promiscuous_ret == 0;
	return nic.promiscuous_ret;
}

int rte_eth_dev_set_mc_addr_list(uint16_t port, struct rte_ether_addr *macs, uint32_t n)
{
	note("list");
	if (nic.list_ret < 0)
		return nic.list_ret;
	memset(nic.list, 0, sizeof(nic.list)); /* flushes before it adds, and may then refuse */
	if (n > nic.list_max)
		return -ENOSPC;
	for (uint32_t i = 0; i < n; i++)
		nic.list[i] = (char)macs[i].addr_bytes[5];
	return 0;
}

int rte_eth_dev_mac_addr_add(uint16_t port, struct rte_ether_addr *mac, uint32_t pool)
{
	const char what[] = {'+', (char)mac->addr_bytes[5], '\0'};

	note(what);
	if (nic.slot_ret < 0)
		return nic.slot_ret;
	if (strlen(nic.slots) >= nic.slots_max)
		return -ENOSPC;
	strcat(nic.slots, what + 1);
	return 0;
}

int rte_eth_dev_mac_addr_remove(uint16_t port, struct rte_ether_addr *mac)
{
	const char what[] = {'-', (char)mac->addr_bytes[5], '\0'};
	char *at = strchr(nic.slots, what[1]);

	note(what);
	if (at == NULL)
		return -ENOENT;
	memmove(at, at + 1, strlen(at));
	return 0;
}

/* Lets in one MAC address for each letter. */
static void set(struct mcr_filter_port *f, const char *letters)
{
	struct rte_ether_addr macs[32] = {0};
	size_t n = strlen(letters);

	for (size_t i = 0; i < n; i++)
		macs[i] = (struct rte_ether_addr){{1, 0, 0x5e, 0, 0, (uint8_t)letters[i]}};
	nic.log[0] = '\0';
	mcr_filter_port_set(f, macs, n);
}

static struct mcr_filter_port f;

static int set_up(void **state)
{
	memset(&nic, 0, sizeof(nic));
	nic.list_max = 8;
	nic.slots_max = 4;
	mcr_filter_port_init(&f, 3, "net_some");
	return 0;
}

static int tear_down(void **state)
{
	mcr_filter_port_fini(&f);
	return 0;
}

static void a_list_is_replaced_while_all_multicast_is_let_in(void **state)
{
	set(&f, "ab");
	assert_string_equal(nic.log, "+all list -all ");
	set(&f, "bc");
	assert_string_equal(nic.log, "+all list -all ");
	assert_string_equal(nic.list, "bc");
	assert_int_equal(f.rung, MCR_RUNG_MAC_LIST);
	assert_string_equal(f.reason, "");
}

static void the_same_set_again_is_not_told(void **state)
{
	set(&f, "ab");
	set(&f, "ab");
	assert_string_equal(nic.log, "");
}

static void all_multicast_that_was_on_before_stays_on(void **state)
{
	nic.all = 1;
	set(&f, "ab");
	assert_int_equal(nic.all, 1);
}

static void without_a_list_slots_are_added_before_others_are_removed(void **state)
{
	nic.list_ret = -ENOTSUP;
	set(&f, "ab");
	assert_int_equal(f.rung, MCR_RUNG_MAC_SLOTS);
	assert_non_null(strstr(f.reason, "no multicast list: "));
	assert_int_equal(nic.all, 0);
	set(&f, "bcd");
	assert_string_equal(nic.log, "+c +d -a ");
	assert_string_equal(nic.slots, "bcd");
}

/* The list is flushed by the time it is refused: what stood in it must move to the slots. */
static void a_list_that_is_full_gives_all_of_it_to_the_slots(void **state)
{
	nic.list_max = 2;
	set(&f, "ab");
	set(&f, "abc");
	assert_int_equal(f.rung, MCR_RUNG_MAC_SLOTS);
	assert_string_equal(nic.slots, "abc");
	assert_string_equal(nic.list, "");
	assert_int_equal(nic.all, 0); /* opened for the change, closed after it */
}

static void more_than_the_slots_hold_lets_all_multicast_in(void **state)
{
	nic.list_ret = -ENOTSUP;
	set(&f, "abcd");
	assert_int_equal(f.rung, MCR_RUNG_MAC_SLOTS);
	set(&f, "abcde");
	assert_int_equal(f.rung, MCR_RUNG_ALL_MULTICAST);
	assert_int_equal(nic.all, 1);
	assert_non_null(strstr(f.reason, "no MAC address slots left: No space"));
	set(&f, "a"); /* never up again */
	assert_int_equal(f.rung, MCR_RUNG_ALL_MULTICAST);
	assert_int_equal(nic.all, 1);
}

static void without_all_multicast_the_port_is_promiscuous(void **state)
{
	nic.list_ret = nic.slot_ret = nic.all_ret = -ENOTSUP;
	set(&f, "a");
	assert_int_equal(f.rung, MCR_RUNG_PROMISCUOUS);
	assert_int_equal(nic.promiscuous, 1);
	assert_non_null(strstr(f.reason, "no all-multicast mode: "));
}

static void a_driver_with_nothing_of_it_is_said_to_have_nothing(void **state)
{
	nic.list_ret = nic.slot_ret = nic.all_ret = nic.promiscuous_ret = -ENOTSUP;
	set(&f, "a");
	assert_int_equal(f.rung, MCR_RUNG_NONE);
	assert_non_null(strstr(f.reason, "the driver cannot filter: "));
	set(&f, "ab");
	assert_string_equal(nic.log, "");
}

static void a_driver_known_to_ignore_its_list_starts_lower(void **state)
{
	mcr_filter_port_init(&f, 3, "net_tap");
	set(&f, "a");
	assert_string_equal(nic.log, "+all ");
	assert_int_equal(f.rung, MCR_RUNG_ALL_MULTICAST);
	assert_non_null(strstr(f.reason, "net_tap"));
}

static void a_port_lets_in_the_macs_of_its_groups_and_of_all_hosts(void **state)
{
	const uint32_t groups_be[] = {htonl(0xefff0203), htonl(0xef800101), htonl(0xef000101),
				      htonl(0xe0800101)};
	const struct rte_ether_addr expected[] = {{{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01}},
						  {{0x01, 0x00, 0x5e, 0x00, 0x01, 0x01}},
						  {{0x01, 0x00, 0x5e, 0x7f, 0x02, 0x03}}};
	struct rte_ether_addr macs[5];

	assert_int_equal(mcr_filter_macs(macs, groups_be, 4), 3);
	assert_memory_equal(macs, expected, sizeof(expected));
	assert_int_equal(mcr_filter_macs(macs, groups_be, 0), 1);
	assert_memory_equal(macs, expected, sizeof(expected[0]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_list_is_replaced_while_all_multicast_is_let_in),
	    TEST(the_same_set_again_is_not_told),
	    TEST(all_multicast_that_was_on_before_stays_on),
	    TEST(without_a_list_slots_are_added_before_others_are_removed),
	    TEST(a_list_that_is_full_gives_all_of_it_to_the_slots),
	    TEST(more_than_the_slots_hold_lets_all_multicast_in),
	    TEST(without_all_multicast_the_port_is_promiscuous),
	    TEST(a_driver_with_nothing_of_it_is_said_to_have_nothing),
	    TEST(a_driver_known_to_ignore_its_list_starts_lower),
	    TEST(a_port_lets_in_the_macs_of_its_groups_and_of_all_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
