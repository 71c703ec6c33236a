/* SPDX-License-Identifier: BSD-3-Clause */
/* Duplicate address detection: which addresses an interface has, and when. */
#include "nd_rig.h"

static const uint8_t group_mac[] = {0x33, 0x33, 0xff, 0, 0, 1};

static void nothing_is_sent_before_ipv6_is_spoken(void **state)
{
	struct rig r = {.now_ns = SECOND};

	mcr_nd_init(&r.nd, 1, 0);
	r.host.mtu = 1500;
	memcpy(r.host.mac, OWN_MAC, 6);
	r.host.address6 = ip(GLOBAL);
	mcr_nd_set_host(&r.nd, &r.host, r.now_ns);
	rig_run(&r, 10 * SECOND);
	hear(&r, solicitation, sizeof(solicitation));
	assert_int_equal(r.n, 0);
	assert_true(mcr_address_is_none(mcr_nd_source(&r.nd)));
	assert_string_equal(mcr_nd_state_name(state_of(&r, MCR_ND_LINK_LOCAL)), "off");
}

static void an_address_waits_joins_its_group_is_probed_and_is_valid_a_second_later(void **state)
{
	struct mcr_address groups[MCR_ND_ADDRESSES];
	struct rig r;
	uint64_t joined_ns;

	rig_start(&r, 0);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_DELAYED);
	assert_int_equal(mcr_nd_groups(&r.nd, groups, 0), 0); /* not reported yet, */
	assert_int_equal(mcr_nd_groups(&r.nd, groups, 1), 1); /* and let in */
	joined_ns = r.nd.addresses[MCR_ND_LINK_LOCAL].due_ns;
	assert_in_range(joined_ns, r.now_ns + 1, r.now_ns + SECOND);
	rig_run(&r, joined_ns - r.now_ns);
	assert_int_equal(mcr_nd_groups(&r.nd, groups, 0), 1);
	assert_memory_equal(&groups[0], ip(GROUP).octets, 16);
	assert_int_equal(r.n, 0);
	rig_run(&r, 10 * MS);
	assert_int_equal(r.n, 1);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_TENTATIVE);
	rig_run(&r, SECOND - 1);
	assert_true(mcr_address_is_none(mcr_nd_source(&r.nd)));
	rig_run(&r, 1);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_VALID);
	assert_memory_equal(mcr_nd_source(&r.nd).octets, ip(OWN).octets, 16);
	rig_run(&r, 1000 * SECOND);
	assert_int_equal(r.n, 1);
}

static void a_probe_is_a_solicitation_from_nobody_with_a_nonce(void **state)
{
	uint8_t expected[72];
	struct rig r;

	rig_start(&r, 0);
	rig_run(&r, 3 * SECOND);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.sent[0].len, sizeof(expected));
	assert_memory_equal(r.sent[0].mac, group_mac, 6);
	memcpy(expected, probe, sizeof(probe));
	memcpy(expected + 64, r.sent[0].octets + 64, 8);
	assert_int_equal(expected[64], 14);
	assert_int_equal(expected[65], 1);
	repair(expected, sizeof(expected));
	assert_memory_equal(r.sent[0].octets, expected, sizeof(expected));
}

static void a_probe_that_the_queue_does_not_take_is_tried_again(void **state)
{
	struct rig r;

	rig_start(&r, 0);
	r.refuse = 3;
	rig_run(&r, 3 * SECOND);
	assert_int_equal(r.n, 1);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_VALID);
}

static void with_dad_off_an_address_is_valid_at_once(void **state)
{
	struct mcr_address groups[MCR_ND_ADDRESSES];
	struct rig r;

	rig_start(&r, 1);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_VALID);
	assert_int_equal(mcr_nd_groups(&r.nd, groups, 0), 1);
	rig_run(&r, 10 * SECOND);
	assert_int_equal(r.n, 0);
}

