/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/feed/zone_rule.h"

#include <errno.h>
#include <string.h>

#include "core/join_piece.h"

#define DAY         86400
#define LAST_SECOND (INT64_C(253402300800) - 1) /* of year 9999 */

/* A name: letters, or letters, digits and signs in angles. Returns whether it is one. */
static int skip_name(struct mcr_piece *rest)
{
	struct mcr_piece name;

	if (mcr_piece_skip(rest, '<')) {
		name = mcr_piece_cut(rest, ">");
		return name.len > 0 && mcr_piece_skip(rest, '>');
	}
	name = mcr_piece_cut(rest, "0123456789+-,");
	return name.len > 0;
}

/* A number up to max, off the front. Returns 0 or -1. */
static int read_number(struct mcr_piece *rest, uint32_t max, uint32_t *out)
{
	struct mcr_piece digits = {rest->at, 0};

	while (rest->len > 0 && *rest->at >= '0' && *rest->at <= '9') {
		digits.len++;
		rest->at++;
		rest->len--;
	}
	return mcr_piece_number(digits, max, out);
}

/* [+-]h[h[h]][:mm[:ss]] in seconds. Returns 0 or -1. */
static int read_time(struct mcr_piece *rest, int32_t *out)
{
	const int is_negative = mcr_piece_skip(rest, '-');
	uint32_t h, m = 0, s = 0;

	if (!is_negative)
		mcr_piece_skip(rest, '+');
	if (read_number(rest, 167, &h) != 0)
		return -1;
	if (mcr_piece_skip(rest, ':') && read_number(rest, 59, &m) != 0)
		return -1;
	if (mcr_piece_skip(rest, ':') && read_number(rest, 59, &s) != 0)
		return -1;
	*out = (int32_t)(3600 * h + 60 * m + s);
	if (is_negative)
		*out = -*out;
	return 0;
}

/* ,Mm.w.d ,Jn ,n and perhaps /time. Returns 0 or -1. */
static int read_rule(struct mcr_piece *rest, struct mcr_zone_rule *out)
{
	uint32_t day, month, week;

	if (!mcr_piece_skip(rest, ','))
		return -1;
	out->time = 2 * 3600;
	if (mcr_piece_skip(rest, 'M')) {
		out->form = 'M';
		if (read_number(rest, 12, &month) != 0 || month == 0 ||
		    !mcr_piece_skip(rest, '.') || read_number(rest, 5, &week) != 0 || week == 0 ||
		    !mcr_piece_skip(rest, '.') || read_number(rest, 6, &day) != 0)
			return -1;
		out->month = (uint8_t)month;
		out->week = (uint8_t)week;
		out->weekday = (uint8_t)day;
	} else {
		out->form = mcr_piece_skip(rest, 'J') ? 'J' : 'D';
		if (read_number(rest, 365, &day) != 0 || (out->form == 'J' && day == 0))
			return -1;
		out->day = (uint16_t)day;
	}
	return mcr_piece_skip(rest, '/') ? read_time(rest, &out->time) : 0;
}

int mcr_zone_rest_parse(struct mcr_zone *z, const char *text, size_t len)
{
	struct mcr_piece rest = {text, len}, line;

	if (!mcr_piece_skip(&rest, '\n'))
		return -EBADMSG;
	line = mcr_piece_cut(&rest, "\n");
	if (!mcr_piece_skip(&rest, '\n'))
		return -EBADMSG;
	if (line.len == 0)
		return 0;
	if (!skip_name(&line) || read_time(&line, &z->standard) != 0)
		return -EBADMSG;
	z->standard = -z->standard; /* POSIX counts to the west */
	z->summer = z->standard + 3600;
	z->has_rest = 1;
	if (line.len == 0)
		return 0;
	if (!skip_name(&line) || line.len == 0)
		return -EBADMSG;
	if (*line.at != ',') {
		if (read_time(&line, &z->summer) != 0)
			return -EBADMSG;
		z->summer = -z->summer;
	}
	z->has_summer = 1;
	return read_rule(&line, &z->begin) != 0 || read_rule(&line, &z->end) != 0 || line.len > 0
		   ? -EBADMSG
		   : 0;
}

/* Days since 1970 of 1 January, of years from 1970 on. */
static int64_t new_year(int64_t year)
{
	const int64_t y = year - 1;

	return 365 * (year - 1970) + y / 4 - y / 100 + y / 400 -
	       (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static int is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1970 of the day that a rule means in a year. */
static int64_t day_of(const struct mcr_zone_rule *rule, int64_t year)
{
	static const uint16_t before[] = {0,   31,  59,  90,  120, 151, 181,
					  212, 243, 273, 304, 334, 365};
	const int64_t start = new_year(year);
	int64_t first, last, day;

	if (rule->form == 'D')
		return start + rule->day;
	if (rule->form == 'J')
		return start + rule->day - 1 + (is_leap(year) && rule->day >= 60);
	first = start + before[rule->month - 1] + (is_leap(year) && rule->month > 2);
	last = start + before[rule->month] + (is_leap(year) && rule->month > 1) - 1;
	day = first + (rule->weekday + 7 - (first + 4) % 7) % 7; /* 1970 began on a Thursday */
	day += 7 * (rule->week - 1);
	return day > last ? day - 7 : day;
}

int32_t mcr_zone_rest_offset(const struct mcr_zone *z, int64_t t, int64_t *until)
{
	int64_t year, best = INT64_MIN;
	int32_t offset = z->standard;

	*until = INT64_MAX;
	if (!z->has_summer || t < 0 || t > LAST_SECOND)
		return offset;
	/* The last change before t, and the first behind it, are in the years around it. */
	year = 1970 + t / (366 * (int64_t)DAY);
	while (new_year(year + 1) * DAY <= t)
		year++;
	for (int64_t y = year > 1970 ? year - 1 : year; y <= year + 1; y++) {
		const int64_t at[] = {
		    day_of(&z->begin, y) * DAY + z->begin.time - z->standard,
		    day_of(&z->end, y) * DAY + z->end.time - z->summer,
		};

		for (unsigned i = 0; i < 2; i++) {
			if (at[i] <= t && at[i] >= best) {
				best = at[i];
				offset = i == 0 ? z->summer : z->standard;
			} else if (at[i] > t && at[i] < *until) {
				*until = at[i];
			}
		}
	}
	return offset;
}
