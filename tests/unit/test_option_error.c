/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <getopt.h>

#include "core/option_error.h"

static const struct option options[] = {
    {"name", required_argument, NULL, 'n'},   {"json", no_argument, NULL, 'j'},
    {"config", required_argument, NULL, 'c'}, {"count", required_argument, NULL, 'N'},
    {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
};

static void each_mistake_has_its_words(void **state)
{
	static const struct {
		const char *word, *text;
	} rows[] = {
	    {"--nmae", "unknown option '--nmae' (did you mean --name?)"},
	    {"--nmae=lab", "unknown option '--nmae' (did you mean --name?)"},
	    {"-name", "unknown option '-name' (did you mean --name?)"},
	    {"-h", "unknown option '-h' (did you mean --help?)"},
	    {"-c", "unknown option '-c'"},
	    {"--colour", "unknown option '--colour'"},
	    {"--", "unknown option '--'"},
	    {"-", "unknown option '-'"},
	    {"--name", "--name needs a value"},
	    {"--na", "--name needs a value"},
	    {"--json=yes", "--json takes no value"},
	    {"--co", "'--co' may be any of --config --count"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[160];

		assert_string_equal(mcr_option_error(text, sizeof(text), options, rows[i].word),
				    rows[i].text);
	}
}

static void a_long_word_is_cut(void **state)
{
	char word[2000], text[100];

	memset(word, '-', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	assert_true(strlen(mcr_option_error(text, sizeof(text), options, word)) < sizeof(text));
	memset(word + 2, 'x', sizeof(word) - 3);
	assert_true(strlen(mcr_option_error(text, sizeof(text), options, word)) < sizeof(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_mistake_has_its_words),
	    cmocka_unit_test(a_long_word_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
