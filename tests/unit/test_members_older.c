/* SPDX-License-Identifier: BSD-3-Clause */
/* Hosts of IGMPv1, IGMPv2 and MLDv1 beside newer ones, and long histories of all of them. */
#include "members_model.h"

#include "core/rng.h"

/* R-CM-1, R-LM-12: a report is IS_EX{}, a leave TO_IN{}. A member that says nothing is one for GMI.
 */
static void an_old_report_and_leave_are_those_of_any_source(void **state)
{
	for (unsigned family = MCR_GMP_IGMP; family <= MCR_GMP_MLD; family++) {
		struct mcr_querier_group group;
		struct rig r;

		rig_begin(&r, family);
		rig_record(&r, MCR_RECORD_IS_EX, 2, 0);
		assert_int_equal(rig_filter(&r), EXCLUDES(0));
		assert_true(rig_get(&r, &group));
		assert_int_equal(group.version, family == MCR_GMP_MLD ? 1 : 2);
		assert_int_equal(group.until_ns, GMI);
		assert_int_equal(group.v2_until_ns, OHPI);
		assert_int_equal(group.v1_until_ns, 0);
		rig_at(&r, GMI - 1);
		assert_int_equal(rig_filter(&r), EXCLUDES(0));
		rig_at(&r, GMI);
		assert_int_equal(rig_filter(&r), INCLUDES(0));
		rig_record(&r, MCR_RECORD_IS_EX, 2, 0);
		rig_record(&r, MCR_RECORD_TO_IN, 2, 0);
		assert_questions(&r, "G");
		rig_at(&r, GMI + LMQT);
		assert_int_equal(rig_filter(&r), INCLUDES(0));
		rig_end(&r);
	}
}

/* R-CM-1: IGMPv1 knows no leave: while such a host is present, nobody's counts. */
static void leaves_are_ignored_while_a_host_of_version_1_is_present(void **state)
{
	struct mcr_querier_group group;
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	rig_record(&r, MCR_RECORD_IS_EX, 1, 0);
	rig_at(&r, 50);
	rig_record(&r, MCR_RECORD_IS_EX, 2, 0);
	rig_record(&r, MCR_RECORD_TO_IN, 2, 0);
	rig_record(&r, MCR_RECORD_TO_IN, 3, 0);
	assert_questions(&r, "");
	assert_true(rig_get(&r, &group));
	assert_int_equal(group.version, 1);
	assert_int_equal(group.v1_until_ns, OHPI);
	assert_int_equal(group.v2_until_ns, 50 + OHPI);
	assert_int_equal(group.until_ns, 50 + GMI);
	rig_at(&r, OHPI);
	assert_true(rig_get(&r, &group));
	assert_int_equal(group.version, 2);
	rig_record(&r, MCR_RECORD_TO_IN, 2, 0);
	assert_questions(&r, "G");
	rig_at(&r, OHPI + LMQT);
	assert_int_equal(rig_filter(&r), INCLUDES(0));
	rig_end(&r);
}

/* R-CM-3, R-ST-5: OHPI after the last old report sources count again. */
static void sources_count_again_when_the_older_host_is_forgotten(void **state)
{
	struct rig r;

	rig_begin(&r, MCR_GMP_MLD);
	rig_record(&r, MCR_RECORD_TO_EX, 3, 3);
	assert_int_equal(rig_filter(&r), EXCLUDES(3));
	rig_at(&r, 10);
	rig_record(&r, MCR_RECORD_IS_EX, 2, 0);
	assert_int_equal(rig_filter(&r), EXCLUDES(0));
	rig_record_for(&r, MCR_RECORD_IS_IN, 3, 30);
	rig_at(&r, 40); /* both are in Y, which does not show */
	rig_record_for(&r, MCR_RECORD_BLOCK, 4, 30);
	assert_int_equal(rig_filter(&r), EXCLUDES(0));
	rig_at(&r, 10 + OHPI - 1);
	assert_int_equal(rig_filter(&r), EXCLUDES(0));
	assert_int_equal(r.changes, 2);
	rig_at(&r, 10 + OHPI);
	assert_int_equal(rig_filter(&r), EXCLUDES(3));
	assert_int_equal(r.changes, 3);
	assert_true(mcr_address_is_equal(r.changed_group, r.group));
	rig_end(&r);
}

