/* SPDX-License-Identifier: BSD-3-Clause */
/* The same join in several places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "settings/twice.h"

static size_t twice(const char *option, const char *yaml, struct mcr_error *warning)
{
	struct mcr_settings *s = mcr_settings_create();
	struct mcr_error err;
	size_t n;

	if ((option && mcr_settings_add_joins(s, option, (struct mcr_origin){0}, &err) < 0) ||
	    mcr_config_parse(s, "m.yaml", yaml, strlen(yaml), &err) < 0 ||
	    mcr_settings_complete(s, &err) < 0)
		fail_msg("%s", err.text);
	n = mcr_settings_twice(s, warning);
	mcr_settings_destroy(s);
	return n;
}

#define LAN "interfaces: [{name: lan, port: '0'}]\njoins:\n"

static void both_places_are_named(void **state)
{
	struct mcr_error w;

	assert_int_equal(twice(NULL,
			       LAN "- groups: [239.1.1.1:5000]\n- groups: [239.1.1.1]\n"
				   "  ports: [5000]\n",
			       &w),
			 1);
	assert_string_equal(w.text, "join '239.1.1.1:5000,interface=lan,channel=default' is made "
				    "twice, at m.yaml:3 and at m.yaml:4: it must be left twice, so "
				    "take one away");
	assert_int_equal(twice("239.1.1.1:5000,channel=default",
			       LAN "- {groups: [239.1.1.1:5000], interface: lan}\n", &w),
			 1);
	assert_non_null(strstr(w.text, "twice, on the command line and at m.yaml:3: "));
}

static void ranges_that_overlap_are_counted(void **state)
{
	struct mcr_error w;

	assert_int_equal(
	    twice(NULL, LAN "- groups: [239.1.1.0/29]\n- groups: [239.1.1.2/31]\n", &w), 2);
	assert_non_null(strstr(w.text,
			       "join '239.1.1.2,interface=lan,channel=default' is made twice "
			       "(and 1 more is), at m.yaml:3 and at m.yaml:4: "));
	assert_int_equal(twice(NULL,
			       LAN "- groups: [239.1.1.1]\n  ports: [5000-5003, 5002-5009]\n"
				   "- groups: [239.1.1.1:5000]\n",
			       &w),
			 3);
	assert_non_null(strstr(w.text, "'239.1.1.1:5002,"));
	assert_non_null(strstr(w.text, "(and 2 more are), at m.yaml:3 and at m.yaml:3: "));
}

static void sources_in_another_order_are_the_same_join(void **state)
{
	struct mcr_error w;

	assert_int_equal(twice("239.1.1.1@10.0.0.8@10.0.0.7",
			       LAN "- {groups: [239.1.1.1], sources: [10.0.0.7, 10.0.0.8]}\n", &w),
			 1);
}

static void joins_that_differ_are_not_the_same(void **state)
{
	struct mcr_error w;

	assert_int_equal(twice("239.1.1.1:5000",
			       LAN "- groups: [239.1.1.1]\n"
				   "- {groups: [239.1.1.1:5000], id: 7}\n"
				   "- {groups: [239.1.1.1:5000], channel: md}\n"
				   "- {groups: [239.1.1.1:5000], exclude: [10.0.0.7]}\n"
				   "- {groups: [239.1.1.1:5000], sources: [10.0.0.7]}\n",
			       &w),
			 0);
	assert_string_equal(w.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_places_are_named),
	    cmocka_unit_test(ranges_that_overlap_are_counted),
	    cmocka_unit_test(sources_in_another_order_are_the_same_join),
	    cmocka_unit_test(joins_that_differ_are_not_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