static void two_addresses_of_one_group_join_it_once_and_are_probed_each(void **state)
{
	struct mcr_address groups[MCR_ND_ADDRESSES];
	struct rig r;

	rig_start(&r, 0);
	r.host.address6 = ip("2001:db8::1:ff00:1");
	mcr_nd_set_host(&r.nd, &r.host, r.now_ns);
	rig_run(&r, 3 * SECOND);
	assert_int_equal(mcr_nd_groups(&r.nd, groups, 0), 1);
	assert_int_equal(r.n, 2);
	r.host.address6 = ip(GLOBAL);
	mcr_nd_set_host(&r.nd, &r.host, r.now_ns);
	rig_run(&r, 11 * MS); /* no delay: the interface has spoken */
	assert_int_equal(r.n, 3);
	assert_int_equal(mcr_nd_groups(&r.nd, groups, 0), 2);
	assert_memory_equal(&groups[1], ip("ff02::1:ff00:5").octets, 16);
}

/* ---- others who have the address ---- */

static void expect_duplicate(struct rig *r)
{
	const struct mcr_nd_address *a;
	struct mcr_address groups[MCR_ND_ADDRESSES];
	size_t n = r->n;

	assert_int_equal(state_of(r, MCR_ND_LINK_LOCAL), MCR_ND_DUPLICATE);
	a = mcr_nd_next_duplicate(&r->nd);
	assert_non_null(a);
	assert_memory_equal(a->other_mac, HER_MAC, 6);
	assert_null(mcr_nd_next_duplicate(&r->nd)); /* it is told once */
	assert_int_equal(mcr_nd_groups(&r->nd, groups, 1), 0);
	assert_true(mcr_address_is_none(mcr_nd_source(&r->nd)));
	rig_run(r, 1000 * SECOND);
	hear(r, solicitation, sizeof(solicitation));
	hear(r, echo, sizeof(echo));
	assert_int_equal(r->n, n);
}

static void who_probes_our_tentative_address_takes_it(void **state)
{
	struct rig r;

	rig_start(&r, 0);
	hear(&r, probe, sizeof(probe)); /* in the delay, too */
	expect_duplicate(&r);
	rig_start(&r, 0);
	rig_run(&r, 1100 * MS);
	assert_int_equal(r.n, 1);
	hear(&r, probe, sizeof(probe));
	expect_duplicate(&r);
}

static void any_advertisement_of_a_tentative_address_takes_it(void **state)
{
	struct rig r;

	rig_start(&r, 0);
	hear(&r, advert, sizeof(advert));
	expect_duplicate(&r);
	rig_start(&r, 0);
	rig_run(&r, 1100 * MS);
	hear(&r, advert_to_all, sizeof(advert_to_all));
	expect_duplicate(&r);
}

static void who_looks_for_a_tentative_address_gets_no_answer_and_takes_nothing(void **state)
{
	struct rig r;

	rig_start(&r, 0);
	hear(&r, solicitation, sizeof(solicitation));
	hear(&r, echo, sizeof(echo));
	assert_int_equal(r.n, 0);
	rig_run(&r, 3 * SECOND);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_VALID);
}

/* RFC 7527: three more probes, a second apart. */
static void a_probe_that_the_network_sends_back_takes_nothing_and_is_repeated(void **state)
{
	struct rig r;

	rig_start(&r, 0);
	rig_run(&r, 1100 * MS);
	assert_int_equal(r.n, 1);
	hear(&r, r.sent[0].octets, r.sent[0].len);
	rig_run(&r, 3 * SECOND);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_TENTATIVE);
	assert_int_equal(r.n, 4);
	assert_int_equal(r.sent[3].at_ns - r.sent[0].at_ns, 3 * SECOND);
	assert_memory_not_equal(r.sent[3].octets + 66, r.sent[0].octets + 66, 6);
	hear(&r, r.sent[0].octets, r.sent[0].len); /* an old nonce is not ours any more */
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_DUPLICATE);
}

static void a_nonce_before_our_first_probe_is_not_ours(void **state)
{
	uint8_t packet[72] = {0};
	struct rig r;

	memcpy(packet, probe, sizeof(probe));
	packet[64] = 14;
	packet[65] = 1;
	repair(packet, sizeof(packet));
	rig_start(&r, 0);
	hear(&r, packet, sizeof(packet));
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_DUPLICATE);
}

