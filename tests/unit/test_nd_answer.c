/* SPDX-License-Identifier: BSD-3-Clause */
/* What others ask of an address of ours, octet by octet. */
#include "nd_rig.h"

static void expect(const struct rig *r, const char *mac, const uint8_t *packet, size_t len)
{
	assert_int_equal(r->n, 1);
	assert_memory_equal(r->sent[0].mac, mac, 6);
	assert_int_equal(r->sent[0].len, len);
	assert_memory_equal(r->sent[0].octets, packet, len);
}

static void who_asks_is_told_at_the_mac_address_that_the_frame_came_from(void **state)
{
	struct rig r;

	rig_valid(&r);
	hear(&r, solicitation, sizeof(solicitation));
	expect(&r, HER_MAC, advert, sizeof(advert));
}

static void who_tests_our_address_is_told_with_all_others(void **state)
{
	struct rig r;

	rig_valid(&r);
	hear(&r, probe, sizeof(probe));
	expect(&r, "\x33\x33\0\0\0\x01", advert_to_all, sizeof(advert_to_all));
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_VALID);
}

static void who_advertises_our_valid_address_takes_nothing(void **state)
{
	struct rig r;

	rig_valid(&r);
	hear(&r, advert, sizeof(advert));
	hear(&r, advert_to_all, sizeof(advert_to_all));
	assert_int_equal(r.n, 0);
	assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_VALID);
}

static void an_echo_comes_back_as_it_went(void **state)
{
	struct rig r;

	rig_valid(&r);
	hear(&r, echo, sizeof(echo));
	expect(&r, HER_MAC, reply, sizeof(reply));
}

static void padding_behind_a_packet_is_not_part_of_it(void **state)
{
	uint8_t padded[sizeof(echo) + 7] = {0};
	struct rig r;

	memcpy(padded, echo, sizeof(echo));
	rig_valid(&r);
	hear(&r, padded, sizeof(padded));
	expect(&r, HER_MAC, reply, sizeof(reply));
}

static void an_echo_behind_extension_headers_comes_back_without_them(void **state)
{
	static const uint8_t options[] = {58, 0, 1, 4, 0, 0, 0, 0};
	uint8_t packet[sizeof(echo) + sizeof(options)];
	struct rig r;

	memcpy(packet, echo, 40);
	packet[5] += sizeof(options);
	packet[6] = 60;
	memcpy(packet + 40, options, sizeof(options));
	memcpy(packet + 40 + sizeof(options), echo + 40, sizeof(echo) - 40);
	rig_valid(&r);
	hear_at(&r, packet, sizeof(packet), 40 + sizeof(options));
	expect(&r, HER_MAC, reply, sizeof(reply));
}

static void an_echo_longer_than_the_mtu_stays_unanswered(void **state)
{
	uint8_t packet[1501] = {0};
	struct rig r;

	memcpy(packet, echo, sizeof(echo));
	repair(packet, sizeof(packet));
	rig_valid(&r);
	hear(&r, packet, sizeof(packet));
	assert_int_equal(r.n, 0);
	repair(packet, 1500);
	hear(&r, packet, 1500);
	assert_int_equal(r.n, 1);
}

/* Each octet of a packet that matters, changed, with a right checksum. */
static void expect_ignored(const uint8_t *packet, size_t len, size_t at, uint8_t octet)
{
	uint8_t copy[128];
	struct rig r;

	memcpy(copy, packet, len);
	assert_int_not_equal(copy[at], octet);
	copy[at] = octet;
	repair(copy, len);
	rig_valid(&r);
	hear(&r, copy, len);
	assert_int_equal(r.n, 0);
}

static void no_other_solicitation_is_answered(void **state)
{
	const size_t len = sizeof(solicitation);

	expect_ignored(solicitation, len, 7, 254);  /* a router passed it on */
	expect_ignored(solicitation, len, 8, 0xff); /* from a group */
	expect_ignored(solicitation, len, 40, 133);
	expect_ignored(solicitation, len, 41, 1);
	expect_ignored(solicitation, len, 48, 0xff); /* for a group */
	expect_ignored(solicitation, len, 63, 2);    /* for another host */
	expect_ignored(solicitation, len, 65, 0);    /* an option without length */
	expect_ignored(solicitation, len, 65, 2);    /* beyond the end */
	expect_ignored(solicitation, 63, 40, 135 ^ 1);
}

static void a_probe_has_to_go_to_the_group_and_without_a_source_option(void **state)
{
	uint8_t packet[72];
	struct rig r;

	expect_ignored(probe, sizeof(probe), 36, 0xfe);
	memcpy(packet, solicitation, sizeof(packet));
	memset(packet + 8, 0, 16);
	repair(packet, sizeof(packet));
	rig_valid(&r);
	hear(&r, packet, sizeof(packet));
	assert_int_equal(r.n, 0);
}

