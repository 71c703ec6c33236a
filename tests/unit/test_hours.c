/* SPDX-License-Identifier: BSD-3-Clause */
/* Trading hours: their text, and what a zone's file may be. tests/feed/hours.py compares them with
 * Python's zoneinfo over many zones and years. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/hours.h"

#define NS UINT64_C(1000000000)

/* 2026-03-06, a Friday, 14:29:59 UTC: a second before 09:30 in New York, in winter. */
#define FRIDAY (UINT64_C(1772807399) * NS)

static void assert_refused(const char *text, const char *part)
{
	struct mcr_error err = {""};
	struct mcr_hours h;

	assert_int_equal(mcr_hours_parse(&h, text, &err), -EINVAL);
	if (!strstr(err.text, part) || !strstr(err.text, "expected"))
		fail_msg("\"%s\" has no \"%s\"", err.text, part);
}

static void what_is_no_span_is_named_with_its_column(void **state)
{
	(void)state;
	assert_refused("", "column 1: \"\" is not days");
	assert_refused("monday 09:30-16:00", "column 1: \"monday\" is not days");
	assert_refused("mon-fry 09:30-16:00", "\"mon-fry\" is not days");
	assert_refused("mon-f 09:30-16:00", "\"mon-f\" is not days");
	assert_refused("dailx 09:30-16:00", "\"dailx\" is not days");
	assert_refused("mon-fri", "column 8: \"\" is not a span of time");
	assert_refused("mon-fri 9:30-16:00", "column 9: \"9:30-16:00\" is not a span");
	assert_refused("mon-fri 09:30-16:60", "\"09:30-16:60\" is not a span");
	assert_refused("mon-fri 09:30-24:01", "\"09:30-24:01\" is not a span");
	assert_refused("mon-fri 24:00-01:00", "\"24:00-01:00\" is not a span");
	assert_refused("mon-fri 09:30", "\"09:30\" is not a span");
	assert_refused("mon-fri 09:30-10:00,", "column 21: \"\" is not days");
	assert_refused("mon 09:30-10:00 tue 09:30-10:00", "\"tue\" is not a span");
}

static unsigned open_minutes(const char *text)
{
	struct mcr_error err = {""};
	struct mcr_hours h;
	unsigned n = 0;

	if (mcr_hours_parse(&h, text, &err) != 0)
		fail_msg("%s", err.text);
	for (unsigned m = 0; m < MCR_HOURS_WEEK_MINUTES; m++)
		n += (unsigned)mcr_hours_is_open(&h, m);
	return n;
}

static void spans_are_the_minutes_of_a_week(void **state)
{
	(void)state;
	assert_int_equal(open_minutes("mon-fri 09:30-16:00"), 5 * 390);
	assert_int_equal(open_minutes("fri-mon 09:30-16:00"), 4 * 390);
	assert_int_equal(open_minutes("daily 00:00-24:00"), 7 * 1440);
	assert_int_equal(open_minutes("daily 00:00-00:00"), 7 * 1440);
	assert_int_equal(open_minutes("sun 23:00-01:00"), 120);
	assert_int_equal(open_minutes("mon 09:00-12:00 11:00-13:00, mon 12:30-14:00"), 300);
}

static void new_york_opens_an_hour_earlier_by_utc_in_summer(void **state)
{
	struct mcr_feed_hours h;
	struct mcr_error err = {""};

	(void)state;
	if (mcr_feed_hours_init(&h, "mon-fri 09:30-16:00", "America/New_York", &err) != 0)
		fail_msg("%s", err.text);
	assert_false(mcr_feed_hours_is_open(&h, FRIDAY));
	assert_false(mcr_feed_hours_is_open(&h, FRIDAY + NS - 1));
	assert_true(mcr_feed_hours_is_open(&h, FRIDAY + NS));
	assert_true(mcr_feed_hours_next(&h, FRIDAY) == FRIDAY + NS);
	assert_true(mcr_feed_hours_next(&h, FRIDAY + NS) == FRIDAY + NS * (1 + 23400));
	/* From the close on Friday to the open on Monday, summer time has begun. */
	assert_true(mcr_feed_hours_next(&h, FRIDAY + NS * (1 + 23400)) ==
		    FRIDAY + NS * (1 + 3 * 86400 - 3600));
	mcr_feed_hours_clear(&h);
}

