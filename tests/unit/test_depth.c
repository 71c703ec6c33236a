/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "settings/depth.h"

static const struct sample {
	const char *depth, *bytes, *expected;
} samples[] = {
    {"64", NULL, "write bytes: 64K (64 messages of up to 984 octets)"},
    {"1", NULL, "write bytes: 64K (1 messages of up to 16344 octets)"}, /* a quarter of it */
    {"256", NULL, "write bytes: 64K (256 messages of up to 216 octets)"},
    {"1000", NULL, "write bytes: 256K (1000 messages of up to 216 octets)"},
    {"4096", NULL, "write bytes: 1M (4096 messages of up to 216 octets)"},
    {"64K", NULL, "write bytes: 16M (65536 messages of up to 216 octets)"},
    {"16M", NULL, "write bytes: 4G (16777216 messages of up to 216 octets)"},
    /* As much memory as before, so payloads have no less room. */
    {"64K", "16M", "write only bytes: 32M (65536 messages of up to 472 octets)"},
    {"1K", "64K", "write only bytes: 128K (1024 messages of up to 88 octets)"},
    {"64", "64M", "write only bytes: 128M (64 messages of up to 65507 octets)"},
    {"64", "64G", "write only bytes: 64G (64 messages of up to 65507 octets)"},
    /* Not less than 128 octets for each, however few bytes they had. */
    {"3K", "64K", "write only bytes: 512K (3072 messages of up to 88 octets)"},
    {"16M", "64K", "write only bytes: 2G (16777216 messages of up to 88 octets)"},
    {"4096", "many", "write only bytes: 1M (4096 messages of up to 216 octets)"},
    {"4096", "", "write only bytes: 1M ("},
    {"0", NULL, "write bytes: 16M, or another power of two"},
    {"32M", NULL, "write bytes: 16M, or another power of two"},
    {"99999999999999999999", "1M", "write bytes: 16M, or another power of two"},
    {"-1", NULL, "write bytes: 16M, or another power of two"},
    {"deep", NULL, "write bytes: 16M, or another power of two"},
    {"", NULL, "write bytes: 16M, or another power of two"},
    {NULL, NULL, "write bytes: 16M, or another power of two"},
};

static void the_bytes_that_hold_as_much_are_named(void **state)
{
	struct mcr_error err;

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *s = &samples[i];

		assert_int_equal(mcr_depth_refuse("md", s->depth, s->bytes, ": ", &err), -EINVAL);
		assert_ptr_equal(strstr(err.text, "channel 'md': depth is gone: "), err.text);
		if (!strstr(err.text, s->expected))
			fail_msg("'%s' lacks '%s'", err.text, s->expected);
	}
}

static void they_stand_as_an_option_has_them(void **state)
{
	struct mcr_error err;

	assert_int_equal(mcr_depth_refuse("md", "4096", NULL, "=", &err), -EINVAL);
	assert_string_equal(err.text, "channel 'md': depth is gone: write bytes=1M (4096 "
				      "messages of up to 216 octets)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_bytes_that_hold_as_much_are_named),
	    cmocka_unit_test(they_stand_as_an_option_has_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
