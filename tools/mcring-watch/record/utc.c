/* SPDX-License-Identifier: BSD-3-Clause */
#include "utc.h"

#include <stdio.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

static void write_as(char *text, size_t cap, const char *form, uint64_t ns)
{
	const time_t seconds = (time_t)(ns / SECOND); /* the year is 2554 at most */
	struct tm tm;
	size_t len;

	gmtime_r(&seconds, &tm);
	len = strftime(text, cap, form, &tm);
	snprintf(text + len, cap - len, ".%09uZ", (unsigned)(ns % SECOND));
}

const char *utc_text(char text[UTC_TEXT], uint64_t ns)
{
	write_as(text, UTC_TEXT, "%Y-%m-%dT%H:%M:%S", ns);
	return text;
}

const char *utc_name(char text[UTC_NAME], uint64_t ns)
{
	write_as(text, UTC_NAME, "%Y%m%dT%H%M%S", ns);
	return text;
}

int utc_is_name(const char *text)
{
	static const char form[] = "########T######.#########Z";

	for (unsigned i = 0; form[i]; i++)
		if (form[i] == '#' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return 0;
	return 1;
}
