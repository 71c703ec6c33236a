/* SPDX-License-Identifier: BSD-3-Clause */
/* Whoever may ask for a reload need not be allowed to read what the configuration's name leads to,
 * a link to /etc/shadow say: nothing of a file that is no configuration stands in an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

static void error_of(const char *text, struct mcr_error *err)
{
	struct mcr_settings *s = mcr_settings_create();

	err->text[0] = '\0';
	assert_true(mcr_config_parse(s, "m.yaml", text, strlen(text), err) < 0);
	mcr_settings_destroy(s);
}

/* "hunter2" is the secret in each of them. */
static const char *const foreign[] = {
    "root:$6$hunter2$hunter2:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
    "hunter2\n",
    "- hunter2\n",
    "hunter2: x\n",
    "password: hunter2\n",
    "? hunter2\n: x\n",
    "name: *hunter2\n",
    "name: !hunter2! x\n",
    "name: \"hunter2\n",
    "name: a\nhunter2\nx: y\n",
    "name: {hunter2: x}\n",
    "name: a\nattach: hunter2\n",
    "name: a\njoins: hunter2\n",
    "name: a\njoins: [hunter2]\n",
    "name: a\nchannels: {hunter2: x}\n",
    "name: hunter2\npassword: x\n", /* a value is looked at when the whole has the shape */
    "name: \"hunter2\\0\"\n",
    "{hunter2, x}\n",
    "-----BEGIN hunter2-----\nhunter2\n",
    "hunter2=hunter2\n",
    "%hunter2 x\n---\n",
    "name: a\n? [hunter2]\n: x\n",
    "name: a\n'hunter2 is secret': x\n",
    "name: a\nhunter2hunter2hunter2hunter2hunter2: x\n",
};

static void nothing_of_a_file_that_is_no_configuration_is_quoted(void **state)
{
	struct mcr_error err;

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		error_of(foreign[i], &err);
		if (strstr(err.text, "hunter") || strncmp(err.text, "m.yaml:", 7) != 0)
			fail_msg("%zu: %s", i, err.text);
	}
}

static void a_misspelled_key_beside_known_ones_is_named(void **state)
{
	struct mcr_error err;

	error_of("name: a\nnaem: b\n", &err);
	assert_non_null(strstr(err.text, "m.yaml:2: unknown key 'naem': did you mean name?"));
	error_of("joins:\n- groups: [239.1.1.1]\n  colour: red\n", &err);
	assert_non_null(strstr(err.text, "m.yaml:3: unknown key 'colour': expected one of groups"));
	error_of("naem: b\n", &err);
	assert_non_null(strstr(err.text, "m.yaml:1: unknown key: expected one of name, run_dir"));
}

static void a_list_of_keys_that_is_too_long_ends_with_dots(void **state)
{
	struct mcr_error err;
	size_t len;

	error_of("interfaces:\n- {name: a, port: 0, querier_timeout: 3}\n", &err);
	len = strlen(err.text);
	assert_int_equal(len, sizeof(err.text) - 1);
	assert_string_equal(err.text + len - 3, "...");
	assert_non_null(strstr(err.text, ", querier, mld_querier, "));
}

static void a_value_of_a_configuration_is_quoted(void **state)
{
	struct mcr_error err;

	error_of("name: a\nidle: lazy\n", &err);
	assert_string_equal(err.text, "m.yaml:2: idle: 'lazy': expected busy or adaptive");
}

static void what_is_not_yaml_has_line_and_column(void **state)
{
	struct mcr_error err;

	error_of("name: a\nidle: a: b\n", &err);
	assert_string_equal(err.text,
			    "m.yaml:2: column 8: a second ': ' in one line: expected the value "
			    "in quotes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_of_a_file_that_is_no_configuration_is_quoted),
	    cmocka_unit_test(a_misspelled_key_beside_known_ones_is_named),
	    cmocka_unit_test(a_list_of_keys_that_is_too_long_ends_with_dots),
	    cmocka_unit_test(a_value_of_a_configuration_is_quoted),
	    cmocka_unit_test(what_is_not_yaml_has_line_and_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
