/* SPDX-License-Identifier: BSD-3-Clause */
/* What MLD alone has in what it sends and in which groups it reports (rows M-*). The rules that it
 * shares with IGMP are in test_gmp_*.c. The row that a test shows stands before it. */
#include "gmp_rig.h"

#define REFERENCE "fe80::bc48:87ff:fe2a:4115" /* the host of the reference captures */
#define SOURCE    "fe80000000000000bc4887fffe2a4115"
#define ALERT     "3a00050200000100"
#define GROUP     "ff150000000000000000000000001234"
#define SSM       "ff350000000000000000000000001234"
#define CHANNEL   SSM "20010db8000000000000000000000001"

static void rig_reference(struct rig *r, uint8_t version)
{
	rig_start(r, &(struct mcr_gmp_config){.address = ip(REFERENCE),
					      .repeat_s = MCR_GMP_NO_REPEAT,
					      .version = version});
}

static void rig_joined(struct rig *r)
{
	rig_default(r);
	join(r, "239.1.2.3");
	settle(r, 5);
}

/* M-1, M-6: G12, and the captures mld2-join-leave and mld2-ssm */
static void v2_reports_equal_the_reference_octets(void **state)
{
	struct rig r;

	rig_reference(&r, 0);
	join(&r, "ff15::1234");
	run_for(&r, 5);
	leave(&r, "ff15::1234");
	run_for(&r, 5);
	include(&r, "ff35::1234", "2001:db8::1");
	run_for(&r, 5);
	leave(&r, "ff35::1234");
	run_for(&r, 5);
	assert_int_equal(r.n_sent, 8);
	assert_octets(&r, 0, 0,
		      "6000000000240001" SOURCE "ff020000000000000000000000000016" ALERT
		      "8f00da3b0000000104000000" GROUP);
	assert_octets(&r, 2, 48, "8f00db3b0000000103000000" GROUP);
	assert_octets(&r, 4, 48, "8f00ab500000000105000001" CHANNEL);
	assert_octets(&r, 6, 48, "8f00aa500000000106000001" CHANNEL);
	rig_stop(&r);
}

/* M-6, M-1: the capture mld1-general; a done message goes to all routers */
static void v1_reports_equal_the_reference_octets_and_done_goes_to_all_routers(void **state)
{
	struct rig r;

	rig_reference(&r, 2);
	join(&r, "ff15::1234");
	run_for(&r, 20);
	leave(&r, "ff15::1234");
	run_for(&r, 5);
	assert_int_equal(r.n_sent, 3);
	assert_octets(&r, 0, 0, "6000000000200001" SOURCE GROUP ALERT "8300d80f00000000" GROUP);
	assert_octets(&r, 1, 48, "8300d80f00000000" GROUP);
	assert_memory_equal(r.sent[2].bytes + 24, ip("ff02::2").octets, 16);
	assert_int_equal(message_of(&r.sent[2])[0], 132);
	assert_octets(&r, 2, 56, GROUP);
	rig_stop(&r);
}

/* M-8 */
static void all_nodes_and_what_is_never_on_a_wire_are_not_reported(void **state)
{
	static const char *const refused[] = {"ff00::1234", "ff01::1234",  "ff0f::1234",
					      "ff31::1234", "2001:db8::1", "::"};
	struct rig r;

	for (uint8_t version = 2; version <= 3; version++) {
		rig_version(&r, version);
		join(&r, "ff02::1");
		for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
			assert_int_equal(set(&r, refused[i], EX, ""), -EINVAL);
		run_for(&r, 5);
		assert_int_equal(FEED(&r, .version = version, .code = 10), 0);
		run_for(&r, 60);
		assert_int_equal(r.n_sent, 0);
		assert_int_equal(info(&r).groups, 0);
		rig_stop(&r);
	}
}

/* M-8 */
static void other_link_local_groups_and_solicited_node_groups_are_reported(void **state)
{
	struct rig r;

	rig_default(&r);
	join(&r, "ff02::1:ff2a:4115");
	join(&r, "ff02::fb");
	poll_now(&r);
	assert_int_equal(r.n_sent, 1);
	assert_octets(&r, 0, 48 + 6,
		      "0002"
		      "04000000ff0200000000000000000001ff2a4115"
		      "04000000ff0200000000000000000000000000fb");
	rig_stop(&r);
}

/* M-9 */
static void reports_come_from_the_unspecified_address_until_there_is_one(void **state)
{
	static const uint8_t none[16] = {0};

	for (uint8_t version = 2; version <= 3; version++) {
		struct rig r;

		rig_start(&r, &(struct mcr_gmp_config){.repeat_s = MCR_GMP_NO_REPEAT,
						       .version = version});
		join(&r, "239.1.2.3");
		run_for(&r, 20);
		assert_count(&r, 2);
		for (size_t i = 0; i < 2; i++)
			assert_memory_equal(r.sent[i].bytes + 8, none, 16);
		rig_forget(&r);
		mcr_gmp_announce(r.igmp, ip(HOST), r.now_ns);
		run_for(&r, 20);
		assert_count(&r, 2);
		for (size_t i = 0; i < 2; i++)
			assert_memory_equal(r.sent[i].bytes + 8, ip(HOST).octets, 16);
		rig_stop(&r);
	}
}

