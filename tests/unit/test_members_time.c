/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens to a group while time passes, and when another querier asks. */
#include "members_model.h"

/* R-ST-3, R-ST-4, R-LM-3: from every state through every moment, until nothing is left. */
static void every_state_ends_as_the_rules_of_its_timers_say(void **state)
{
	for (unsigned number = 0; number < MODEL_STATES * 6; number++) {
		struct model m = model_state(number / 6);
		unsigned family = number % 2, levels = family == MCR_GMP_MLD ? 2 : 3, calls = 0;
		struct rig r;

		rig_begin(&r, family);
		model_enter(&r, &m, 3 - number / 2 % 3 % levels);
		for (uint64_t now = r.now + 1; now < 2 * GMI; now++) {
			unsigned before = model_filter(&m);

			model_expire(&m, now);
			calls += before != model_filter(&m);
			/* Whoever waits until something is due misses nothing. */
			if (mcr_members_due(r.ms) <= now)
				rig_at(&r, now);
			assert_true(mcr_members_due(r.ms) > now);
			model_compare(&r, &m);
			assert_int_equal(r.changes, calls);
		}
		assert_int_equal(mcr_members_due(r.ms), MCR_QUERIER_NEVER);
		rig_end(&r);
	}
}

/* R-ST-3: as above, with long leaps: what ended meanwhile is told at once, and once. */
static void what_ended_long_ago_is_told_once(void **state)
{
	for (unsigned number = 0; number < MODEL_STATES; number++) {
		for (uint64_t leap = 1; leap < 2 * GMI; leap += 7) {
			struct model m = model_state(number);
			unsigned before = model_filter(&m);
			struct rig r;

			rig_begin(&r, number % 2);
			model_enter(&r, &m, 3);
			rig_at(&r, MODEL_START + leap);
			model_expire(&m, r.now);
			model_compare(&r, &m);
			assert_int_equal(r.changes, before != model_filter(&m));
			rig_end(&r);
		}
	}
}

