/* SPDX-License-Identifier: BSD-3-Clause */
/* Trading hours: their text, behind a 0 eight octets of a time, and a zone's file. The next change
 * is one, and the time before it is not. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/feed/hours.h"
#include "core/feed/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_zone(const uint8_t *data, size_t len, int64_t t)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct mcr_zone z;
	int64_t until, again;
	int32_t offset;

	CHECK(exact != NULL);
	memcpy(exact, data, len);
	if (mcr_zone_parse(&z, exact, len) == 0) {
		offset = mcr_zone_offset(&z, t, &until);
		CHECK(until > t || until == INT64_MAX);
		CHECK(offset > -200 * 3600 && offset < 200 * 3600);
		if (until != INT64_MAX && until > t + 1) {
			CHECK(mcr_zone_offset(&z, until - 1, &again) == offset);
			CHECK(again == until);
		}
	}
	mcr_zone_clear(&z);
	free(exact);
}

static void check_hours(const char *text, uint32_t minute)
{
	struct mcr_error err = {""};
	struct mcr_hours h;
	uint32_t next;

	if (mcr_hours_parse(&h, text, &err) != 0) {
		CHECK(strstr(err.text, "expected") != NULL);
		return;
	}
	next = mcr_hours_next(&h, minute);
	CHECK(next < MCR_HOURS_WEEK_MINUTES);
	for (uint32_t n = 0; n < next; n++)
		CHECK(mcr_hours_is_open(&h, (minute + n) % MCR_HOURS_WEEK_MINUTES) ==
		      mcr_hours_is_open(&h, minute));
	CHECK(next == 0 || mcr_hours_is_open(&h, (minute + next) % MCR_HOURS_WEEK_MINUTES) !=
			       mcr_hours_is_open(&h, minute));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	char text[256];
	uint64_t t;

	if (!end || (size_t)(end - data) >= sizeof(text) || size - (size_t)(end - data) < 9)
		return 0;
	memcpy(text, data, (size_t)(end - data) + 1);
	memcpy(&t, end + 1, sizeof(t));
	t %= UINT64_C(1) << 36; /* up to the year 4147 */
	check_hours(text, (uint32_t)(t % MCR_HOURS_WEEK_MINUTES));
	check_zone(end + 9, size - (size_t)(end + 9 - data), (int64_t)t);
	return 0;
}
