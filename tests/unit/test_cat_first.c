/* SPDX-License-Identifier: BSD-3-Clause */
/* The first line of an engine's answer, as mcring-cat reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/mcring-cat/first.h"

static void reads(const char *text, const char *first)
{
	char out[64];

	assert_int_equal(cat_first(out, sizeof(out), text, strlen(text)), 1);
	assert_string_equal(out, first);
}

static void is_none(const char *text, int ret)
{
	char out[64];

	if (cat_first(out, sizeof(out), text, strlen(text)) != ret)
		fail_msg("%s: expected %d", text, ret);
}

static void it_stands_behind_members_that_are_not_of_interest(void **state)
{
	reads("{\"ok\":true,\"schema\":1,\"first\":\"no data\",\"exit\":1}", "no data");
	reads("{ \"a\" : null , \"b\":-1.5E+3,\"c\":\"x\\\"y\",\"first\" : \"z\"", "z");
	reads("{\"first\":\"\"", "");
	reads("{\"firs\":1,\"firstt\":2,\"fir\\u0073t\":\"yes\"", "yes");
}

static void escapes_are_undone(void **state)
{
	reads("{\"first\":\"a\\\"b\\\\c\\/d\"", "a\"b\\c/d");
	reads("{\"first\":\"\\u0041\\u00e4\\u20AC\\ud83d\\ude00\"",
	      "A\303\244\342\202\254\360\237\230\200");
	reads("{\"first\":\"a\\nb\\tc\"", "a b c");
}

static void nothing_in_it_steers_a_terminal(void **state)
{
	reads("{\"first\":\"a\033[2Jb\\u001b\\u009b\302\233\177\"", "a?[2Jb????");
	reads("{\"first\":\"\300\200 \340\202\202 \377 \342\202 \355\240\200 \364\220\200\200\"",
	      "?? ??? ? ?? ? ?");
	/* Halves of a pair of UTF-16. */
	reads("{\"first\":\"\\ud83d\\u0041 \\ude00 \\ud83dabcdef\"", "?A ? ?abcdef");
}

static void until_it_has_come_more_is_needed(void **state)
{
	static const char whole[] =
	    "{\"ok\":true,\"schema\":1,\"first\":\"\342\202\254 \\u20ac\\ud83d\\ude00 end\"";
	char out[64];

	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, whole, len);
		if (cat_first(out, sizeof(out), copy, len) != 0)
			fail_msg("%zu octets", len);
		free(copy);
	}
	reads(whole, "\342\202\254 \342\202\254\360\237\230\200 end");
}

static void what_is_no_such_answer_has_none(void **state)
{
	is_none("[\"first\"", -1);
	is_none("{\"ok\":true}", -1);
	is_none("{}", -1);
	is_none("{\"ok\":true,\"list\":[1],\"first\":\"x\"", -1);
	is_none("{\"ok\":{\"first\":\"x\"}", -1);
	is_none("{\"first\":7,", -1);
	is_none("{\"first\":\"\\x\"", -1);
	is_none("{\"first\":\"\\u00g0\"", -1);
	is_none("{\"ok\":,\"first\":\"x\"", -1);
	is_none("{first:\"x\"", -1);
	is_none("", 0);
}

static void a_long_text_is_cut_between_characters(void **state)
{
	static const char text[] = "{\"first\":\"abc\342\202\254d\"";
	char out[16];

	memset(out, 'x', sizeof(out));
	assert_int_equal(cat_first(out, 6, text, strlen(text)), 1);
	assert_string_equal(out, "abc");
	assert_int_equal(out[6], 'x');
	assert_int_equal(cat_first(out, 7, text, strlen(text)), 1);
	assert_string_equal(out, "abc\342\202\254");
	assert_int_equal(cat_first(out, 1, text, strlen(text)), 1);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_stands_behind_members_that_are_not_of_interest),
	    cmocka_unit_test(escapes_are_undone),
	    cmocka_unit_test(nothing_in_it_steers_a_terminal),
	    cmocka_unit_test(until_it_has_come_more_is_needed),
	    cmocka_unit_test(what_is_no_such_answer_has_none),
	    cmocka_unit_test(a_long_text_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