static void one_address_that_is_anothers_leaves_the_other_alone(void **state)
{
	struct rig r;

	rig_start(&r, 0);
	r.host.address6 = ip(GLOBAL);
	mcr_nd_set_host(&r.nd, &r.host, r.now_ns);
	hear(&r, probe, sizeof(probe));
	rig_run(&r, 3 * SECOND);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_DUPLICATE);
	assert_int_equal(state_of(&r, MCR_ND_ADDRESS6), MCR_ND_VALID);
}

static void a_link_that_comes_up_again_has_all_addresses_tested_again(void **state)
{
	struct rig r;

	rig_start(&r, 0);
	hear(&r, probe, sizeof(probe));
	expect_duplicate(&r);
	mcr_nd_restart(&r.nd, r.now_ns);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_DELAYED);
	rig_run(&r, 3 * SECOND);
	assert_int_equal(r.n, 1);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_VALID);
	mcr_nd_restart(&r.nd, r.now_ns);
	assert_true(mcr_address_is_none(mcr_nd_source(&r.nd)));
	hear(&r, probe, sizeof(probe));
	assert_non_null(mcr_nd_next_duplicate(&r.nd)); /* told again */
}

static void a_new_mac_address_makes_another_address_and_tests_all(void **state)
{
	struct rig r;

	rig_start(&r, 0);
	r.host.address6 = ip(GLOBAL);
	mcr_nd_set_host(&r.nd, &r.host, r.now_ns);
	rig_run(&r, 3 * SECOND);
	r.host.mac[5] = 7;
	mcr_nd_set_host(&r.nd, &r.host, r.now_ns);
	assert_int_equal(state_of(&r, MCR_ND_ADDRESS6), MCR_ND_DELAYED);
	rig_run(&r, 3 * SECOND);
	assert_memory_equal(mcr_nd_source(&r.nd).octets, ip("fe80::ff:fe00:7").octets, 16);
}

static void the_same_interface_again_changes_nothing(void **state)
{
	struct rig r;

	rig_valid(&r);
	mcr_nd_set_host(&r.nd, &r.host, r.now_ns);
	rig_run(&r, 10 * SECOND);
	assert_int_equal(r.n, 0);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_VALID);
}

/* ---- the kernel's ---- */

static void an_address_of_the_kernels_is_taken_over_and_not_answered_for(void **state)
{
	const struct mcr_nd_kernel_address kernel[] = {{.address = ip(GLOBAL)},
						       {.address = ip(OWN)}};
	struct mcr_address groups[MCR_ND_ADDRESSES];
	struct rig r;

	rig_start(&r, 0);
	r.host.address6 = ip(GLOBAL);
	set_kernel(&r, kernel, 2);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_KERNEL);
	assert_int_equal(state_of(&r, MCR_ND_ADDRESS6), MCR_ND_KERNEL);
	assert_memory_equal(mcr_nd_source(&r.nd).octets, ip(OWN).octets, 16);
	assert_int_equal(mcr_nd_groups(&r.nd, groups, 1), 0);
	hear(&r, probe, sizeof(probe));
	hear(&r, solicitation, sizeof(solicitation));
	hear(&r, echo, sizeof(echo));
	rig_run(&r, 10 * SECOND);
	mcr_nd_restart(&r.nd, r.now_ns);
	assert_int_equal(r.n, 0);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_KERNEL);
}

static void what_the_kernel_tests_is_not_spoken_from_before_it_has_it(void **state)
{
	struct mcr_nd_kernel_address kernel = {.address = ip("fe80::abc"), .is_tentative = 1};
	struct rig r;

	rig_start(&r, 0);
	set_kernel(&r, &kernel, 1);
	rig_run(&r, 10 * SECOND);
	assert_int_equal(r.n, 0);
	assert_string_equal(mcr_nd_state_name(state_of(&r, MCR_ND_LINK_LOCAL)), "tentative");
	assert_true(mcr_address_is_none(mcr_nd_source(&r.nd)));
	kernel.is_tentative = 0;
	set_kernel(&r, &kernel, 1);
	assert_memory_equal(mcr_nd_source(&r.nd).octets, ip("fe80::abc").octets, 16);
	kernel.is_tentative = kernel.is_duplicate = 1;
	set_kernel(&r, &kernel, 1);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_DUPLICATE);
	assert_memory_equal(mcr_nd_next_duplicate(&r.nd)->other_mac, "\0\0\0\0\0\0", 6);
}