static void without_hours_it_is_always_open_and_without_zone_it_is_utc(void **state)
{
	struct mcr_feed_hours h;

	(void)state;
	assert_int_equal(mcr_feed_hours_init(&h, "", "", NULL), 0);
	assert_true(mcr_feed_hours_is_open(&h, 0));
	assert_true(mcr_feed_hours_next(&h, 0) == UINT64_MAX);
	mcr_feed_hours_clear(&h);
	assert_int_equal(mcr_feed_hours_init(&h, "thu 00:00-00:01", "", NULL), 0);
	assert_true(mcr_feed_hours_is_open(&h, 0));
	assert_true(mcr_feed_hours_next(&h, 0) == 60 * NS);
	assert_true(mcr_feed_hours_next(&h, UINT64_MAX) == UINT64_MAX);
	mcr_feed_hours_clear(&h);
}

static void a_zone_is_a_name_and_no_other_path(void **state)
{
	static const char *const bad[] = {"../etc/passwd", "/etc/localtime", "Europe//Berlin",
					  "Europe/",       "Europe/B rlin",  "."};
	struct mcr_feed_hours h;
	struct mcr_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(mcr_feed_hours_init(&h, "", bad[i], &err), -EINVAL);
		assert_non_null(strstr(err.text, "expected such as America/New_York"));
	}
	assert_int_equal(mcr_feed_hours_init(&h, "", "Europe/Atlantis", &err), -ENOENT);
	assert_non_null(strstr(err.text, "Europe/Atlantis"));
	assert_int_equal(mcr_feed_hours_init(&h, "", "Europe", &err), -EBADMSG); /* a folder */
	assert_non_null(strstr(err.text, "is no file of a time zone (TZif)"));
}

/* A zone's file of one time, an hour east, without changes, that ends in a line. Returns its
 * octets. */
