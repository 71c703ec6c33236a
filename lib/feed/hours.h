/* SPDX-License-Identifier: BSD-3-Clause */
/* When a feed is to be heard: trading hours in a time zone of the IANA database, by the files of
 * the host. It follows the zone's clock: an hour that summer time leaves out is no part of a span,
 * one that it repeats is part of it twice. It knows no holidays.
 *
 * No process-wide state: TZ is neither read nor set. Only init allocates, and opens a file. */
#ifndef MCR_FEED_HOURS_H
#define MCR_FEED_HOURS_H

#include <stdint.h>

#include <mcring/types.h>

#include "core/feed/hours.h"
#include "core/feed/zone.h"

struct mcr_feed_hours {
	struct mcr_hours week;
	struct mcr_zone zone;
	uint8_t is_always; /* there are no hours */
};

/* mcr_feed_hours_init reads hours (lib/core/feed/hours.h; "": always) and the zone's file in
 * $TZDIR, or /usr/share/zoneinfo ("": UTC). The caller clears *out on success. Errors: -EINVAL
 * (hours, or a zone that is no name), -ENOENT and what else open gives (the file), -EBADMSG (its
 * content), -ENOMEM; err says what was expected. */
int mcr_feed_hours_init(struct mcr_feed_hours *out, const char *hours, const char *zone,
			struct mcr_error *err);

/* mcr_feed_hours_is_open: whether it is to be heard at ns, of CLOCK_REALTIME. */
int mcr_feed_hours_is_open(const struct mcr_feed_hours *h, uint64_t ns);

/* mcr_feed_hours_next returns when that changes, later than ns; UINT64_MAX: never. */
uint64_t mcr_feed_hours_next(const struct mcr_feed_hours *h, uint64_t ns);

void mcr_feed_hours_clear(struct mcr_feed_hours *h);

#endif
