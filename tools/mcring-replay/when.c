/* SPDX-License-Identifier: BSD-3-Clause */
#include "when.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define BILLION 1000000000u

/* Reads n digits and then the character `end`, or anything if it is 0. Returns the number, or -1.
 */
static int digits(const char **at, int n, char end)
{
	int value = 0;

	for (int i = 0; i < n; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return -1;
		value = 10 * value + (**at - '0');
	}
	if (end == '\0')
		return value;
	if (**at != end) /* perhaps the end of the text */
		return -1;
	(*at)++;
	return value;
}

/* Reads .FRACTION, if there is one. Returns ns, or -1. */
static int64_t fraction(const char **at)
{
	int64_t ns = 0, unit = BILLION / 10;

	if (**at != '.')
		return 0;
	(*at)++;
	if (!isdigit((unsigned char)**at))
		return -1;
	for (; isdigit((unsigned char)**at); (*at)++, unit /= 10)
		ns += unit * (**at - '0');
	return ns;
}

/* Reads HH:MM[:SS[.FRACTION]]. Returns ns of the fraction, or -1. */
static int64_t time_of_day(struct tm *tm, const char **at)
{
	tm->tm_hour = digits(at, 2, ':');
	tm->tm_min = digits(at, 2, '\0');
	tm->tm_sec = 0;
	if (tm->tm_hour < 0 || tm->tm_hour > 23 || tm->tm_min < 0 || tm->tm_min > 59)
		return -1;
	if (**at != ':')
		return 0;
	(*at)++;
	tm->tm_sec = digits(at, 2, '\0');
	return tm->tm_sec < 0 || tm->tm_sec > 59 ? -1 : fraction(at);
}

/* Reads YYYY-MM-DDT. Returns 0 or -1. */
static int date(struct tm *tm, const char **at)
{
	tm->tm_year = digits(at, 4, '-') - 1900;
	tm->tm_mon = digits(at, 2, '-') - 1;
	tm->tm_mday = digits(at, 2, 'T');
	return tm->tm_year < 70 || tm->tm_year > 600 || tm->tm_mon < 0 || tm->tm_mon > 11 ||
		       tm->tm_mday < 1 || tm->tm_mday > 31
		   ? -1
		   : 0;
}

/* Of a day that does not exist, as 30 February, mktime makes another one. Returns 0 or -1. */
static int make(uint64_t *ns, const struct tm *tm, int64_t fraction_ns, int is_utc)
{
	struct tm made = *tm;
	time_t s;

	made.tm_isdst = -1;
	s = is_utc ? timegm(&made) : mktime(&made);
	if (s < 0 || made.tm_mday != tm->tm_mday || fraction_ns < 0)
		return -1;
	*ns = (uint64_t)s * BILLION + (uint64_t)fraction_ns;
	return 0;
}

static int from_now(uint64_t *ns, const char *at, uint64_t now_ns)
{
	uint64_t s = 0;
	int64_t fraction_ns;

	if (!isdigit((unsigned char)*at))
		return -1;
	for (; isdigit((unsigned char)*at); at++) {
		s = 10 * s + (uint64_t)(*at - '0');
		if (s > BILLION)
			return -1;
	}
	fraction_ns = fraction(&at);
	if (fraction_ns < 0 || *at != '\0')
		return -1;
	*ns = now_ns + s * BILLION + (uint64_t)fraction_ns;
	return 0;
}

/* The next such time of day: today or, if that is over, tomorrow. */
static int next_day(uint64_t *ns, const char *at, uint64_t now_ns)
{
	const time_t now = (time_t)(now_ns / BILLION);
	struct tm today, tm;
	int64_t fraction_ns;

	localtime_r(&now, &today);
	tm = today;
	fraction_ns = time_of_day(&tm, &at);
	if (fraction_ns < 0 || *at != '\0' || make(ns, &tm, fraction_ns, 0) < 0)
		return -1;
	if (*ns > now_ns)
		return 0;
	tm.tm_mday++;
	tm.tm_isdst = -1;
	*ns = (uint64_t)mktime(&tm) * BILLION + (uint64_t)fraction_ns;
	return 0;
}

int when_parse(uint64_t *ns, const char *text, uint64_t now_ns)
{
	const char *at = text;
	struct tm tm = {0};
	int64_t fraction_ns;
	int is_utc;

	if (*text == '+')
		return from_now(ns, text + 1, now_ns);
	if (!strchr(text, 'T'))
		return next_day(ns, text, now_ns);
	if (date(&tm, &at) < 0)
		return -1;
	fraction_ns = time_of_day(&tm, &at);
	is_utc = *at == 'Z';
	if (fraction_ns < 0 || at[is_utc] != '\0')
		return -1;
	return make(ns, &tm, fraction_ns, is_utc);
}
