/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of mcring-ctl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tools/mcring-ctl/table.h"

#define N_MANY 100

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
	struct ctl_column columns[N_MANY];
	const struct ctl_table table = CTL_TABLE("rows", columns);
	char expected[2 * N_MANY * 3 + 2] = "\n", *text;

	for (size_t i = 0; i < N_MANY; i++) {
		columns[i] = (struct ctl_column){"t", "key", CTL_PLAIN};
		strcat(expected, i + 1 < N_MANY ? "t  " : "t\n");
	}
	for (size_t i = 0; i < N_MANY; i++)
		strcat(expected, i + 1 < N_MANY ? "v  " : "v\n");
	text = print(&table, json_pack("{s[{ss}]}", "rows", "key", "v"));
	assert_string_equal(text, expected);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
	    cmocka_unit_test(object_is_a_table_of_one_row),
	    cmocka_unit_test(table_without_rows_prints_nothing),
	    cmocka_unit_test(table_has_as_many_columns_as_its_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