/* R-ST-6: reports that say the same again tell nobody. */
static void a_refresh_changes_nothing_but_timers(void **state)
{
	struct mcr_members_counts before, after;
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	rig_record(&r, MCR_RECORD_IS_EX, 3, 5);
	mcr_members_get_counts(r.ms, &before);
	for (unsigned i = 0; i < 20; i++) {
		rig_at(&r, r.now + GMI - 1);
		rig_record(&r, MCR_RECORD_IS_EX, 3, 5);
	}
	assert_int_equal(rig_filter(&r), EXCLUDES(5));
	mcr_members_get_counts(r.ms, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(after.changes, 1);
	rig_at(&r, r.now + GMI);
	assert_int_equal(rig_filter(&r), INCLUDES(0));
	rig_end(&r);
}

/* R-EL-5: another querier asks for a group: its timer has at most that long left. Sources and
 * longer questions change nothing. */
static void the_question_of_another_querier_lowers_the_group_timer(void **state)
{
	struct mcr_querier_group group;
	struct rig r;

	rig_begin(&r, MCR_GMP_MLD);
	r.rules.may_ask = 0;
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
	rig_record(&r, MCR_RECORD_IS_IN, 3, 1);
	mcr_members_lower(r.ms, r.group, NULL, 0, GMI + 1, r.now);
	mcr_members_lower(r.ms, rig_group(MCR_GMP_MLD, 200), NULL, 0, 1, r.now);
	assert_true(rig_get(&r, &group));
	assert_int_equal(group.until_ns, GMI);
	mcr_members_lower(r.ms, r.group, NULL, 0, 30, r.now);
	assert_true(rig_get(&r, &group));
	assert_int_equal(group.until_ns, 30);
	assert_int_equal(mcr_members_due(r.ms), 30);
	rig_at(&r, 29);
	assert_int_equal(rig_filter(&r), EXCLUDES(0));
	rig_at(&r, 30);
	assert_int_equal(rig_filter(&r), INCLUDES(1));
	mcr_members_lower(r.ms, r.group, NULL, 0, 5, r.now); /* INCLUDE has no group timer */
	assert_int_equal(mcr_members_due(r.ms), GMI);
	rig_at(&r, GMI - 1);
	assert_int_equal(rig_filter(&r), INCLUDES(1));
	assert_int_equal(mcr_members_asking_until(r.ms), 0);
	rig_end(&r);
}

/* R-EL-5: ... or for sources: these alone, and only if they have more left. */
static void the_question_of_another_querier_lowers_source_timers(void **state)
{
	struct mcr_address list[8];
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	rig_record(&r, MCR_RECORD_ALLOW, 3, 7);
	rig_record_for(&r, MCR_RECORD_ALLOW, 2, 10);
	mcr_members_lower(r.ms, r.group, list, rig_list(&r, 2 | 4 | 8, list), 30, r.now);
	mcr_members_lower(r.ms, rig_group(MCR_GMP_IGMP, 200), list, 1, 1, r.now);
	rig_at(&r, 9);
	assert_int_equal(rig_filter(&r), INCLUDES(7));
	rig_at(&r, 10);
	assert_int_equal(rig_filter(&r), INCLUDES(5));
	rig_at(&r, 29);
	assert_int_equal(rig_filter(&r), INCLUDES(5));
	rig_at(&r, 30);
	assert_int_equal(rig_filter(&r), INCLUDES(1));
	mcr_members_lower(r.ms, r.group, list, rig_list(&r, 1, list), 0, r.now);
	rig_at(&r, 30);
	assert_int_equal(rig_filter(&r), INCLUDES(0));
	rig_end(&r);

	rig_begin(&r, MCR_GMP_IGMP); /* when the clock begins, too */
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
	mcr_members_lower(r.ms, r.group, NULL, 0, 0, 0);
	rig_at(&r, 1);
	assert_int_equal(rig_filter(&r), INCLUDES(0));
	rig_end(&r);
}

/* R-REP-4, F-6, RM-SC-1: groups that stay on their link are in the table, and never forwarded. */
static void groups_of_the_link_are_known_but_not_forwarded(void **state)
{
	static const char *const texts[] = {"224.0.0.251", "ff02::fb", "ff12::1", "224.0.1.1",
					    "ff05::1"};

	for (unsigned i = 0; i < 5; i++) {
		unsigned hidden = i < 3;
		struct mcr_querier_source source;
		struct rig r;

		rig_begin(&r, texts[i][0] == 'f');
		assert_int_equal(mcr_address_parse(&r.group, texts[i], strlen(texts[i])), 0);
		rig_record(&r, MCR_RECORD_IS_IN, 3, 1);
		assert_int_equal(rig_filter(&r), INCLUDES(hidden ? 0 : 1));
		assert_int_equal(mcr_members_get_sources(r.ms, 0, &source, 1), 1);
		assert_int_equal(source.is_forwarded, !hidden);
		rig_record(&r, MCR_RECORD_IS_EX, 2, 0);
		assert_int_equal(rig_filter(&r), hidden ? INCLUDES(0) : EXCLUDES(0));
		rig_at(&r, GMI);
		assert_int_equal(rig_filter(&r), INCLUDES(0));
		assert_int_equal(r.changes, hidden ? 0 : 3);
		rig_end(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_state_ends_as_the_rules_of_its_timers_say),
	    cmocka_unit_test(what_ended_long_ago_is_told_once),
	    cmocka_unit_test(a_refresh_changes_nothing_but_timers),
	    cmocka_unit_test(the_question_of_another_querier_lowers_the_group_timer),
	    cmocka_unit_test(the_question_of_another_querier_lowers_source_timers),
	    cmocka_unit_test(groups_of_the_link_are_known_but_not_forwarded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