static void the_kernels_address_may_come_and_go(void **state)
{
	const struct mcr_nd_kernel_address kernel = {.address = ip("fe80::abc")};
	struct rig r;

	rig_valid(&r);
	set_kernel(&r, &kernel, 1);
	assert_memory_equal(mcr_nd_source(&r.nd).octets, ip("fe80::abc").octets, 16);
	set_kernel(&r, NULL, 0);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_DELAYED);
	rig_run(&r, 3 * SECOND);
	assert_int_equal(r.n, 1);
	assert_memory_equal(mcr_nd_source(&r.nd).octets, ip(OWN).octets, 16);
}

static void of_several_link_local_addresses_the_one_in_use_stays(void **state)
{
	const struct mcr_nd_kernel_address kernel[] = {
	    {.address = ip("fe80::3"), .is_tentative = 1},
	    {.address = ip("fe80::2")},
	    {.address = ip("fe80::1")}};
	struct rig r;

	rig_start(&r, 0);
	set_kernel(&r, kernel, 1);
	assert_memory_equal(r.nd.addresses[MCR_ND_LINK_LOCAL].address.octets, ip("fe80::3").octets,
			    16);
	set_kernel(&r, kernel + 2, 1);
	set_kernel(&r, kernel, 3);
	assert_memory_equal(mcr_nd_source(&r.nd).octets, ip("fe80::1").octets, 16);
	set_kernel(&r, kernel, 2);
	assert_memory_equal(mcr_nd_source(&r.nd).octets, ip("fe80::2").octets, 16);
}

static void of_several_link_local_addresses_a_duplicate_is_the_last_choice(void **state)
{
	const struct mcr_nd_kernel_address kernel[] = {
	    {.address = ip("fe80::1"), .is_duplicate = 1},
	    {.address = ip("fe80::2"), .is_tentative = 1},
	    {.address = ip("fe80::3")}};
	struct rig r;

	rig_start(&r, 0);
	for (size_t n = 1; n <= 3; n++) {
		set_kernel(&r, kernel, n);
		assert_memory_equal(r.nd.addresses[MCR_ND_LINK_LOCAL].address.octets,
				    kernel[n - 1].address.octets, 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_sent_before_ipv6_is_spoken),
	    cmocka_unit_test(
		an_address_waits_joins_its_group_is_probed_and_is_valid_a_second_later),
	    cmocka_unit_test(a_probe_is_a_solicitation_from_nobody_with_a_nonce),
	    cmocka_unit_test(a_probe_that_the_queue_does_not_take_is_tried_again),
	    cmocka_unit_test(with_dad_off_an_address_is_valid_at_once),
	    cmocka_unit_test(two_addresses_of_one_group_join_it_once_and_are_probed_each),
	    cmocka_unit_test(who_probes_our_tentative_address_takes_it),
	    cmocka_unit_test(any_advertisement_of_a_tentative_address_takes_it),
	    cmocka_unit_test(who_looks_for_a_tentative_address_gets_no_answer_and_takes_nothing),
	    cmocka_unit_test(a_probe_that_the_network_sends_back_takes_nothing_and_is_repeated),
	    cmocka_unit_test(a_nonce_before_our_first_probe_is_not_ours),
	    cmocka_unit_test(one_address_that_is_anothers_leaves_the_other_alone),
	    cmocka_unit_test(a_link_that_comes_up_again_has_all_addresses_tested_again),
	    cmocka_unit_test(a_new_mac_address_makes_another_address_and_tests_all),
	    cmocka_unit_test(the_same_interface_again_changes_nothing),
	    cmocka_unit_test(an_address_of_the_kernels_is_taken_over_and_not_answered_for),
	    cmocka_unit_test(what_the_kernel_tests_is_not_spoken_from_before_it_has_it),
	    cmocka_unit_test(the_kernels_address_may_come_and_go),
	    cmocka_unit_test(of_several_link_local_addresses_the_one_in_use_stays),
	    cmocka_unit_test(of_several_link_local_addresses_a_duplicate_is_the_last_choice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
