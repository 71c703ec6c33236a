/* SPDX-License-Identifier: BSD-3-Clause */
/* Times as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "mcring-replay/when.h"

#define SECOND_NS 1000000000ull
#define NOW_NS \
	(1796049000 * SECOND_NS + 250000000) /* 2026-11-30 14:30:00.25 UTC, 9:30 in New York */

static int set_zone(void **state)
{
	setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1); /* of New York, without a data base */
	tzset();
	return 0;
}

static void a_time_of_day_is_the_next_one_in_the_zone_of_the_user(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} times[] = {
	    {"09:31", 1796049060 * SECOND_NS},
	    {"09:30:00.25", NOW_NS + 86400 * SECOND_NS}, /* it is just over */
	    {"09:30:00.250000001", NOW_NS + 1},
	    {"09:30", 1796049000 * SECOND_NS + 86400 * SECOND_NS},
	    {"23:59:59", 1796049000 * SECOND_NS + (14 * 3600 + 29 * 60 + 59) * SECOND_NS},
	    {"00:00", 1796049000 * SECOND_NS + (14 * 3600 + 30 * 60) * SECOND_NS},
	};

	for (unsigned i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t ns = 0;

		assert_int_equal(when_parse(&ns, times[i].text, NOW_NS), 0);
		assert_int_equal(ns, times[i].ns);
	}
}

/* 2026-10-31 20:00 EDT; the clocks go back in the night. */
static void the_next_day_may_have_25_hours(void **state)
{
	const uint64_t now_ns = 1793491200 * SECOND_NS;
	uint64_t ns;

	assert_int_equal(when_parse(&ns, "19:30", now_ns), 0);
	assert_int_equal(ns, now_ns + (24 * 3600 + 1800) * SECOND_NS);
}

static void a_date_is_of_the_zone_or_with_z_of_utc(void **state)
{
	uint64_t ns;

	assert_int_equal(when_parse(&ns, "2026-11-30T09:30:00.5", NOW_NS), 0);
	assert_int_equal(ns, 1796049000 * SECOND_NS + 500000000);
	assert_int_equal(when_parse(&ns, "2026-11-30T14:30Z", NOW_NS), 0);
	assert_int_equal(ns, 1796049000 * SECOND_NS);
	assert_int_equal(when_parse(&ns, "2026-07-01T09:30", NOW_NS), 0); /* daylight saving */
	assert_int_equal(ns, 1782912600 * SECOND_NS);
	assert_int_equal(when_parse(&ns, "2028-02-29T00:00:00Z", NOW_NS), 0);
	assert_int_equal(ns, 1835395200 * SECOND_NS);
}

static void seconds_from_now_have_a_plus(void **state)
{
	uint64_t ns;

	assert_int_equal(when_parse(&ns, "+5", NOW_NS), 0);
	assert_int_equal(ns, NOW_NS + 5 * SECOND_NS);
	assert_int_equal(when_parse(&ns, "+0.000000001", NOW_NS), 0);
	assert_int_equal(ns, NOW_NS + 1);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "9:30",
	    "09",
	    "09:60",
	    "24:00",
	    "09:30:",
	    "09:30:60",
	    "09:30:00.",
	    "09:30 ",
	    "09:30x",
	    "+",
	    "+x",
	    "+1.",
	    "+1x",
	    "+99999999999999999999",
	    "-5",
	    "now",
	    "2026-11-30",
	    "T09:30",
	    "2026-11-30T",
	    "2026-13-01T00:00",
	    "2026-02-30T00:00",
	    "2026-11-31T00:00Z",
	    "2026-11-30T09:30ZZ",
	    "2026-11-30T09:30+01",
	    "1969-12-31T00:00Z",
	    "26-11-30T09:30",
	    "2026-1-30T09:30",
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t ns;

		if (when_parse(&ns, texts[i], NOW_NS) == 0)
			fail_msg("%s", texts[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_time_of_day_is_the_next_one_in_the_zone_of_the_user),
	    cmocka_unit_test(the_next_day_may_have_25_hours),
	    cmocka_unit_test(a_date_is_of_the_zone_or_with_z_of_utc),
	    cmocka_unit_test(seconds_from_now_have_a_plus),
	    cmocka_unit_test(what_is_no_time_is_refused),
	};

	return cmocka_run_group_tests(tests, set_zone, NULL);
}