/* Hosts of three versions, at random. */
static void step(struct rig *r, struct model *m, struct mcr_rng *rng)
{
	enum mcr_record type = 1 + (unsigned)(mcr_rng_next(rng) >> 32) % 6;
	unsigned level = 1 + (unsigned)(mcr_rng_next(rng) >> 32) % 40;
	unsigned list = (unsigned)(mcr_rng_next(rng) >> 32) % 8, before = model_filter(m);

	if (level <= 2) {
		type = type < 5 || level == 1 ? MCR_RECORD_IS_EX : MCR_RECORD_TO_IN;
		list = 0;
	}
	r->rules.may_ask = mcr_rng_next(rng) >> 62 != 0;
	r->changes = 0;
	model_record(m, &r->rules, type, list, r->now);
	if (level <= 2 && type == MCR_RECORD_IS_EX)
		m->older_until[level - 1] = r->now + OHPI;
	rig_record(r, type, (uint8_t)(level < 3 ? level : 3), list);
	model_compare(r, m);
	assert_int_equal(r->changes, model_filter(m) != before);
}

static void pass_time(struct rig *r, struct model *m, uint64_t leap)
{
	unsigned before = model_filter(m);
	char text[64];

	r->changes = 0;
	for (uint64_t until = r->now + leap; r->now < until;) {
		rig_at(r, r->now + 1);
		model_expire(m, r->now);
		assert_int_equal(r->changes, model_filter(m) != before);
		before = model_filter(m);
		r->changes = 0;
		rig_questions(r, 2, text);
	}
	model_compare(r, m);
}

/* R-ST-1, R-ST-2, R-ST-3, R-CM-1, R-CM-3: whatever comes in which order, the table is as the RFC's
 * text has it. */
static void long_histories_lead_where_the_tables_say(void **state)
{
	for (unsigned seed = 0; seed < 60; seed++) {
		struct model m = {0};
		struct mcr_rng rng;
		struct rig r;

		mcr_rng_seed(&rng, seed);
		rig_begin(&r, MCR_GMP_IGMP);
		for (unsigned i = 0; i < 400; i++) {
			step(&r, &m, &rng);
			if (mcr_rng_next(&rng) >> 63)
				pass_time(&r, &m, mcr_rng_delay(&rng, i % 20 ? 30 : 300));
		}
		rig_end(&r);
	}
}

/* R-OP-1: who reported last, and since when the group is known. Leaving is no report. */
static void a_group_knows_its_last_reporter(void **state)
{
	struct mcr_address somebody;
	struct mcr_querier_group group;
	struct rig r;

	rig_begin(&r, MCR_GMP_IGMP);
	somebody = r.reporter;
	rig_at(&r, 5);
	rig_record(&r, MCR_RECORD_ALLOW, 3, 3);
	rig_at(&r, 7);
	r.reporter = r.sources[5];
	rig_record(&r, MCR_RECORD_BLOCK, 3, 1);
	rig_record(&r, MCR_RECORD_TO_IN, 3, 0);
	assert_true(rig_get(&r, &group));
	assert_true(mcr_address_is_equal(group.last_reporter, somebody));
	assert_int_equal(group.last_report_ns, 5);
	assert_int_equal(group.since_ns, 5);
	rig_record(&r, MCR_RECORD_IS_EX, 3, 0);
	assert_true(rig_get(&r, &group));
	assert_true(mcr_address_is_equal(group.last_reporter, r.reporter));
	assert_int_equal(group.last_report_ns, 7);
	assert_int_equal(group.since_ns, 5);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_old_report_and_leave_are_those_of_any_source),
	    cmocka_unit_test(leaves_are_ignored_while_a_host_of_version_1_is_present),
	    cmocka_unit_test(sources_count_again_when_the_older_host_is_forgotten),
	    cmocka_unit_test(long_histories_lead_where_the_tables_say),
	    cmocka_unit_test(a_group_knows_its_last_reporter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
