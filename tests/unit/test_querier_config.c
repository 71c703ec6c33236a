/* SPDX-License-Identifier: BSD-3-Clause */
/* What a querier's configuration comes to, and what is refused (RFC 9776 §8, RFC 9777 §9). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/querier/querier.h"

#define MS     1000000ull
#define SECOND (1000 * MS)

static struct mcr_querier_timing timing_of(struct mcr_querier_config cfg)
{
	struct mcr_querier_timing timing;
	struct mcr_error err = {""};

	assert_int_equal(mcr_querier_timing_of(&timing, &cfg, "lan", &err), 0);
	assert_string_equal(err.text, "");
	return timing;
}

static void refuses(struct mcr_querier_config cfg, const char *text)
{
	struct mcr_querier_timing timing = {.version = 99};
	struct mcr_querier *q = NULL;
	struct mcr_error err = {""};

	assert_int_equal(mcr_querier_timing_of(&timing, &cfg, "lan", &err), -EINVAL);
	assert_string_equal(err.text, text);
	assert_int_equal(timing.version, 99);
	assert_int_equal(mcr_querier_timing_of(&timing, &cfg, "lan", NULL), -EINVAL);
	assert_int_equal(mcr_querier_create(&q, &cfg, 0), -EINVAL);
	assert_null(q);
}

static void has_the_defaults_of_the_rfcs(void **state)
{
	(void)state;
	for (uint8_t family = MCR_GMP_IGMP; family <= MCR_GMP_MLD; family++) {
		struct mcr_querier_timing t =
		    timing_of((struct mcr_querier_config){.family = family});
		int is_mld = family == MCR_GMP_MLD;

		assert_int_equal(t.version, is_mld ? 2 : 3);
		assert_int_equal(t.robustness, 2);
		assert_int_equal(t.qrv, 2);
		assert_int_equal(t.qqic, 125);
		assert_int_equal(t.response_code, is_mld ? 10000 : 100);
		assert_int_equal(t.last_member_code, is_mld ? 1000 : 10);
		assert_int_equal(t.startup_count, 2);
		assert_int_equal(t.last_member_count, 2);
		assert_int_equal(t.interval_ns, 125 * SECOND);
		assert_int_equal(t.response_ns, 10 * SECOND);
		assert_int_equal(t.startup_interval_ns, 31250 * MS);
		assert_int_equal(t.last_member_interval_ns, SECOND);
		assert_int_equal(t.last_member_ns, 2 * SECOND);
		assert_int_equal(t.membership_ns, 270 * SECOND); /* RFC 3376 had 260 s */
		assert_int_equal(t.other_querier_ns, 255 * SECOND);
		assert_int_equal(t.older_host_ns, 260 * SECOND);
	}
}

static void uses_each_value_that_is_given(void **state)
{
	struct mcr_querier_timing t =
	    timing_of((struct mcr_querier_config){.robustness = 3,
						  .query_interval_s = 5,
						  .query_response_interval_ms = 1000,
						  .startup_query_interval_ms = 700,
						  .startup_query_count = 4,
						  .last_member_query_interval_ms = 500,
						  .last_member_query_count = 5});

	(void)state;
	assert_int_equal(t.qrv, 3);
	assert_int_equal(t.qqic, 5);
	assert_int_equal(t.response_code, 10);
	assert_int_equal(t.last_member_code, 5);
	assert_int_equal(t.startup_count, 4);
	assert_int_equal(t.startup_interval_ns, 700 * MS);
	assert_int_equal(t.last_member_count, 5);
	assert_int_equal(t.last_member_ns, 2500 * MS);
	assert_int_equal(t.membership_ns, 17 * SECOND);
	assert_int_equal(t.other_querier_ns, 15500 * MS);
	assert_int_equal(t.older_host_ns, 16 * SECOND);
}