/* M-13 */
static void the_source_specific_range_is_ff3x_32(void **state)
{
	static const struct {
		const char *group;
		int exclude;
	} cases[] = {
	    {"ff32::1", -EINVAL},     {"ff35::1234", -EINVAL}, {"ff3e::8000:1", -EINVAL},
	    {"ff35:0:1::1", -EINVAL}, {"ff35:1::1", 0},        {"ff15::1", 0},
	    {"ff25::1", 0},           {"ff75::1", 0},
	};
	struct rig r;

	rig_default(&r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(set(&r, cases[i].group, EX, ""), cases[i].exclude);
		assert_int_equal(set(&r, cases[i].group, IN, "2001:db8::1"), 0);
	}
	rig_stop(&r);
}

/* 2001:db8::a09:1 and those that follow */
static void set_sources(struct rig *r, enum mcr_filter_mode mode, unsigned n)
{
	struct mcr_address list[200];

	for (unsigned i = 0; i < n; i++)
		list[i] = ip_of(0x0a090001u + i);
	assert_int_equal(mcr_gmp_set_filter(r->igmp, ip("239.1.2.3"), mode, list, n, r->now_ns), 0);
}

/* M-15 */
static void two_hundred_sources_are_split_or_cut_at_89(void **state)
{
	static const unsigned parts[] = {89, 89, 22};
	struct rig r;

	rig_default(&r);
	set_sources(&r, IN, 200);
	poll_now(&r);
	assert_count(&r, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(records(&r.sent[i]), 1);
		assert_int_equal(sources(&r.sent[i]), parts[i]);
		assert_int_equal(r.sent[i].len, 48 + 8 + 20 + 16 * parts[i]);
	}
	settle(&r, 5);
	set_sources(&r, EX, 200);
	poll_now(&r);
	assert_count(&r, 1);
	assert_int_equal(sources(&r.sent[0]), 89);
	rig_stop(&r);
}

static void addresses_of_the_other_family_are_refused(void **state)
{
	const struct mcr_address group4 = mcr_address_from_ipv4(htonl(0xef010203)),
				 source4 = mcr_address_from_ipv4(htonl(0x0a090001));
	struct rig r;

	rig_default(&r);
	assert_int_equal(mcr_gmp_set_filter(r.igmp, group4, EX, NULL, 0, r.now_ns), -EINVAL);
	assert_int_equal(mcr_gmp_set_filter(r.igmp, ip("ff15::1"), IN, &source4, 1, r.now_ns),
			 -EINVAL);
	rig_stop(&r);
	rig_family = MCR_GMP_IGMP;
	rig_default(&r);
	assert_int_equal(mcr_gmp_set_filter(r.igmp, ip("ff15::1"), EX, NULL, 0, r.now_ns), -EINVAL);
	assert_int_equal(set(&r, "239.1.2.3", IN, "2001:db8::1"), -EINVAL);
	rig_stop(&r);
	rig_family = MCR_GMP_MLD;
}

/* M-11: what others see of the machine is in MLD's own numbers. */
static void versions_and_reasons_are_those_of_mld(void **state)
{
	struct mcr_gmp_info i;
	struct rig r;

	rig_joined(&r);
	mcr_gmp_get_info(r.igmp, r.now_ns, &i);
	assert_int_equal(i.version, 2);
	assert_int_equal(i.querier_version, 0);
	assert_int_equal(FEED(&r, .version = 2, .code = 100), 0);
	mcr_gmp_get_info(r.igmp, r.now_ns, &i);
	assert_int_equal(i.version, 1);
	assert_int_equal(i.querier_version, 1);
	assert_string_equal(mcr_gmp_reason_text(i.reason), "a v1 querier is present");
	assert_int_equal(i.rx_v1_queries, 1);
	assert_int_equal(i.v1_until_ns, r.now_ns + 260 * SECOND);
	assert_int_equal(i.v2_until_ns, 0);
	assert_true(mcr_address_is_equal(i.querier, ip(QUERIER)));
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(v2_reports_equal_the_reference_octets),
	    cmocka_unit_test(v1_reports_equal_the_reference_octets_and_done_goes_to_all_routers),
	    cmocka_unit_test(all_nodes_and_what_is_never_on_a_wire_are_not_reported),
	    cmocka_unit_test(other_link_local_groups_and_solicited_node_groups_are_reported),
	    cmocka_unit_test(reports_come_from_the_unspecified_address_until_there_is_one),
	    cmocka_unit_test(the_source_specific_range_is_ff3x_32),
	    cmocka_unit_test(two_hundred_sources_are_split_or_cut_at_89),
	    cmocka_unit_test(addresses_of_the_other_family_are_refused),
	    cmocka_unit_test(versions_and_reasons_are_those_of_mld),
	};
	return RUN_MLD(tests);
}
