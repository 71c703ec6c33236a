/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/plan/channel_config.h"

static void on_msgs(void *ctx, const struct mcr_inline_msg *msgs, unsigned n, unsigned ring)
{
}

static struct mcr_channel_config filled(struct mcr_channel_config config)
{
	strcpy(config.name, "md");
	mcr_channel_fill(&config);
	assert_int_equal(mcr_channel_check(&config, NULL), 0);
	return config;
}

static void a_size_that_is_left_open_is_16_mib(void **state)
{
	struct mcr_channel_config open = filled((struct mcr_channel_config){.bytes = 0});
	struct mcr_channel_config given = filled((struct mcr_channel_config){.bytes = 65536});

	assert_int_equal(open.bytes, 16 << 20);
	assert_int_equal(given.bytes, 65536);
}

static void a_channel_that_only_a_handler_reads_has_the_smallest_rings(void **state)
{
	struct mcr_channel_config config = filled(
	    (struct mcr_channel_config){.bytes = 1 << 20, .handler = on_msgs, .handler_only = 1});

	assert_int_equal(config.bytes, MCR_CHANNEL_BYTES_MIN);
}

static void refuses(const struct mcr_channel_config *bad, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mcr_channel_config config = bad[i];

		assert_int_equal(mcr_channel_check(&config, NULL), -EINVAL);
	}
}

static void a_size_out_of_bounds_is_refused(void **state)
{
	static const struct mcr_channel_config bad[] = {
	    {.name = "md", .bytes = 32768},
	    {.name = "md", .bytes = 65537},
	    {.name = "md", .bytes = MCR_CHANNEL_BYTES_MAX * 2},
	};

	refuses(bad, sizeof(bad) / sizeof(bad[0]));
}

static void a_channel_for_each_program_takes_neither_handler_nor_consumers(void **state)
{
	static const struct mcr_channel_config bad[] = {
	    {.name = "md", .per_program = 1, .handler = on_msgs},
	    {.name = "md", .per_program = 1, .handler = on_msgs, .handler_only = 1},
	    {.name = "md", .per_program = 1, .consumers_max = 1},
	    {.name = "md", .per_program = 1, .programs_max = MCR_CHANNELS_MAX},
	    {.name = "a23456789012345678901", .per_program = 1},
	};

	refuses(bad, sizeof(bad) / sizeof(bad[0]));
	filled((struct mcr_channel_config){.per_program = 1, .programs_max = MCR_CHANNELS_MAX - 1});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_size_that_is_left_open_is_16_mib),
	    cmocka_unit_test(a_channel_that_only_a_handler_reads_has_the_smallest_rings),
	    cmocka_unit_test(a_size_out_of_bounds_is_refused),
	    cmocka_unit_test(a_channel_for_each_program_takes_neither_handler_nor_consumers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
