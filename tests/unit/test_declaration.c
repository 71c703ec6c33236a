/* SPDX-License-Identifier: BSD-3-Clause */
/* A declaration's text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/feed/declaration.h"

static void assert_same_text(const struct mcr_feed_declaration *d)
{
	struct mcr_feed_declaration again;
	struct mcr_error err = {""};
	char text[MCR_FEED_DECLARATION_TEXT_MAX], text2[MCR_FEED_DECLARATION_TEXT_MAX];

	assert_true(mcr_feed_declaration_format(d, text, sizeof(text)) < sizeof(text));
	if (mcr_feed_declaration_parse(&again, text, &err) != 0)
		fail_msg("%s", err.text);
	mcr_feed_declaration_format(&again, text2, sizeof(text2));
	assert_string_equal(text, text2);
	assert_memory_equal(d, &again, sizeof(again));
}

static void all_presets_are_read_and_written_back(void **state)
{
	struct mcr_feed_declaration d;
	struct mcr_error err = {""};
	const char *name;
	size_t n = 0;

	(void)state;
	for (; (name = mcr_feed_declaration_preset(n)) != NULL; n++) {
		if (mcr_feed_declaration_parse(&d, name, &err) != 0)
			fail_msg("%s", err.text);
		assert_same_text(&d);
	}
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_presets_are_read_and_written_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
