/* SPDX-License-Identifier: BSD-3-Clause */
/* docs/why.md has a row for each code and each candidate, in the order of the engine's tables. */
#include "why_rig.h"

#define DOC MCR_DOCS "/why.md"

/* The next row of a table that begins with a name in backquotes; 0 = there is none before the next
 * heading. */
static int next_row(FILE *f, char name[64])
{
	char line[4096];

	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			return 0;
		if (sscanf(line, "| `%63[a-z_]` |", name) == 1)
			return 1;
	}
	return 0;
}

static FILE *section(const char *heading)
{
	FILE *f = fopen(DOC, "r");
	char line[4096];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, heading, strlen(heading)) == 0)
			return f;
	fail_msg("%s has no heading '%s'", DOC, heading);
	return NULL;
}

static void each_code_has_its_row_in_order(void **state)
{
	FILE *f = section("## Codes");
	char name[64];

	for (unsigned code = 0; code < MCR_WHY_CODE_COUNT; code++) {
		assert_true(next_row(f, name));
		assert_string_equal(name, mcr_why_code_name(code));
	}
	assert_false(next_row(f, name));
	fclose(f);
	assert_null(mcr_why_code_name(MCR_WHY_CODE_COUNT));
}

static void each_candidate_has_its_row(void **state)
{
	unsigned found = 0, n = 0;
	FILE *f = section("## What a host cannot know");
	char name[64];

	while (next_row(f, name)) {
		n++;
		for (unsigned s = 0; s < MCR_WHY_SUSPECT_COUNT; s++)
			if (strcmp(name, mcr_why_suspect_name(s)) == 0)
				found |= 1u << s;
	}
	fclose(f);
	assert_int_equal(n, MCR_WHY_SUSPECT_COUNT);
	assert_int_equal(found, (1u << MCR_WHY_SUSPECT_COUNT) - 1);
	assert_null(mcr_why_suspect_name(MCR_WHY_SUSPECT_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_code_has_its_row_in_order),
	    cmocka_unit_test(each_candidate_has_its_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