static size_t zone_file(uint8_t *out, const char *line)
{
	static const uint8_t header[44] = {'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 1};
	static const uint8_t type[7] = {0, 0, 0x0e, 0x10, 0, 0, 0};
	size_t len = 0;

	for (int i = 0; i < 2; i++) {
		memcpy(out + len, header, sizeof(header));
		len += sizeof(header);
		memcpy(out + len, type, sizeof(type));
		len += sizeof(type);
	}
	return len + (size_t)sprintf((char *)out + len, "\n%s\n", line);
}

/* Seconds since 1970, UTC, of when a rule sets in. */
#define MARCH_8_2026     INT64_C(1772953200) /* 07:00 */
#define NOVEMBER_1_2026  INT64_C(1793512800) /* 06:00 */
#define MARCH_1_2023     INT64_C(1677646800) /* 05:00 */
#define MARCH_1_2024     INT64_C(1709269200)
#define FEBRUARY_29_2024 INT64_C(1709182800)

static void behind_its_last_change_a_zone_follows_its_rule(void **state)
{
	static const struct {
		const char *line;
		int64_t at; /* when it changes; 0: it does not */
		int32_t before, from;
	} rules[] = {
	    {"", 0, 3600, 3600},
	    {"XXX-3", 0, 3 * 3600, 3 * 3600},
	    {"XXX+3:30:15", 0, -12615, -12615},
	    {"<+03>-3", 0, 3 * 3600, 3 * 3600},
	    {"EST5EDT,M3.2.0,M11.1.0", MARCH_8_2026, -5 * 3600, -4 * 3600},
	    {"EST5EDT,M3.2.0/+2,M11.1.0", MARCH_8_2026, -5 * 3600, -4 * 3600},
	    {"EST5EDT,M3.2.0,M11.1.0", NOVEMBER_1_2026, -4 * 3600, -5 * 3600},
	    {"EST5EDT3,M3.2.0,M11.1.0/3", MARCH_8_2026, -5 * 3600, -3 * 3600},
	    {"AAA3BBB,J60,J300", MARCH_1_2023, -3 * 3600, -2 * 3600},
	    {"AAA3BBB,J60,J300", MARCH_1_2024, -3 * 3600, -2 * 3600},
	    {"AAA3BBB,59,299", MARCH_1_2023, -3 * 3600, -2 * 3600},
	    {"AAA3BBB,59,299", FEBRUARY_29_2024, -3 * 3600, -2 * 3600},
	    {"AAA3BBB,J59/26,J300", MARCH_1_2023, -3 * 3600, -2 * 3600},
	    {"AAA3BBB,J61/-22,J300", MARCH_1_2023, -3 * 3600, -2 * 3600},
	    {"XXX3EDT4,0/0,J365/23", 0, -4 * 3600, -4 * 3600}, /* RFC 8536: summer all year */
	};
	uint8_t data[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const int64_t at = rules[i].at ? rules[i].at : MARCH_1_2024;
		int64_t until;
		struct mcr_zone z;

		assert_int_equal(mcr_zone_parse(&z, data, zone_file(data, rules[i].line)), 0);
		if (mcr_zone_offset(&z, at - 1, &until) != rules[i].before ||
		    (rules[i].at && until != at) ||
		    mcr_zone_offset(&z, at, &until) != rules[i].from || until <= at)
			fail_msg("%s at %lld", rules[i].line, (long long)at);
		mcr_zone_clear(&z);
	}
}

static void a_rule_that_makes_no_sense_is_refused(void **state)
{
	static const char *const bad[] = {
	    "EST",           "5",
	    "EST5EDT",       "EST5EDT,M3.2.0",
	    "<EST5",         "EST168",
	    "EST5:60",       "EST5EDT,M13.1.0,M11.1.0",
	    "EST5EDT,J0,J1", "EST5EDT,M0.1.0,M11.1.0",
	    "EST5EDT,366,1", "EST5EDT,M3.6.0,M11.1.0",
	    "EST5EDT,J1,Jx", "EST5EDT,M3.1.7,M11.1.0",
	    "EST5EDT,1,2,3", "EST5EDT,M3.2.0/x,M11.1.0",
	};
	uint8_t data[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mcr_zone z;

		if (mcr_zone_parse(&z, data, zone_file(data, bad[i])) != -EBADMSG)
			fail_msg("%s", bad[i]);
		mcr_zone_clear(&z);
	}
}

static size_t read_berlin(uint8_t *data, size_t cap)
{
	FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
	size_t len;

	if (!file)
		return 0;
	len = fread(data, 1, cap, file);
	fclose(file);
	return len;
}

static void a_zone_that_is_cut_off_is_refused(void **state)
{
	static uint8_t data[8192];
	const size_t len = read_berlin(data, sizeof(data));
	struct mcr_zone z;

	(void)state;
	if (len == 0)
		skip();
	assert_int_equal(mcr_zone_parse(&z, data, len), 0);
	mcr_zone_clear(&z);
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n ? n : 1); /* so that ASan sees a read behind it */

		assert_non_null(exact);
		memcpy(exact, data, n);
		/* Up to the last line all of it is needed; that may be empty. */
		if (mcr_zone_parse(&z, exact, n) == 0)
			assert_true(z.n_changes > 0 && !z.has_rest && n + 40 > len);
		mcr_zone_clear(&z);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_no_span_is_named_with_its_column),
	    cmocka_unit_test(spans_are_the_minutes_of_a_week),
	    cmocka_unit_test(new_york_opens_an_hour_earlier_by_utc_in_summer),
	    cmocka_unit_test(without_hours_it_is_always_open_and_without_zone_it_is_utc),
	    cmocka_unit_test(a_zone_is_a_name_and_no_other_path),
	    cmocka_unit_test(behind_its_last_change_a_zone_follows_its_rule),
	    cmocka_unit_test(a_rule_that_makes_no_sense_is_refused),
	    cmocka_unit_test(a_zone_that_is_cut_off_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
