/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are no YAML, or not the one that was meant: each is answered with line, column and
 * what to write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

#define BOM "\xef\xbb\xbf"

static const struct {
	const char *text, *says;
} rows[] = {
    {"interfaces:\n\t- name: feed\n", "2: column 1: a tab: expected spaces"},
    {"interfaces:\n  - name: feed\n\tport: net_null0\n", "3: column 1: a tab: expected spaces"},
    {"interfaces:\n  - name: feed\n  \tport: 0\n", "3: column 3: a tab: expected spaces"},
    {"name: lab\n\t\nidle: busy\n", "2: column 1: a tab: expected spaces"},
    {"name: lab\n" BOM "idle: busy\n", "2: column 1: a byte order mark"},
    {"name:\xc2\xa0lab\nidle: busy\n",
     "1: column 5: expected a space behind the ':', as in KEY: VALUE"},
    {"name: a\nidle\xc2\xa0\nlog_level: info\n", "2: column 1: expected KEY: VALUE"},
    {"interfaces:\n  - name: feed\n   port: net_null0\n",
     "3: column 4: the indentation fits nothing above: expected column 3, as in line 2, or"},
    {"interfaces:\n  - name: feed\n      port: net_null0\n",
     "3: column 7: indented deeper than the line before"},
    {"name: lab\n# about idle\n\n  idle: busy\n",
     "4: column 3: the indentation fits nothing above: expected column 1"},
    {"  name: lab\nidle: busy\n", "2: column 1: does not belong to what stands above"},
    {"interfaces:\n  - name: feed\n - name: b\n",
     "3: column 2: the indentation fits nothing above: expected column 1, as in line 1, or"},
    {"[mcring]\nname = lab\n", "2: column 1: does not belong to what stands above"},
    {"name: 'lab\nidle: busy\n", "1: column 7: the quote that begins here does not end"},
    {"idle: busy\nname: \"lab\n", "2: column 7: the quote that begins here does not end"},
    {"name: 'lab' x\n", "1: column 13: more text behind a value: expected all of it in quotes"},
    {"name:lab\nidle: busy\n", "1: column 5: expected a space behind the ':'"},
    {"idle: busy\nname:lab\n", "2: column 5: expected a space behind the ':'"},
    {"interfaces:\n  - name:feed\n    port:net_null0\n",
     "2: an entry of interfaces: found a value, expected a mapping (KEY: VALUE), with a space "
     "behind the ':'"},
    {"interfaces:\n  -name: feed\n",
     "2: interfaces: found a mapping, expected a list (each entry begins with '-' and a space)"},
    {"interfaces: feed\n", "1: interfaces: found a value, expected a list (in [brackets])"},
    {"name: [a]\n", "1: name: found a list, expected a value"},
    {"name: a\nidle: busy\nname: b\n", "3: the key 'name' stands twice in one mapping"},
    {"eal: [-l, 0-1\nname: a\n",
     "2: column 5: expected ',' or ']': the '[' of line 1, column 6 is open"},
    {"interfaces:\n  - {name: a, port: b\nname: x\n",
     "3: column 5: expected ',' or '}': the '{' of line 2, column 5 is open"},
    {"name: a: b\n", "1: column 8: a second ': ' in one line: expected the value in quotes"},
    {"eal: - a\n", "1: column 6: a '-' behind a key: expected each entry of a list on a line"},
    {"name: %a\n", "1: column 7: '%' cannot begin a value: expected it in quotes"},
    {"name: @a\n", "1: column 7: '@' cannot begin a value: expected it in quotes"},
    {"name: *\n", "1: column 8: '*' begins an alias and '&' an anchor"},
    {"name: *a\n", "1: column 7: '*' begins an alias, and no '&' of this name stands above"},
    {"name: \"a\\q\"\n", "1: column 9: an unknown escape behind '\\': expected '\\\\'"},
    {"name: \"a\\x1\"\n", "1: column 11: digits are missing behind '\\': expected '\\\\'"},
    {"name: |x\n a\n", "1: column 8: '|' and '>' end their line"},
    {"name: !<\n", "1: column 9: '!' begins a tag: expected the value in quotes"},
    {"%YAML 3.0\n---\nname: a\n", "1: column 1: expected YAML 1.1, or no line with %YAML"},
    {"%FOO\n---\n%BAR\n", "1: column 5: a line that begins with '%' is a directive"},
    {"name: a\nidle: caf\xe9\n", "2: column 10: not UTF-8: expected a file in that encoding"},
    {"idle: busy\nname: a\x01\n", "2: column 8: a control character: expected text"},
    {": a\n", "1: column 1: expected KEY: VALUE"},
    {"name: a\n---\nname: b: c\n", "3: column 8: a second ': ' in one line"},
};

static void each_mistake_has_line_column_and_cure(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mcr_settings *s = mcr_settings_create();
		const size_t len = strlen(rows[i].text);
		struct mcr_error err = {""};
		char *copy = malloc(len); /* not terminated, for the sanitizers */

		memcpy(copy, rows[i].text, len);
		assert_true(mcr_config_parse(s, "m.yaml", copy, len, &err) < 0);
		if (strncmp(err.text, "m.yaml:", 7) != 0 ||
		    strncmp(err.text + 7, rows[i].says, strlen(rows[i].says)) != 0)
			fail_msg("%zu: %s", i, err.text);
		assert_null(strchr(err.text, '\n'));
		free(copy);
		mcr_settings_destroy(s);
	}
}

static void what_other_systems_write_is_read(void **state)
{
	static const char *const texts[] = {
	    BOM "name: lab\nidle: busy\n", "name: lab\r\nidle: busy\r\n", "name: lab\ridle: busy\r",
	    "name:\tlab\t\nidle: busy",    "%YAML 1.1\n---\nname: lab\n", "{\"name\": \"lab\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mcr_settings *s = mcr_settings_create();
		struct mcr_error err = {""};

		if (mcr_config_parse(s, "m.yaml", texts[i], strlen(texts[i]), &err) < 0)
			fail_msg("%zu: %s", i, err.text);
		assert_string_equal(s->engine.name, "lab");
		mcr_settings_destroy(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_mistake_has_line_column_and_cure),
	    cmocka_unit_test(what_other_systems_write_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