static void counts_follow_the_robustness(void **state)
{
	struct mcr_querier_timing t = timing_of((struct mcr_querier_config){.robustness = 255});

	(void)state;
	assert_int_equal(t.robustness, 255);
	assert_int_equal(t.qrv, 0); /* RFC 9776 §4.1.6 */
	assert_int_equal(t.startup_count, 255);
	assert_int_equal(t.last_member_count, 255);
	assert_int_equal(t.membership_ns, (255 * 125 + 20) * SECOND);
	assert_int_equal(timing_of((struct mcr_querier_config){.robustness = 7}).qrv, 7);
	assert_int_equal(timing_of((struct mcr_querier_config){.robustness = 8}).qrv, 0);
	assert_int_equal(timing_of((struct mcr_querier_config){.robustness = 1}).qrv, 1);
}

/* The rows R-Q-2, R-Q-7. */
static void rounds_down_what_no_message_can_say(void **state)
{
	struct mcr_querier_timing t =
	    timing_of((struct mcr_querier_config){.query_interval_s = 201,
						  .query_response_interval_ms = 12950,
						  .last_member_query_interval_ms = 1290});

	(void)state;
	assert_int_equal(t.qqic, 0x89);
	assert_int_equal(t.interval_ns, 200 * SECOND);
	assert_int_equal(t.startup_interval_ns, 50 * SECOND);
	assert_int_equal(t.response_code, 0x80);
	assert_int_equal(t.response_ns, 12800 * MS);
	assert_int_equal(t.last_member_code, 12);
	assert_int_equal(t.last_member_ns, 2400 * MS);
	assert_int_equal(t.membership_ns, 425600 * MS);
	assert_int_equal(
	    timing_of((struct mcr_querier_config){.query_interval_s = 248}).interval_ns,
	    248 * SECOND);
	assert_int_equal(timing_of((struct mcr_querier_config){.query_interval_s = 31744}).qqic,
			 0xff);
}

/* IGMPv2 has no field for it. */
static void rounds_no_query_interval_that_no_message_carries(void **state)
{
	struct mcr_querier_timing t =
	    timing_of((struct mcr_querier_config){.version = 2, .query_interval_s = 201});

	(void)state;
	assert_int_equal(t.version, 2);
	assert_int_equal(t.interval_ns, 201 * SECOND);
}

static void igmp_v1_always_allows_10_s(void **state)
{
	struct mcr_querier_timing t =
	    timing_of((struct mcr_querier_config){.version = 1,
						  .query_interval_s = 11,
						  .query_response_interval_ms = 20000,
						  .last_member_query_interval_ms = 20000});

	(void)state;
	assert_int_equal(t.response_code, 0);
	assert_int_equal(t.last_member_code, 0);
	assert_int_equal(t.response_ns, 10 * SECOND);
	assert_int_equal(t.membership_ns, 42 * SECOND);
}

static void takes_the_extremes(void **state)
{
	static const struct {
		uint8_t family, version;
		uint32_t least_ms, most_ms;
		uint16_t least, most;
	} cases[] = {
	    {MCR_GMP_IGMP, 2, 100, 25500, 1, 255},
	    {MCR_GMP_IGMP, 3, 100, 3174400, 1, 255},
	    {MCR_GMP_MLD, 1, 1, 65535, 1, 65535},
	    {MCR_GMP_MLD, 2, 1, 8387584, 1, 65535},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mcr_querier_timing t = timing_of((struct mcr_querier_config){
		    .family = cases[i].family,
		    .version = cases[i].version,
		    .query_interval_s = 31744,
		    .query_response_interval_ms = cases[i].most_ms,
		    .last_member_query_interval_ms = cases[i].least_ms,
		    .startup_query_interval_ms = 31744000,
		    .groups_max = 65536,
		    .sources_max = 65536,
		});

		assert_int_equal(t.response_ns, cases[i].most_ms * MS);
		assert_int_equal(t.response_code, cases[i].most);
		assert_int_equal(t.last_member_interval_ns, cases[i].least_ms * MS);
		assert_int_equal(t.last_member_code, cases[i].least);
	}
}

static void refuses_versions_that_do_not_exist(void **state)
{
	(void)state;
	refuses((struct mcr_querier_config){.version = 4},
		"interface \"lan\": querier_version 4 is not in 1..3");
	refuses((struct mcr_querier_config){.family = MCR_GMP_MLD, .version = 3},
		"interface \"lan\": mld_querier_version 3 is not in 1..2");
	refuses((struct mcr_querier_config){.family = 2}, "interface \"lan\": no such family");
}

