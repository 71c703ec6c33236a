/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of mcring-ctl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/common/table.h"

/* The text that a table prints of an answer, which is freed. */
static char *print(const struct ctl_table *table, json_t *reply)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_non_null(reply);
	ctl_print_table(out, table, reply);
	fclose(out);
	json_decref(reply);
	return text;
}

static const struct ctl_column two_columns[] = {
    {"name", "name", CTL_PLAIN},
    {"n", "n", CTL_PLAIN},
};
static const struct ctl_table two = CTL_TABLE("rows", two_columns);

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	char *text = print(&two, json_pack("{s[{sssi}{sssi}]}", "rows", "name", "a", "n", 12345,
					   "name", "longer", "n", 6));

	assert_string_equal(text, "\n"
				  "name        n\n"
				  "a       12345\n"
				  "longer      6\n");
	free(text);
}

static void object_is_a_table_of_one_row(void **state)
{
	char *text = print(&two, json_pack("{s{ss}}", "rows", "name", "a"));

	assert_string_equal(text, "\n"
				  "name  n\n"
				  "a     -\n");
	free(text);
}

static void table_without_rows_prints_nothing(void **state)
{
	char *text = print(&two, json_pack("{s[]}", "rows"));

	assert_string_equal(text, "");
	free(text);
	text = print(&two, json_object());
	assert_string_equal(text, "");
	free(text);
}

static void table_has_as_many_columns_as_its_array(void **state)
{
	const struct ctl_table table = CTL_TABLE("rows", two_columns);

	assert_int_equal(table.n_columns, 2);
	assert_int_equal(table.n_heads, 0);
}

/* ---- tables that are too wide ---- */

#define WIDE_30 "123456789012345678901234567890"

static const struct ctl_column wide_columns[] = {
    {"where", "where", CTL_PLAIN}, {"name", "name", CTL_PLAIN}, {"zero", "zero", CTL_PLAIN},
    {"a", "a", CTL_PLAIN},         {"no", "no", CTL_YES_NO},    {"b", "b", CTL_PLAIN},
    {"none", "none", CTL_PLAIN},   {"c", "c", CTL_PLAIN},
};
static const struct ctl_table wide = CTL_TABLE_OF("rows", wide_columns, 2, 0);
static const struct ctl_table wide_below = CTL_TABLE_OF("rows", wide_columns, 2, 1);

/* Two rows, the second of another place or not; c: of the first. */
static json_t *wide_rows(const char *second_place, const char *b, const char *c)
{
	return json_pack("{s[{sssssisssbssss}{sssssissss}]}", "rows", "where", "here", "name", "x",
			 "zero", 0, "a", WIDE_30, "no", 0, "b", b, "c", c, "where", second_place,
			 "name", "y", "zero", 0, "a", "1", "b", "2");
}

static void what_says_nothing_stays_where_there_is_room(void **state)
{
	char *text = print(&wide, wide_rows("here", "b", "c"));

	assert_string_equal(text,
			    "\n"
			    "where  name  zero  a                               no  b  none  c\n"
			    "here   x        0  " WIDE_30 "  no  b  -     c\n"
			    "here   y        0  1                               -   2  -     -\n");
	free(text);
}

static void what_says_nothing_makes_room_the_last_ones_first(void **state)
{
	char *text = print(&wide, wide_rows("here", WIDE_30, "0123456789"));

	assert_string_equal(text, "\n"
				  "where  name  zero  a                               no  b        "
				  "                       c\n"
				  "here   x        0  " WIDE_30 "  no  " WIDE_30 "  0123456789\n"
				  "here   y        0  1                               -   2        "
				  "                       -\n");
	free(text);
	text = print(&wide, wide_rows("here", WIDE_30, "01234567890123456789"));
	assert_string_equal(
	    text,
	    "\n"
	    "where  name  a                               b                               c\n"
	    "here   x     " WIDE_30 "  " WIDE_30 "  01234567890123456789\n"
	    "here   y     1                               2                               -\n");
	free(text);
}

static void a_table_that_is_still_too_wide_is_split_with_the_names_in_each_part(void **state)
{
	char *text = print(&wide, wide_rows("there", WIDE_30, WIDE_30));

	assert_string_equal(text, "\n"
				  "where  name  a                               b\n"
				  "here   x     " WIDE_30 "  " WIDE_30 "\n"
				  "there  y     1                               2\n"
				  "\n"
				  "where  name  c\n"
				  "here   x     " WIDE_30 "\n"
				  "there  y     -\n");
	free(text);
}

