/* SPDX-License-Identifier: BSD-3-Clause */
/* General answers that take several messages (row H-QR-14 and its neighbours). */
#include "igmp_rig.h"

static void join_many(struct rig *r, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t group = htonl(0xef000000u + 256 + i);

		assert_int_equal(mcr_igmp_set_filter(r->igmp, group, EX, NULL, 0, r->now_ns), 0);
	}
}

/* H-QR-14: one slot of the response time for each message. */
static void a_large_general_answer_is_spread_over_the_response_time(void **state)
{
	struct rig r;

	rig_default(&r);
	join_many(&r, 1000);
	settle(&r, 5);
	SCRIPT(&r, 0.5, 1.0, 0.1, 0.5, 0.5, 1.0);
	uint64_t t = r.now_ns, slot = 10 * SECOND / 6;
	const double draws[] = {0.5, 1.0, 0.1, 0.5, 0.5, 1.0};

	general_v3(&r, 100);
	run_for(&r, 30);
	assert_count(&r, 6);
	for (size_t i = 0; i < 6; i++) {
		uint64_t at = t + i * slot + (uint64_t)(draws[i] * (double)slot + 0.5);

		assert_int_equal(r.sent[i].at_ns, at);
		assert_true(at <= t + 10 * SECOND);
	}
	assert_int_equal(info(&r).tx_records, 3000);
	rig_stop(&r);
}

/* H-QR-6, H-QR-14: a second query in the middle of a long answer makes it go round once more, at
 * the faster pace, and each group is told of within the response time of either query. */
static void a_query_in_the_middle_of_a_long_answer_is_answered_in_full(void **state)
{
	struct rig r;
	unsigned early[1000] = {0}, late[1000] = {0};

	rig_default(&r);
	join_many(&r, 1000);
	settle(&r, 5);
	uint64_t first = r.now_ns;

	general_v3(&r, 100);
	run_for(&r, 5);
	uint64_t second = r.now_ns;

	general_v3(&r, 50);
	run_for(&r, 60);
	for (size_t i = 0; i < r.n_sent; i++) {
		assert_true(r.sent[i].at_ns <= first + 10 * SECOND);
		for (const uint8_t *p = r.sent[i].bytes + 32; p < r.sent[i].bytes + r.sent[i].len;
		     p += 8) {
			unsigned k = word(p + 4) - 0xef000100u;

			assert_true(k < 1000);
			early[k]++;
			late[k] += r.sent[i].at_ns > second;
		}
	}
	for (unsigned k = 0; k < 1000; k++) {
		assert_true(early[k] >= 1);
		assert_int_equal(late[k], 1);
	}
	rig_stop(&r);
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
		mcr_igmp_set_filter(r.igmp, htonl(0xef000100u + i), IN, NULL, 0, r.now_ns);
	run_for(&r, 20);
	size_t answers = 0;

	for (size_t i = 0; i < r.n_sent; i++)
		for (const uint8_t *p = r.sent[i].bytes + 32; p < r.sent[i].bytes + r.sent[i].len;
		     p += 8)
			answers += p[0] == 2;
	/* 366 groups were told of before; of the 634 others every second one is left. */
	assert_int_equal(answers, 317);
	rig_stop(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_large_general_answer_is_spread_over_the_response_time),
	    cmocka_unit_test(a_query_in_the_middle_of_a_long_answer_is_answered_in_full),
	    cmocka_unit_test(a_long_answer_survives_leaves_in_its_middle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