static void refuses_a_query_interval_that_no_query_can_say(void **state)
{
	(void)state;
	refuses((struct mcr_querier_config){.query_interval_s = 31745},
		"interface \"lan\": query_interval 31745 s is above 31744 s, the most that a query "
		"can say: give less");
}

/* RFC 9776 §8.3. */
static void refuses_a_response_interval_that_is_not_below_the_query_interval(void **state)
{
	(void)state;
	refuses((struct mcr_querier_config){.query_response_interval_ms = 200000},
		"interface \"lan\": query_response_interval 200 s is not below query_interval 125 "
		"s: give less");
	refuses((struct mcr_querier_config){.query_response_interval_ms = 125000},
		"interface \"lan\": query_response_interval 125 s is not below query_interval 125 "
		"s: give less");
	timing_of((struct mcr_querier_config){.query_response_interval_ms = 124999});
	refuses((struct mcr_querier_config){.query_interval_s = 10},
		"interface \"lan\": query_response_interval 10 s (the default) is not below "
		"query_interval 10 s: give less");
	/* 143 s become 136 s. */
	refuses((struct mcr_querier_config){.query_interval_s = 143,
					    .query_response_interval_ms = 142500},
		"interface \"lan\": query_response_interval 142.5 s is not below query_interval "
		"136 s: give less");
	refuses((struct mcr_querier_config){.version = 1, .query_interval_s = 10},
		"interface \"lan\": query_interval 10 s is not above 10 s, in which hosts of "
		"IGMPv1 answer: give more");
}

static void refuses_a_response_interval_that_no_query_can_say(void **state)
{
	(void)state;
	refuses((struct mcr_querier_config){.query_response_interval_ms = 99},
		"interface \"lan\": query_response_interval 0.099 s is below 0.1 s, the least that "
		"a query of IGMPv3 can say: give more");
	refuses((struct mcr_querier_config){.version = 2, .query_response_interval_ms = 25501},
		"interface \"lan\": query_response_interval 25.501 s is above 25.5 s, the most "
		"that a query of IGMPv2 can say: give less");
	refuses((struct mcr_querier_config){.query_interval_s = 31744,
					    .query_response_interval_ms = 3174500},
		"interface \"lan\": query_response_interval 3174.5 s is above 3174.4 s, the most "
		"that a query of IGMPv3 can say: give less");
	refuses((struct mcr_querier_config){.family = MCR_GMP_MLD,
					    .version = 1,
					    .query_response_interval_ms = 65536},
		"interface \"lan\": query_response_interval 65.536 s is above 65.535 s, the most "
		"that a query of MLDv1 can say: give less");
	refuses((struct mcr_querier_config){.family = MCR_GMP_MLD,
					    .query_interval_s = 31744,
					    .query_response_interval_ms = UINT32_MAX},
		"interface \"lan\": query_response_interval 4294967.295 s is above 8387.584 s, the "
		"most that a query of MLDv2 can say: give less");
}

static void refuses_a_last_member_interval_like_a_response_interval(void **state)
{
	(void)state;
	refuses((struct mcr_querier_config){.last_member_query_interval_ms = 50},
		"interface \"lan\": last_member_query_interval 0.05 s is below 0.1 s, the least "
		"that a query of IGMPv3 can say: give more");
	refuses((struct mcr_querier_config){.version = 2, .last_member_query_interval_ms = 26000},
		"interface \"lan\": last_member_query_interval 26 s is above 25.5 s, the most "
		"that a query of IGMPv2 can say: give less");
	refuses((struct mcr_querier_config){.last_member_query_interval_ms = 125000},
		"interface \"lan\": last_member_query_interval 125 s is not below query_interval "
		"125 s: give less");
	refuses(
	    (struct mcr_querier_config){.query_interval_s = 1, .query_response_interval_ms = 500},
	    "interface \"lan\": last_member_query_interval 1 s (the default) is not below "
	    "query_interval 1 s: give less");
}

