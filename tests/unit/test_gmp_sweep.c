/* SPDX-License-Identifier: BSD-3-Clause */
/* General answers that take several messages (row H-QR-14 and its neighbours). */
#include "gmp_rig.h"

/* H-QR-14: one slot of the response time for each message. */
static void a_large_general_answer_is_spread_over_the_response_time(void **state)
{
	struct rig r;

	rig_default(&r);
	join_many(&r, 1000);
	settle(&r, 5);
	static const double draws[] = {0.5, 1.0, 0.1, 0.5, 0.5, 1.0, 0.7,
				       0.2, 0.9, 0.3, 0.6, 0.8, 0.4, 1.0};
	unsigned n = reports_of(1000);
	uint64_t t = r.now_ns, slot = 10 * SECOND / n;

	script(&r, n, draws);

	general_v3(&r, 100);
	run_for(&r, 30);
	assert_count(&r, n);
	for (size_t i = 0; i < n; i++) {
		uint64_t at = t + i * slot + (uint64_t)(draws[i] * (double)slot + 0.5);

		assert_int_equal(r.sent[i].at_ns, at);
		assert_true(at <= t + 10 * SECOND);
	}
	assert_int_equal(info(&r).tx_records, 3000);
	rig_stop(&r);
}

/* H-QR-6, H-QR-14: a second query in the middle of a long answer makes it go round once more, at
 * the faster pace, and each group is reported within the response time of either query. */
static void a_query_in_the_middle_of_a_long_answer_is_answered_in_full(void **state)
{
	static const struct {
		unsigned first, second; /* response times in tenths of a second */
	} cases[] = {{100, 50}, {50, 100}, {80, 80}, {100, 10}};

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct rig r;
		uint64_t early[1000] = {0}, late[1000] = {0};

		rig_default(&r);
		join_many(&r, 1000);
		settle(&r, 5);
		r.default_draw = 0.9;
		uint64_t first = r.now_ns;

		general_v3(&r, cases[c].first);
		run_for(&r, cases[c].first / 20.0);
		uint64_t second = r.now_ns;

		general_v3(&r, cases[c].second);
		run_for(&r, 60);
		for (size_t i = 0; i < r.n_sent; i++) {
			const uint8_t *end = r.sent[i].bytes + r.sent[i].len;

			for (const uint8_t *p = message_of(&r.sent[i]) + 8; p < end;) {
				p += 4 + address_octets();
				unsigned k = word(p - 4) - 0xef000100u;
				uint64_t *seen = r.sent[i].at_ns > second ? late : early;

				assert_true(k < 1000);
				assert_int_equal(seen[k], 0);
				seen[k] = r.sent[i].at_ns;
			}
		}
		for (unsigned k = 0; k < 1000; k++) {
			assert_true((early[k] ? early[k] : late[k]) <=
				    first + cases[c].first * SECOND / 10);
			assert_true(late[k] && late[k] <= second + cases[c].second * SECOND / 10);
		}
		rig_stop(&r);
	}
}

/* H-QR-14: groups that go away in the middle of a long answer, the next one of it included. */
static void a_long_answer_survives_leaves_in_its_middle(void **state)
{
	struct rig r;

	rig_default(&r);
	join_many(&r, 1000);
	settle(&r, 5);
	general_v3(&r, 100);
	run_for(&r, 4);
	rig_forget(&r);
	for (unsigned i = 0; i < 1000; i += 2)
		mcr_gmp_set_filter(r.igmp, ip_of(0xef000100u + i), IN, NULL, 0, r.now_ns);
	run_for(&r, 20);
	size_t answers = 0;

	for (size_t i = 0; i < r.n_sent; i++)
		for (const uint8_t *p = message_of(&r.sent[i]) + 8;
		     p < r.sent[i].bytes + r.sent[i].len; p += 4 + address_octets())
			answers += p[0] == 2;
	/* 366 groups (MLD: 432) were reported before; of the others every second one is left. */
	assert_int_equal(answers, is_mld() ? 284 : 317);
	rig_stop(&r);
}

/* H-QR-14: records that leave room unused need more messages than their octets suggest. */
static void an_answer_longer_than_estimated_still_ends_in_time(void **state)
{
	struct rig r;
	struct mcr_address list[200];
	unsigned n = is_mld() ? 50 : 200; /* more than half a message */

	rig_default(&r);
	for (unsigned k = 0; k < n; k++)
		list[k] = ip_of(0x0a000001u + k);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(
		    mcr_gmp_set_filter(r.igmp, ip_of(0xef000100u + i), IN, list, n, r.now_ns), 0);
	settle(&r, 5);
	r.default_draw = 1.0;
	uint64_t t = r.now_ns;

	general_v3(&r, 100);
	run_for(&r, 60);
	assert_count(&r, 20);
	assert_true(r.sent[19].at_ns <= t + 10 * SECOND);
	rig_stop(&r);
}

/* H-QR-5: a long answer absorbs a group query only if it reports the group soon enough. */
static void a_long_answer_absorbs_only_what_it_reports_in_time(void **state)
{
	static const struct {
		uint32_t group;
		double draw;
		int is_answered;
	} cases[] = {
	    {0xef000100u, 1.0, 1},       /* reported already */
	    {0xef000100u + 999, 1.0, 0}, /* will be reported before */
	    {0xef000100u + 999, 0.1, 1}, /* will be reported too late, perhaps */
	};

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct rig r;
		char group[16];

		rig_default(&r);
		join_many(&r, 1000);
		settle(&r, 5);
		general_v3(&r, 100);
		settle(&r, 5);
		SCRIPT(&r, cases[c].draw);
		assert_int_equal(FEED(&r, .code = 100, .group = dotted(cases[c].group, group)), 0);
		uint64_t due = group_info(&r, group).next_answer_ns;

		assert_int_equal(due, cases[c].is_answered ? r.now_ns + sec(10 * cases[c].draw)
							   : MCR_GMP_NEVER);
		assert_int_equal(info(&r).absorbed, !cases[c].is_answered);
		rig_stop(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_large_general_answer_is_spread_over_the_response_time),
	    cmocka_unit_test(a_query_in_the_middle_of_a_long_answer_is_answered_in_full),
	    cmocka_unit_test(a_long_answer_survives_leaves_in_its_middle),
	    cmocka_unit_test(an_answer_longer_than_estimated_still_ends_in_time),
	    cmocka_unit_test(a_long_answer_absorbs_only_what_it_reports_in_time),
	};
	return RUN_BOTH(tests);
}
