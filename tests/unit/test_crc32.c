/* SPDX-License-Identifier: BSD-3-Clause */
/* Both forms of the CRC, against its definition bit by bit. */
#include "core/crc32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define OCTETS 700

static uint8_t octets[OCTETS];

static uint32_t by_definition(const uint8_t *data, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len * 8; i++) {
		const unsigned bit = (crc ^ data[i / 8] >> i % 8) & 1;

		crc = crc >> 1 ^ (bit ? 0xedb88320 : 0);
	}
	return ~crc;
}

static int fill_octets(void **state)
{
	uint32_t x = 1;

	for (size_t i = 0; i < OCTETS; i++)
		octets[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
	return 0;
}

static void the_check_value_is_that_of_the_standards(void **state)
{
	assert_int_equal(mcr_crc32(0, (const uint8_t *)"123456789", 9), 0xcbf43926);
	assert_int_equal(mcr_crc32_portable(0, (const uint8_t *)"123456789", 9), 0xcbf43926);
	assert_int_equal(mcr_crc32(0, octets, 0), 0);
}

static void it_is_right_for_any_length_at_any_address(void **state)
{
	for (size_t from = 0; from < 17; from++)
		for (size_t len = 0; len < OCTETS - from; len += 1 + len / 80) {
			const uint32_t expected = by_definition(octets + from, len);

			assert_int_equal(mcr_crc32(0, octets + from, len), expected);
			assert_int_equal(mcr_crc32_portable(0, octets + from, len), expected);
		}
}

static void it_goes_on_where_it_was_left(void **state)
{
	const uint32_t expected = by_definition(octets, OCTETS);

	for (size_t i = 0; i <= OCTETS; i += 3) {
		const uint32_t half = mcr_crc32(0, octets, i);

		assert_int_equal(mcr_crc32(half, octets + i, OCTETS - i), expected);
		assert_int_equal(mcr_crc32_portable(half, octets + i, OCTETS - i), expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_check_value_is_that_of_the_standards),
	    cmocka_unit_test(it_is_right_for_any_length_at_any_address),
	    cmocka_unit_test(it_goes_on_where_it_was_left),
	};

	return cmocka_run_group_tests(tests, fill_octets, NULL);
}
