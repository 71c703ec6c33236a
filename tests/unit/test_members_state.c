/* SPDX-License-Identifier: BSD-3-Clause */
/* Every record in every state of three sources, against the tables' own text. */
#include "members_model.h"

enum who {
	QUERIER,
	OTHER,         /* another is the querier */
	OLD_QUERIER,   /* IGMPv2 or MLDv1: cannot ask for sources */
	FIRST_QUERIER, /* IGMPv1: cannot ask for a group */
	FAST,
	OLD_FAST,
	N_WHO,
};

static void set_rules(struct rig *r, enum who who)
{
	r->rules.may_ask = who != OTHER;
	r->rules.may_ask_sources = who == QUERIER || who == FAST;
	r->rules.may_ask_groups = who != OTHER && who != FIRST_QUERIER;
	r->rules.fast_leave = who == FAST || who == OLD_FAST;
}

/* The questions at once, S clear as all that is asked for has just been lowered. A source that was
 * below LMQT anyway is not asked for. */
static void compare_questions(struct rig *r, const struct model *m)
{
	char expected[16], *p = expected;

	if (m->asked_group)
		*p++ = 'G';
	if (m->asked_group && m->asked_sources)
		*p++ = ' ';
	for (unsigned i = 0; i < 3; i++)
		if (m->asked_sources & 1u << i)
			*p++ = (char)('0' + i);
	*p = '\0';
	assert_questions(r, expected);
}

/* What is being tried, to be said if it fails. */
static struct {
	unsigned is_trying, state, level, who, type, list;
} trial;

static int say_what_failed(void **state)
{
	if (trial.is_trying)
		print_error("state %u, level %u, who %u, record %u, list %u\n", trial.state,
			    trial.level, trial.who, trial.type, trial.list);
	return 0;
}

static void try(struct rig *r, unsigned family, unsigned state, unsigned level, enum who who,
		enum mcr_record type, unsigned list)
{
	struct model m = model_state(state);
	unsigned before;

	trial.is_trying = 1;
	trial.state = state;
	trial.level = level;
	trial.who = who;
	trial.type = type;
	trial.list = list;
	rig_begin(r, family);
	model_enter(r, &m, level);
	before = model_filter(&m);
	model_compare(r, &m);
	set_rules(r, who);
	model_record(&m, &r->rules, type, list, r->now);
	rig_record(r, type, 3, list);
	model_compare(r, &m);
	assert_int_equal(r->changes, before != model_filter(&m));
	compare_questions(r, &m);
	rig_end(r);
	trial.is_trying = 0;
}

static void try_all(unsigned level, enum mcr_record first, enum mcr_record last)
{
	struct rig r;

	for (unsigned family = MCR_GMP_IGMP; family <= MCR_GMP_MLD; family++)
		for (unsigned state = 0; state < MODEL_STATES && (level > 1 || !family); state++)
			for (unsigned type = first; type <= last; type++)
				for (unsigned list = 0; list < 8; list++)
					for (unsigned who = 0; who < N_WHO; who++)
						try(&r, family, state, level, who, type, list);
}

/* R-ST-1, R-ST-4, R-LM-4: reception of current-state records, which raise no question. */
static void current_state_records_do_what_the_table_says(void **state)
{
	try_all(3, MCR_RECORD_IS_IN, MCR_RECORD_IS_EX);
}

/* R-ST-2, R-ST-4, R-LM-1, R-LM-2, R-LM-11, R-EL-7, R-REP-9: reception of state-change records, as
 * querier and not. */
static void state_change_records_do_what_the_table_says(void **state)
{
	try_all(3, MCR_RECORD_TO_IN, MCR_RECORD_BLOCK);
}

/* R-CM-1, R-ST-5, RM-CM-1: BLOCK and the list of TO_EX are ignored while there is a host of IGMPv2
 * or MLDv1, and all sources are forwarded. */
static void with_a_host_of_level_2_records_are_translated(void **state)
{
	try_all(2, MCR_RECORD_IS_IN, MCR_RECORD_BLOCK);
}

/* R-CM-1, R-ST-5: TO_IN, too, is ignored while there is a host of IGMPv1. */
static void with_a_host_of_level_1_records_are_translated(void **state)
{
	try_all(1, MCR_RECORD_IS_IN, MCR_RECORD_BLOCK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(current_state_records_do_what_the_table_says,
				      say_what_failed),
	    cmocka_unit_test_teardown(state_change_records_do_what_the_table_says, say_what_failed),
	    cmocka_unit_test_teardown(with_a_host_of_level_2_records_are_translated,
				      say_what_failed),
	    cmocka_unit_test_teardown(with_a_host_of_level_1_records_are_translated,
				      say_what_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