static void refuses_a_startup_interval_above_the_query_interval(void **state)
{
	(void)state;
	refuses((struct mcr_querier_config){.startup_query_interval_ms = 125001},
		"interface \"lan\": startup_query_interval 125.001 s is above query_interval 125 "
		"s: give less");
	timing_of((struct mcr_querier_config){.startup_query_interval_ms = 125000});
	refuses((struct mcr_querier_config){.query_interval_s = 201,
					    .startup_query_interval_ms = 201000},
		"interface \"lan\": startup_query_interval 201 s is above query_interval 200 s: "
		"give less");
}

static void refuses_limits_beyond_what_the_table_can_hold(void **state)
{
	(void)state;
	refuses((struct mcr_querier_config){.groups_max = 65537},
		"interface \"lan\": querier_groups 65537 is not in 1..65536");
	refuses((struct mcr_querier_config){.sources_max = 65537},
		"interface \"lan\": querier_sources 65537 is not in 1..65536");
}

/* What mcr_querier_timing_of does not see. */
static void refuses_an_mtu_or_prefix_that_cannot_be(void **state)
{
	static const struct mcr_querier_config bad[] = {
	    {.mtu = 67},
	    {.family = MCR_GMP_MLD, .mtu = 1279},
	    {.prefix_len = 33},
	};
	static const struct mcr_querier_config good[] = {
	    {.mtu = 68},
	    {.family = MCR_GMP_MLD, .mtu = 1280},
	    {.prefix_len = 32},
	};
	struct mcr_querier *q = NULL;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(mcr_querier_create(&q, &bad[i], 0), -EINVAL);
		assert_null(q);
	}
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(mcr_querier_create(&q, &good[i], 0), 0);
		assert_int_equal(mcr_querier_set_mtu(q, 67), -EINVAL);
		assert_int_equal(mcr_querier_set_mtu(q, 1280), 0);
		mcr_querier_destroy(q);
		q = NULL;
	}
	mcr_querier_destroy(NULL);
}

static void names_each_outcome_and_role(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MCR_QUERIER_RX_COUNT; i++)
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(mcr_querier_rx_name(i), mcr_querier_rx_name(j));
	assert_null(mcr_querier_rx_name(MCR_QUERIER_RX_COUNT));
	assert_string_equal(mcr_querier_rx_name(MCR_QUERIER_RX_BAD_CHECKSUM), "bad_checksum");
	assert_string_equal(mcr_querier_role_name(MCR_QUERIER_SILENT), "no address");
	assert_string_equal(mcr_querier_role_name(MCR_QUERIER_WAITING), "waiting");
	assert_string_equal(mcr_querier_role_name(MCR_QUERIER_OTHER), "other");
	assert_string_equal(mcr_querier_role_name(MCR_QUERIER_US), "us");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_the_defaults_of_the_rfcs),
	    cmocka_unit_test(uses_each_value_that_is_given),
	    cmocka_unit_test(counts_follow_the_robustness),
	    cmocka_unit_test(rounds_down_what_no_message_can_say),
	    cmocka_unit_test(rounds_no_query_interval_that_no_message_carries),
	    cmocka_unit_test(igmp_v1_always_allows_10_s),
	    cmocka_unit_test(takes_the_extremes),
	    cmocka_unit_test(refuses_versions_that_do_not_exist),
	    cmocka_unit_test(refuses_a_query_interval_that_no_query_can_say),
	    cmocka_unit_test(refuses_a_response_interval_that_is_not_below_the_query_interval),
	    cmocka_unit_test(refuses_a_response_interval_that_no_query_can_say),
	    cmocka_unit_test(refuses_a_last_member_interval_like_a_response_interval),
	    cmocka_unit_test(refuses_a_startup_interval_above_the_query_interval),
	    cmocka_unit_test(refuses_limits_beyond_what_the_table_can_hold),
	    cmocka_unit_test(refuses_an_mtu_or_prefix_that_cannot_be),
	    cmocka_unit_test(names_each_outcome_and_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
