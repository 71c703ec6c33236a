/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed/hours.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

#define ZONE_FILE_MAX (256 * 1024) /* the largest has 4 KiB */
#define NS            UINT64_C(1000000000)
#define LAST          (UINT64_MAX / NS)
#define WEEK          (7 * 86400)
#define MONDAY        (3 * 86400) /* 1970 began on a Thursday */

/* What names a zone, and no other file: America/New_York, Etc/GMT+5. */
static int is_name(const char *zone)
{
	const char *at = zone;

	do {
		const size_t n = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					    "0123456789_+-");

		if (n == 0)
			return 0;
		at += n;
	} while (*at++ == '/');
	return at[-1] == '\0';
}

static int read_file(const char *path, uint8_t **data, size_t *len)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int ret = 0;

	if (fd < 0)
		return -errno;
	*data = NULL;
	*len = 0;
	if (fstat(fd, &st) != 0)
		ret = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_size > ZONE_FILE_MAX)
		ret = -EBADMSG;
	else if ((*data = malloc((size_t)st.st_size + 1)) == NULL)
		ret = -ENOMEM;
	while (ret == 0 && *len < (size_t)st.st_size) {
		const ssize_t n = read(fd, *data + *len, (size_t)st.st_size - *len);

		if (n <= 0)
			ret = n < 0 ? -errno : -EBADMSG;
		else
			*len += (size_t)n;
	}
	close(fd);
	return ret;
}

static int read_zone(struct mcr_zone *out, const char *zone, struct mcr_error *err)
{
	const char *dir = secure_getenv("TZDIR");
	uint8_t *data = NULL;
	char path[4096];
	size_t len = 0;
	int ret;

	if (!is_name(zone))
		return mcr_error_set(err, -EINVAL,
				     "zone \"%.64s\" is no name of a time zone: expected such as "
				     "America/New_York",
				     zone);
	snprintf(path, sizeof(path), "%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo", zone);
	ret = read_file(path, &data, &len);
	if (ret == 0) {
		ret = mcr_zone_parse(out, data, len);
		if (ret != 0)
			mcr_zone_clear(out);
	}
	free(data);
	if (ret == -EBADMSG)
		mcr_error_set(err, ret, "zone %s: %.200s is no file of a time zone (TZif)", zone,
			      path);
	else if (ret != 0)
		mcr_error_set(err, ret,
			      "zone %s: %.200s: %s; expected a zone of the IANA database (package "
			      "tzdata), such as America/New_York",
			      zone, path, strerror(-ret));
	return ret;
}

int mcr_feed_hours_init(struct mcr_feed_hours *out, const char *hours, const char *zone,
			struct mcr_error *err)
{
	memset(out, 0, sizeof(*out));
	out->is_always = !*hours;
	if (*hours && mcr_hours_parse(&out->week, hours, err) != 0)
		return -EINVAL;
	return *zone ? read_zone(&out->zone, zone, err) : 0;
}

/* Second of the local week. until: as mcr_zone_offset. */
static uint32_t local_second(const struct mcr_feed_hours *h, int64_t t, int64_t *until)
{
	return (uint32_t)((t + mcr_zone_offset(&h->zone, t, until) + MONDAY + WEEK) % WEEK);
}

int mcr_feed_hours_is_open(const struct mcr_feed_hours *h, uint64_t ns)
{
	int64_t until;

	return h->is_always ||
	       mcr_hours_is_open(&h->week, local_second(h, (int64_t)(ns / NS), &until) / 60);
}

uint64_t mcr_feed_hours_next(const struct mcr_feed_hours *h, uint64_t ns)
{
	const int now = mcr_feed_hours_is_open(h, ns);
	int64_t t = (int64_t)(ns / NS), until;

	if (h->is_always)
		return UINT64_MAX;
	for (;;) {
		const uint32_t second = local_second(h, t, &until), minute = second / 60;
		const uint32_t wait = mcr_hours_next(&h->week, minute);
		const int64_t change = t - second % 60 + 60 * (int64_t)wait;

		if (mcr_hours_is_open(&h->week, minute) != now)
			return (uint64_t)t * NS;
		if (wait != 0 && change < until)
			return (uint64_t)change <= LAST ? (uint64_t)change * NS : UINT64_MAX;
		if (wait == 0 || (uint64_t)until > LAST) /* it is open, or closed, all week */
			return UINT64_MAX;
		t = until;
	}
}

void mcr_feed_hours_clear(struct mcr_feed_hours *h)
{
	mcr_zone_clear(&h->zone);
}
