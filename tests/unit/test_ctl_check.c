/* SPDX-License-Identifier: BSD-3-Clause */
/* mcring-ctl check: its line and its exit status are those of a Nagios plugin. */
#include "ctl_rig.h"

#include <regex.h>

#include "../../tools/mcring-ctl/check.h"

#define STATUS                                                                              \
	"{'received': 15, 'delivered': 9, 'drops': {'unknown_group': 3, 'wrong_port': 2},"  \
	" 'ports': [{'rx_missed': 4, 'rx_nombuf': 1, 'rx_errors': 0}, {'rx_missed': 6}],"   \
	" 'consumers': [{'lost': 7, 'headroom_min': 90}, {'lost': 0, 'headroom_min': 40}]," \
	" 'interfaces': [{'groups': 2, 'igmp_querier_age_ns': 1500000000,"                  \
	"   'mld_querier_age_ns': null}, {'groups': 1, 'igmp_querier_age_ns': 250000000,"   \
	"   'mld_querier_age_ns': null}], 'control': {'longest_round_ns': 2500000}}"
#define NUMBERS                                                                              \
	" | received=15c delivered=9c dropped=5c missed=10c no_buffer=1c errors=0c lost=7c " \
	"groups=3 consumers=2 lowest_headroom=40 igmp_querier_age=1.500s "                   \
	"control_round=0.002500s\n"

/* The line, until the next call. */
static const char *line_of(const char *why, const char *status, enum ctl_check *result)
{
	static char line[4096];
	FILE *out = fmemopen(line, sizeof(line), "w");
	json_t *verdict = answer(why), *rest = answer(status);

	*result = ctl_print_check(out, verdict, rest);
	fclose(out);
	json_decref(verdict);
	json_decref(rest);
	return line;
}

static void prints(const char *why, enum ctl_check result, const char *line)
{
	enum ctl_check got;

	assert_string_equal(line_of(why, STATUS, &got), line);
	assert_int_equal(got, result);
}

static void a_healthy_host_is_ok(void **state)
{
	prints("{'first': 'healthy: 3 groups flow', 'exit': 0, 'findings': [{'severity': 'note',"
	       " 'text': 'an hour ago 2 messages were lost'}]}",
	       CTL_CHECK_OK, "MCRING OK - healthy: 3 groups flow" NUMBERS);
}

static void a_warning_is_what_the_line_is_about(void **state)
{
	prints("{'first': 'healthy: 3 groups flow', 'exit': 0, 'findings': ["
	       " {'severity': 'note', 'text': 'a'},"
	       " {'severity': 'warning', 'text': 'no querier was heard for 300 s'}]}",
	       CTL_CHECK_WARNING, "MCRING WARNING - no querier was heard for 300 s" NUMBERS);
}

static void silent_groups_are_a_warning(void **state)
{
	prints("{'first': '2 groups are silent', 'exit': 2}", CTL_CHECK_WARNING,
	       "MCRING WARNING - 2 groups are silent" NUMBERS);
}

static void a_cause_is_critical(void **state)
{
	prints("{'first': 'the link of p0 is down', 'exit': 1, 'findings': [{'severity': "
	       "'warning', 'text': 'x'}]}",
	       CTL_CHECK_CRITICAL, "MCRING CRITICAL - the link of p0 is down" NUMBERS);
}

static void an_answer_without_a_verdict_is_unknown(void **state)
{
	prints("{'first': 'x'}", CTL_CHECK_UNKNOWN,
	       "MCRING UNKNOWN - the engine's answer has no verdict" NUMBERS);
	prints("{'exit': 0}", CTL_CHECK_OK, "MCRING OK - the engine gave no text" NUMBERS);
}

/* Monitoring Plugins Development Guidelines, "Performance data". */
static void the_line_has_the_form_of_the_guidelines(void **state)
{
	static const char form[] =
	    "^MCRING (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+ \\|( [a-z_]+=[0-9.]+(c|s|B|%)?)+\n$";
	enum ctl_check result;
	regex_t pattern;

	assert_int_equal(regcomp(&pattern, form, REG_EXTENDED | REG_NOSUB), 0);
	assert_int_equal(regexec(&pattern,
				 line_of("{'first': 'a|b\\nc', 'exit': 0}", STATUS, &result), 0,
				 NULL, 0),
			 0);
	assert_int_equal(
	    regexec(&pattern, line_of("{'first': 'a', 'exit': 1}", "{}", &result), 0, NULL, 0), 0);
	regfree(&pattern);
}

static void no_answer_is_critical_unless_it_may_not_be_asked(void **state)
{
	static const enum ctl_check results[] = {
	    [CTL_ABSENT] = CTL_CHECK_CRITICAL, [CTL_DENIED] = CTL_CHECK_UNKNOWN,
	    [CTL_SILENT] = CTL_CHECK_CRITICAL, [CTL_REFUSED] = CTL_CHECK_UNKNOWN,
	    [CTL_BROKEN] = CTL_CHECK_UNKNOWN,
	};
	struct ctl_problem problem = {.text = "no mcring is running"};

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		char line[256];
		FILE *out = fmemopen(line, sizeof(line), "w");

		problem.kind = (int)i;
		assert_int_equal(ctl_print_check_problem(out, &problem), results[i]);
		fclose(out);
		assert_string_equal(strchr(line, '-'), "- no mcring is running\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_healthy_host_is_ok),
	    cmocka_unit_test(a_warning_is_what_the_line_is_about),
	    cmocka_unit_test(silent_groups_are_a_warning),
	    cmocka_unit_test(a_cause_is_critical),
	    cmocka_unit_test(an_answer_without_a_verdict_is_unknown),
	    cmocka_unit_test(the_line_has_the_form_of_the_guidelines),
	    cmocka_unit_test(no_answer_is_critical_unless_it_may_not_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