static void heads_stand_above_their_rows_if_that_makes_room(void **state)
{
	char *text = print(&wide_below, wide_rows("there", WIDE_30, "0123456789012345678901234"));

	assert_string_equal(
	    text, "\n"
		  "here\n"
		  "name  a                               b                               c\n"
		  "x     " WIDE_30 "  " WIDE_30 "  0123456789012345678901234\n"
		  "\n"
		  "there\n"
		  "name  zero  a  no  b  none  c\n"
		  "y        0  1  -   2  -     -\n");
	free(text);
}

static void a_narrow_terminal_gets_a_narrow_table(void **state)
{
	json_t *reply = wide_rows("here", "b", "c");
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ctl_print_table_in(out, &wide, reply, 45);
	fclose(out);
	json_decref(reply);
	assert_string_equal(text, "\n"
				  "where  name  a\n"
				  "here   x     " WIDE_30 "\n"
				  "here   y     1\n"
				  "\n"
				  "where  name  b  c\n"
				  "here   x     b  c\n"
				  "here   y     2  -\n");
	free(text);
}

static void a_value_is_never_cut(void **state)
{
	char long_value[151], *text;

	memset(long_value, 'x', 150);
	long_value[150] = '\0';
	text = print(&two, json_pack("{s[{sssi}]}", "rows", "name", long_value, "n", 7));
	assert_non_null(strstr(text, long_value));
	assert_non_null(strstr(text, "n\n"));
	free(text);
}

/* ---- cells ---- */

static const struct ctl_column form_columns[] = {
    {"age", "at_ns", CTL_AGE},    {"lasts", "for_ns", CTL_DURATION}, {"s", "left_ns", CTL_SECONDS},
    {"speed", "mbps", CTL_SPEED}, {"state", "state", CTL_NOTED},     {"because", "why", CTL_NOTE},
};
static const struct ctl_table forms = CTL_TABLE("rows", form_columns);

static json_t *form_row(json_int_t at, json_int_t lasts, int mbps, const char *state,
			const char *reason, const char *why)
{
	return json_pack("{sIsIsisiss*ss*ss*}", "at_ns", at, "for_ns", lasts, "left_ns", 1500000000,
			 "mbps", mbps, "state", state, "state_reason", reason, "why", why);
}

#define S 1000000000

static void values_have_units_and_explanations_stand_once_below(void **state)
{
	const json_int_t now = (json_int_t)1700000000 * S;
	json_t *rows = json_array();
	char *text;

	json_array_append_new(rows, form_row(now - 200000000, 9999, 100000, "on", "first", NULL));
	json_array_append_new(
	    rows, form_row(now - 59 * (json_int_t)S, 12345678, 2500, "on", "second", "third"));
	json_array_append_new(rows, form_row(now - 900 * (json_int_t)S, 599 * (json_int_t)S, 100,
					     "off", "first", "second"));
	json_array_append_new(
	    rows, form_row(now - 7200 * (json_int_t)S, 7199 * (json_int_t)S, 0, "x", NULL, ""));
	json_array_append_new(rows,
			      form_row(now + 1, 86400 * (json_int_t)S * 30, 0, NULL, "", NULL));
	text = print(&forms, json_pack("{sosI}", "rows", rows, "now_ns", now));
	assert_string_equal(text, "\n"
				  "age       lasts        s  speed     state    because\n"
				  "200.0 ms  9999 ns    1.5  100 Gb/s  on (1)   -\n"
				  "59.0 s    12.3 ms    1.5  2.5 Gb/s  on (2)   (3)\n"
				  "15.0 min  599.0 s    1.5  100 Mb/s  off (1)  (2)\n"
				  "2.0 h     120.0 min  1.5  -         x        -\n"
				  "-         30.0 d     1.5  -         -        -\n"
				  "(1) first\n"
				  "(2) second\n"
				  "(3) third\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
	    cmocka_unit_test(object_is_a_table_of_one_row),
	    cmocka_unit_test(table_without_rows_prints_nothing),
	    cmocka_unit_test(table_has_as_many_columns_as_its_array),
	    cmocka_unit_test(what_says_nothing_stays_where_there_is_room),
	    cmocka_unit_test(what_says_nothing_makes_room_the_last_ones_first),
	    cmocka_unit_test(a_table_that_is_still_too_wide_is_split_with_the_names_in_each_part),
	    cmocka_unit_test(heads_stand_above_their_rows_if_that_makes_room),
	    cmocka_unit_test(a_narrow_terminal_gets_a_narrow_table),
	    cmocka_unit_test(a_value_is_never_cut),
	    cmocka_unit_test(values_have_units_and_explanations_stand_once_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