/* RFC 4861 §7.1.2, as long as a claim would take the address. */
static void a_malformed_advertisement_takes_nothing(void **state)
{
	static const struct {
		uint8_t at, octet;
	} changes[] = {{7, 64}, {8, 0xff}, {24, 0xff}, {41, 1}, {48, 0xff}, {65, 0}, {65, 9}};
	struct rig r;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t packet[sizeof(advert)];

		memcpy(packet, advert, sizeof(advert));
		packet[changes[i].at] = changes[i].octet;
		repair(packet, sizeof(packet));
		rig_start(&r, 0);
		hear(&r, packet, sizeof(packet));
		assert_int_equal(state_of(&r, MCR_ND_LINK_LOCAL), MCR_ND_DELAYED);
	}
}

static void messages_of_discovery_behind_other_headers_are_ignored(void **state)
{
	uint8_t packet[sizeof(solicitation) + 8] = {0};
	struct rig r;

	memcpy(packet, solicitation, 40);
	packet[5] += 8;
	packet[6] = 44; /* a fragment that is whole: RFC 6980 */
	packet[40] = 58;
	memcpy(packet + 48, solicitation + 40, sizeof(solicitation) - 40);
	rig_valid(&r);
	hear_at(&r, packet, sizeof(packet), 48);
	assert_int_equal(r.n, 0);
}

static void no_other_echo_is_answered(void **state)
{
	const size_t len = sizeof(echo);

	expect_ignored(echo, len, 8, 0xff); /* from a group */
	expect_ignored(echo, len, 39, 2);   /* for another host */
	expect_ignored(echo, len, 40, 129);
	expect_ignored(echo, len, 41, 1);
	expect_ignored(echo, 47, 40, 128 ^ 1);
}

static void an_echo_from_nobody_or_to_a_groups_mac_address_stays_unanswered(void **state)
{
	const struct mcr_nd_frame from_her = {.mac_from = (const uint8_t *)HER_MAC,
					      .icmp_offset = 40};
	uint8_t packet[sizeof(echo)];
	struct mcr_nd_frame frame = from_her;
	struct rig r;

	rig_valid(&r);
	memcpy(packet, echo, sizeof(echo));
	memset(packet + 8, 0, 16);
	repair(packet, sizeof(packet));
	hear(&r, packet, sizeof(packet));
	memcpy(packet, echo, sizeof(echo));
	frame.packet = packet;
	frame.len = sizeof(packet);
	frame.mac_to = (const uint8_t *)"\x33\x33\xff\0\0\x01";
	mcr_nd_input(&r.nd, &frame, rig_send, &r);
	frame.mac_to = (const uint8_t *)OWN_MAC;
	frame.mac_from = (const uint8_t *)"\x03\0\0\0\0\x09";
	mcr_nd_input(&r.nd, &frame, rig_send, &r);
	assert_int_equal(r.n, 0);
	frame.mac_from = (const uint8_t *)HER_MAC;
	mcr_nd_input(&r.nd, &frame, rig_send, &r);
	assert_int_equal(r.n, 1);
}

/* The octets are there, but not in the frame. */
static void hear_cut(struct rig *r, const uint8_t *packet, size_t len)
{
	uint8_t copy[sizeof(solicitation)];
	const struct mcr_nd_frame frame = {.mac_to = (const uint8_t *)OWN_MAC,
					   .mac_from = (const uint8_t *)HER_MAC,
					   .packet = copy,
					   .len = len,
					   .icmp_offset = 40};

	memcpy(copy, packet, sizeof(copy));
	mcr_nd_input(&r->nd, &frame, rig_send, r);
}

static void a_packet_without_its_end_or_with_another_octet_is_ignored(void **state)
{
	uint8_t copy[sizeof(solicitation)];
	struct rig r;

	rig_valid(&r);
	for (size_t len = 0; len < sizeof(solicitation); len++)
		hear_cut(&r, solicitation, len);
	for (size_t at = 8; at < sizeof(solicitation); at++) {
		memcpy(copy, solicitation, sizeof(copy));
		copy[at] ^= 0x40;
		hear(&r, copy, sizeof(copy));
	}
	assert_int_equal(r.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_asks_is_told_at_the_mac_address_that_the_frame_came_from),
	    cmocka_unit_test(who_tests_our_address_is_told_with_all_others),
	    cmocka_unit_test(who_advertises_our_valid_address_takes_nothing),
	    cmocka_unit_test(an_echo_comes_back_as_it_went),
	    cmocka_unit_test(padding_behind_a_packet_is_not_part_of_it),
	    cmocka_unit_test(an_echo_behind_extension_headers_comes_back_without_them),
	    cmocka_unit_test(an_echo_longer_than_the_mtu_stays_unanswered),
	    cmocka_unit_test(no_other_solicitation_is_answered),
	    cmocka_unit_test(a_probe_has_to_go_to_the_group_and_without_a_source_option),
	    cmocka_unit_test(a_malformed_advertisement_takes_nothing),
	    cmocka_unit_test(messages_of_discovery_behind_other_headers_are_ignored),
	    cmocka_unit_test(no_other_echo_is_answered),
	    cmocka_unit_test(an_echo_from_nobody_or_to_a_groups_mac_address_stays_unanswered),
	    cmocka_unit_test(a_packet_without_its_end_or_with_another_octet_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
