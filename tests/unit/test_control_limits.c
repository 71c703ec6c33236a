/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/control/control_limits.h"

static int check(const char *text, struct mcr_error *err)
{
	err->text[0] = '\0';
	return mcr_control_limits_check(text, strlen(text), err);
}

/* n times each, between before and after; to be freed. */
static char *repeated(const char *before, const char *each, unsigned n, const char *after)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fputs(before, out);
	for (unsigned i = 0; i < n; i++)
		fputs(each, out);
	fputs(after, out);
	fclose(out);
	return text;
}

static int check_repeated(const char *before, const char *each, unsigned n, const char *after,
			  struct mcr_error *err)
{
	char *text = repeated(before, each, n, after);
	int ret = check(text, err);

	free(text);
	return ret;
}

static void nesting_is_bounded(void **state)
{
	struct mcr_error err;

	assert_int_equal(check("[[[[{\"a\":[[[1]]]}]]]]", &err), 0);
	assert_int_equal(check_repeated("", "[", 1 << 19, "", &err), -E2BIG);
	assert_string_equal(err.text, "column 9: more than 8 nested lists and objects");
	assert_int_equal(check_repeated("", "{\"a\":", 1 << 17, "", &err), -E2BIG);
	assert_int_equal(check_repeated("[", "[],", 1000, "[]]", &err), 0);
	assert_int_equal(check_repeated("", "]", 1000, "[[[[[[[[[", &err), -E2BIG);
}

static void the_number_of_values_is_bounded(void **state)
{
	struct mcr_error err;

	assert_int_equal(check_repeated("{\"command\":\"join\",\"joins\":[", "\"239.1.1.1\",",
					MCR_MEMBERSHIPS_MAX - 1, "\"239.1.1.1\"]}", &err),
			 0);
	assert_int_equal(check_repeated("[", "1,", 200000, "1]", &err), -E2BIG);
	assert_string_equal(err.text, "column 131199: more than 65600 values");
	assert_int_equal(check_repeated("[", "[],", 100000, "1]", &err), -E2BIG);
	assert_int_equal(check_repeated("{", "\"a\":1,", 100000, "}", &err), -E2BIG);
}

static void what_stands_in_a_string_does_not_count(void **state)
{
	struct mcr_error err;

	assert_int_equal(check_repeated("\"", "[,{", 100000, "\"", &err), 0);
	assert_int_equal(check_repeated("\"", "\\\"[", 100000, "\"", &err), 0);
	assert_int_equal(check_repeated("\"\\\\\"", "[", 9, "", &err), -E2BIG);
	assert_int_equal(check("\"", &err), 0);
	assert_int_equal(check("\"\\", &err), 0);
	assert_int_equal(check("", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nesting_is_bounded),
	    cmocka_unit_test(the_number_of_values_is_bounded),
	    cmocka_unit_test(what_stands_in_a_string_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
